#include "core/backward/norm_gradients.h"

#include <algorithm>

#include "core/backward/gradient_lines.h"
#include "core/pointwise/channelwise.h"
#include "runtime/scratch.h"

namespace conv1d {
namespace {

constexpr int64_t kShort = 16;              // channels below this length lie side by side in the lanes
constexpr int64_t kCachedElements = 32768;  // that are read twice: of x, and as many of the gradient

// Lines that are normed together with others: (rows, `perRow` lines each), or of a batch norm (batch, channels).
// The sums of their blocks, and the elements of the gradient of x.
template <typename T>
class NormLines {
 public:
  NormLines(const Kernels<T>& kernels, const Lines& lines, const T* gradient, const T* x, T* scratch) noexcept
      : kernels_(kernels),
        lines_(lines),
        gradient_(gradient),
        x_(x),
        sums_(scratch),
        products_(sums_ + sumCount(lines)) {}

  static int64_t sumCount(const Lines& lines) noexcept { return lines.count * lines.blocks(); }
  static int64_t scratchCount(const Lines& lines) noexcept { return 2 * sumCount(lines); }

  // Sums of lines [first, first + count), with a centre for each, or with `step` 0 one for all.
  void sum(int64_t first, int64_t count, const T* centers, int64_t step) const noexcept {
    if (lines_.blocks() == 1) {
      const int64_t at = first * lines_.length;
      kernels_.gradientSums({gradient_ + at, x_ + at, lines_.length, lines_.length, count, centers, step, nullptr,
                             sums_ + first, products_ + first});
      return;
    }
    for (int64_t line = first; line < first + count; line++) {
      for (int64_t block = 0; block < lines_.blocks(); block++) sumBlock(line, block, centers[(line - first) * step]);
    }
  }
  void sumBlock(int64_t line, int64_t block, T center) const noexcept {
    const int64_t at = line * lines_.length + block * kFoldBlock;
    const int64_t sum = line * lines_.blocks() + block;
    kernels_.gradientSums(
        {gradient_ + at, x_ + at, 0, countOf(block), 1, &center, 0, nullptr, sums_ + sum, products_ + sum});
  }
  double sumOf(int64_t line) const noexcept { return sumOfBlocks(sums_ + line * lines_.blocks(), lines_.blocks()); }
  double productOf(int64_t line) const noexcept {
    return sumOfBlocks(products_ + line * lines_.blocks(), lines_.blocks());
  }

  void apply(int64_t line, T mean, T scale, T slope, T offset, T* out) const noexcept {
    applyTo(line * lines_.length, lines_.length, mean, scale, slope, offset, out);
  }
  void applyBlock(int64_t line, int64_t block, T mean, T scale, T slope, T offset, T* out) const noexcept {
    applyTo(line * lines_.length + block * kFoldBlock, countOf(block), mean, scale, slope, offset, out);
  }

 private:
  int64_t countOf(int64_t block) const noexcept { return std::min(kFoldBlock, lines_.length - block * kFoldBlock); }
  void applyTo(int64_t at, int64_t count, T mean, T scale, T slope, T offset, T* out) const noexcept {
    kernels_.normGradient(
        {gradient_ + at, x_ + at, count, &mean, &scale, &slope, &offset, false, nullptr, out + at, nullptr, nullptr});
  }

  const Kernels<T>& kernels_;
  const Lines lines_;
  const T* const gradient_;
  const T* const x_;
  T* const sums_;
  T* const products_;
};

// The two numbers that all elements of a row share.
template <typename T>
struct Share {
  T slope;
  T offset;
};

// Of a row whose weighted sums these are: scale is rstd, or rstd times the one weight of the row.
template <typename T>
Share<T> shareOf(double sum, double product, double scale, double rstd, int64_t count) noexcept {
  const auto n = static_cast<double>(count);
  return {rounded<T>(-scale * (rstd * rstd) * product / n), rounded<T>(-scale * sum / n)};
}

// A row is a group of channels of one item.
template <typename T>
class GroupGradients {
 public:
  GroupGradients(const NormShape& shape, const NormedBy<T>& by, const NormLines<T>& lines, T* scratch,
                 const NormGradients<T>& out) noexcept
      : shape_(shape),
        rows_(shape.batch * shape.groups),
        means_(by.statistics),
        rstds_(by.statistics + rows_),
        weight_(by.weight),
        lines_(lines),
        shares_(reinterpret_cast<Share<T>*>(scratch)),
        out_(out) {}

  // Some rows at a time, each on one thread.
  void byRows(int threads) const noexcept {
    const int64_t elements = shape_.channels * shape_.length;
    const int64_t group = shape_.channels == 1 ? std::clamp<int64_t>(kCachedElements / elements, 1, kMaxLanes) : 1;
    forEachTask(ceilDivide(rows_, group), threads, [&](int64_t task) {
      const int64_t first = task * group;
      const int64_t end = std::min(rows_, first + group);
      sum(first, end);
      if (out_.x == nullptr) return;
      for (int64_t row = first; row < end; row++) {
        share(row);
        for (int64_t c = 0; c < shape_.channels; c++) {
          lines_.apply(row * shape_.channels + c, means_[row], scaleOf(row, c), shares_[row].slope, shares_[row].offset,
                       out_.x);
        }
      }
    });
  }

  // Few long rows: threads share their blocks.
  void byBlocks(const Lines& lines, int threads) const noexcept {
    const int64_t blocks = lines.blocks();
    forEachTask(lines.count * blocks, threads, [&](int64_t task) {
      const int64_t line = task / blocks;
      lines_.sumBlock(line, task % blocks, means_[line / shape_.channels]);
    });
    if (out_.x == nullptr) return;
    const StandardFloatMode mode;
    for (int64_t row = 0; row < rows_; row++) share(row);
    forEachTask(lines.count * blocks, threads, [&](int64_t task) {
      const int64_t line = task / blocks;
      const int64_t row = line / shape_.channels;
      lines_.applyBlock(line, task % blocks, means_[row], scaleOf(row, line % shape_.channels), shares_[row].slope,
                        shares_[row].offset, out_.x);
    });
  }

  // Those of weight and bias, when all sums are there.
  void ofParameters() const noexcept {
    if (out_.weight == nullptr && out_.bias == nullptr) return;
    const StandardFloatMode mode;
    const int64_t channels = shape_.groups * shape_.channels;
    for (int64_t channel = 0; channel < channels; channel++) {
      double sum = 0;
      double product = 0;
      for (int64_t n = 0; n < shape_.batch; n++) {
        const int64_t line = n * channels + channel;
        sum += lines_.sumOf(line);
        product += lines_.productOf(line) * static_cast<double>(rstds_[line / shape_.channels]);
      }
      if (out_.weight != nullptr) out_.weight[channel] = rounded<T>(product);
      if (out_.bias != nullptr) out_.bias[channel] = rounded<T>(sum);
    }
  }

 private:
  T weightOf(int64_t row, int64_t channel) const noexcept {
    return weight_ == nullptr ? T{1} : weight_[row % shape_.groups * shape_.channels + channel];
  }
  T scaleOf(int64_t row, int64_t channel) const noexcept { return rstds_[row] * weightOf(row, channel); }

  void sum(int64_t first, int64_t end) const noexcept {
    const int64_t lines = (end - first) * shape_.channels;
    lines_.sum(first * shape_.channels, lines, means_ + first, end - first > 1 ? 1 : 0);
  }

  void share(int64_t row) const noexcept {
    double sum = 0;
    double product = 0;
    for (int64_t c = 0; c < shape_.channels; c++) {
      const int64_t line = row * shape_.channels + c;
      const auto weight = static_cast<double>(weightOf(row, c));
      sum += weight * lines_.sumOf(line);
      product += weight * lines_.productOf(line);
    }
    const auto rstd = static_cast<double>(rstds_[row]);
    shares_[row] = shareOf<T>(sum, product, rstd, rstd, shape_.channels * shape_.length);
  }

  const NormShape shape_;
  const int64_t rows_;
  const T* const means_;
  const T* const rstds_;
  const T* const weight_;
  const NormLines<T>& lines_;
  Share<T>* const shares_;
  const NormGradients<T> out_;
};

// The sums of columns, down kColumnRows rows each: lines (row blocks, 2, columns) of sums and of products.
template <typename T>
struct ColumnSums {
  T* lines;  // null where nobody wants them
  int64_t columns;

  static int64_t countOf(int64_t rows, int64_t columns) noexcept { return ceilDivide(rows, kColumnRows) * 2 * columns; }
  T* sums(int64_t block) const noexcept { return lines == nullptr ? nullptr : lines + block * 2 * columns; }
  T* products(int64_t block) const noexcept { return lines == nullptr ? nullptr : sums(block) + columns; }

  // Both of columns [first, first + count), over all rows.
  void add(int64_t rows, int64_t first, int64_t count, double* sumsOf, double* productsOf) const noexcept {
    for (int64_t block = 0; block < ceilDivide(rows, kColumnRows); block++) {
      for (int64_t i = 0; i < count; i++) sumsOf[i] += static_cast<double>(sums(block)[first + i]);
      for (int64_t i = 0; i < count; i++) productsOf[i] += static_cast<double>(products(block)[first + i]);
    }
  }
};

template <typename T>
class LayerGradients {
 public:
  LayerGradients(const Kernels<T>& kernels, int64_t rows, int64_t count, const T* gradient, const NormedBy<T>& by,
                 T* scratch, const NormGradients<T>& out) noexcept
      : kernels_(kernels),
        rows_(rows),
        count_(count),
        blocks_(ceilDivide(count, kFoldBlock)),
        gradient_(gradient),
        x_(by.x),
        means_(by.statistics),
        rstds_(by.statistics + rows),
        weight_(by.weight),
        sums_(scratch),
        products_(sums_ + rows * blocks_),
        shares_(reinterpret_cast<Share<T>*>(products_ + rows * blocks_)),
        columns_{learns(out) ? scratch + 2 * rows * (blocks_ + 1) : nullptr, count},
        out_(out) {}

  static int64_t scratchCount(int64_t rows, int64_t count, const NormGradients<T>& out) noexcept {
    return 2 * rows * (ceilDivide(count, kFoldBlock) + 1) +
           (learns(out) ? ColumnSums<T>::countOf(rows, count) : int64_t{0});
  }

  void run(int threads) const noexcept {
    const int64_t rowBlocks = ceilDivide(rows_, kColumnRows);
    if (threads == 1 || rowBlocks >= kTasksPerThread * threads) {
      forEachTask(rowBlocks, threads, [&](int64_t block) { together(block); });
    } else {
      apart(rowBlocks, threads);
    }
    if (columns_.lines == nullptr) return;
    forEachTask(ceilDivide(count_, kAdded), threads, [&](int64_t task) { ofParameters(task * kAdded); });
  }

 private:
  static constexpr int64_t kTasksPerThread = 4;
  static constexpr int64_t kAdded = 256;  // columns that are added up at a time
  static bool learns(const NormGradients<T>& out) noexcept { return out.weight != nullptr || out.bias != nullptr; }

  // A few rows at a time, while they are in the cache.
  void together(int64_t block) const noexcept {
    clear(block, 0, count_);
    const int64_t end = std::min(rows_, (block + 1) * kColumnRows);
    const int64_t group = std::clamp<int64_t>(kCachedElements / count_, 1, kMaxLanes);
    for (int64_t first = block * kColumnRows; first < end; first += group) {
      const int64_t rows = std::min(group, end - first);
      if (out_.x != nullptr) sum(first, rows);
      for (int64_t row = first; row < first + rows; row++) {
        if (out_.x != nullptr) share(row);
        apply(row, block, 0, count_);
      }
    }
  }

  // Few rows: first all sums, then strips of columns.
  void apart(int64_t rowBlocks, int threads) const noexcept {
    if (out_.x != nullptr) {
      forEachTask(rows_ * blocks_, threads, [&](int64_t task) { sumBlock(task / blocks_, task % blocks_); });
      const StandardFloatMode mode;
      for (int64_t row = 0; row < rows_; row++) share(row);
    }
    const int64_t strips = ceilDivide(count_, kColumnStrip);
    const bool areFew = rowBlocks * strips < kTasksPerThread * threads;
    const int64_t width = areFew ? kColumnStrip / 8 : kColumnStrip;
    const int64_t perBlock = ceilDivide(count_, width);
    forEachTask(rowBlocks * perBlock, threads, [&](int64_t task) {
      const int64_t block = task / perBlock;
      const int64_t first = task % perBlock * width;
      const int64_t columns = std::min(width, count_ - first);
      clear(block, first, columns);
      for (int64_t row = block * kColumnRows; row < std::min(rows_, (block + 1) * kColumnRows); row++) {
        apply(row, block, first, columns);
      }
    });
  }

  void sum(int64_t first, int64_t rows) const noexcept {
    if (blocks_ == 1) {
      const int64_t at = first * count_;
      kernels_.gradientSums({gradient_ + at, x_ + at, count_, count_, rows, means_ + first, 1, weight_, sums_ + first,
                             products_ + first});
      return;
    }
    for (int64_t row = first; row < first + rows; row++) {
      for (int64_t block = 0; block < blocks_; block++) sumBlock(row, block);
    }
  }
  void sumBlock(int64_t row, int64_t block) const noexcept {
    const int64_t begin = block * kFoldBlock;
    const int64_t at = row * count_ + begin;
    const int64_t to = row * blocks_ + block;
    kernels_.gradientSums({gradient_ + at, x_ + at, 0, std::min(kFoldBlock, count_ - begin), 1, means_ + row, 0,
                           weight_ == nullptr ? nullptr : weight_ + begin, sums_ + to, products_ + to});
  }
  void share(int64_t row) const noexcept {
    const auto rstd = static_cast<double>(rstds_[row]);
    shares_[row] = shareOf<T>(sumOfBlocks(sums_ + row * blocks_, blocks_),
                              sumOfBlocks(products_ + row * blocks_, blocks_), rstd, rstd, count_);
  }

  void clear(int64_t block, int64_t first, int64_t columns) const noexcept {
    if (columns_.lines == nullptr) return;
    std::fill_n(columns_.sums(block) + first, columns, T{0});
    std::fill_n(columns_.products(block) + first, columns, T{0});
  }
  void apply(int64_t row, int64_t block, int64_t first, int64_t columns) const noexcept {
    const int64_t at = row * count_ + first;
    const bool isLearned = columns_.lines != nullptr;
    kernels_.normGradient(
        {gradient_ + at, x_ + at, columns, means_ + row, rstds_ + row, &shares_[row].slope, &shares_[row].offset, false,
         weight_ == nullptr ? nullptr : weight_ + first, out_.x == nullptr ? nullptr : out_.x + at,
         isLearned ? columns_.sums(block) + first : nullptr, isLearned ? columns_.products(block) + first : nullptr});
  }

  void ofParameters(int64_t first) const noexcept {
    const int64_t columns = std::min(kAdded, count_ - first);
    double sums[kAdded] = {};
    double products[kAdded] = {};
    columns_.add(rows_, first, columns, sums, products);
    for (int64_t i = 0; i < columns; i++) {
      if (out_.weight != nullptr) out_.weight[first + i] = rounded<T>(products[i]);
      if (out_.bias != nullptr) out_.bias[first + i] = rounded<T>(sums[i]);
    }
  }

  const Kernels<T>& kernels_;
  const int64_t rows_;
  const int64_t count_;
  const int64_t blocks_;
  const T* const gradient_;
  const T* const x_;
  const T* const means_;
  const T* const rstds_;
  const T* const weight_;
  T* const sums_;
  T* const products_;
  Share<T>* const shares_;
  const ColumnSums<T> columns_;
  const NormGradients<T> out_;
};

// What the gradients of a batch norm are made of for one channel.
template <typename T>
Share<T> finishChannel(const BatchNormedBy<T>& by, int64_t channel, int64_t count, double sum, double product,
                       const NormGradients<T>& out) noexcept {
  const auto rstd = static_cast<double>(by.rstds[channel]);
  if (out.weight != nullptr) out.weight[channel] = rounded<T>(product * rstd);
  if (out.bias != nullptr) out.bias[channel] = rounded<T>(sum);
  return shareOf<T>(sum, product, static_cast<double>(by.scales[channel]), rstd, count);
}

// Long channels: lines (batch, channels).
template <typename T>
class BatchGradients {
 public:
  BatchGradients(const BatchNormShape& shape, const BatchNormedBy<T>& by, const NormLines<T>& lines, T* scratch,
                 const NormGradients<T>& out) noexcept
      : shape_(shape), by_(by), lines_(lines), shares_(reinterpret_cast<Share<T>*>(scratch)), out_(out) {}

  // Some channels at a time, each group on one thread.
  void byChannels(int64_t group, int threads) const noexcept {
    forEachTask(ceilDivide(shape_.channels, group), threads, [&](int64_t task) {
      const int64_t first = task * group;
      const int64_t channels = std::min(group, shape_.channels - first);
      for (int64_t n = 0; n < shape_.batch; n++) {
        lines_.sum(n * shape_.channels + first, channels, by_.means + first, 1);
      }
      for (int64_t channel = first; channel < first + channels; channel++) finish(channel);
      if (out_.x == nullptr) return;
      for (int64_t n = 0; n < shape_.batch; n++) {
        for (int64_t channel = first; channel < first + channels; channel++) {
          lines_.apply(n * shape_.channels + channel, by_.means[channel], by_.scales[channel], shares_[channel].slope,
                       shares_[channel].offset, out_.x);
        }
      }
    });
  }

  // Few channels: threads share their blocks.
  void byBlocks(const Lines& lines, int threads) const noexcept {
    const int64_t blocks = lines.blocks();
    forEachTask(lines.count * blocks, threads, [&](int64_t task) {
      const int64_t line = task / blocks;
      lines_.sumBlock(line, task % blocks, by_.means[line % shape_.channels]);
    });
    {
      const StandardFloatMode mode;
      for (int64_t channel = 0; channel < shape_.channels; channel++) finish(channel);
    }
    if (out_.x == nullptr) return;
    forEachTask(lines.count * blocks, threads, [&](int64_t task) {
      const int64_t line = task / blocks;
      const int64_t channel = line % shape_.channels;
      lines_.applyBlock(line, task % blocks, by_.means[channel], by_.scales[channel], shares_[channel].slope,
                        shares_[channel].offset, out_.x);
    });
  }

 private:
  void finish(int64_t channel) const noexcept {
    double sum = 0;
    double product = 0;
    for (int64_t n = 0; n < shape_.batch; n++) {
      sum += lines_.sumOf(n * shape_.channels + channel);
      product += lines_.productOf(n * shape_.channels + channel);
    }
    shares_[channel] = finishChannel<T>(by_, channel, shape_.batch * shape_.length, sum, product, out_);
  }

  const BatchNormShape shape_;
  const BatchNormedBy<T> by_;
  const NormLines<T>& lines_;
  Share<T>* const shares_;
  const NormGradients<T> out_;
};

// Short channels: the elements of an item are columns, each with the numbers of its channel beside it.
template <typename T>
class BatchColumns {
 public:
  BatchColumns(const Kernels<T>& kernels, const BatchNormShape& shape, const T* gradient, const BatchNormedBy<T>& by,
               T* scratch, const NormGradients<T>& out) noexcept
      : kernels_(kernels),
        shape_(shape),
        columns_(shape.channels * shape.length),
        gradient_(gradient),
        by_(by),
        means_(scratch),
        scales_(means_ + columns_),
        slopes_(scales_ + columns_),
        offsets_(slopes_ + columns_),
        sums_{offsets_ + columns_, columns_},
        out_(out) {}

  static int64_t scratchCount(const BatchNormShape& shape) noexcept {
    const int64_t columns = shape.channels * shape.length;
    return 4 * columns + ColumnSums<T>::countOf(shape.batch, columns);
  }

  void run(int threads) const noexcept {
    spread(by_.means, means_);
    std::fill_n(scales_, columns_, T{1});
    const int64_t strips = ceilDivide(columns_, kColumnStrip);
    forEachTask(ceilDivide(shape_.batch, kColumnRows) * strips, threads, [&](int64_t task) {
      const int64_t block = task / strips;
      const int64_t first = task % strips * kColumnStrip;
      const int64_t columns = std::min(kColumnStrip, columns_ - first);
      std::fill_n(sums_.sums(block) + first, columns, T{0});
      std::fill_n(sums_.products(block) + first, columns, T{0});
      for (int64_t n = block * kColumnRows; n < std::min(shape_.batch, (block + 1) * kColumnRows); n++) {
        row(n, first, columns, nullptr, sums_.sums(block), sums_.products(block));
      }
    });
    {
      const StandardFloatMode mode;
      for (int64_t channel = 0; channel < shape_.channels; channel++) finish(channel);
    }
    if (out_.x == nullptr) return;
    spread(by_.scales, scales_);
    forEachTask(shape_.batch, threads, [&](int64_t n) { row(n, 0, columns_, out_.x, nullptr, nullptr); });
  }

 private:
  void spread(const T* values, T* to) const noexcept {
    for (int64_t channel = 0; channel < shape_.channels; channel++) {
      std::fill_n(to + channel * shape_.length, shape_.length, values[channel]);
    }
  }

  void row(int64_t n, int64_t first, int64_t columns, T* out, T* sums, T* products) const noexcept {
    const int64_t at = n * columns_ + first;
    kernels_.normGradient({gradient_ + at, by_.x + at, columns, means_ + first, scales_ + first, slopes_ + first,
                           offsets_ + first, true, nullptr, out == nullptr ? nullptr : out + at,
                           sums == nullptr ? nullptr : sums + first, products == nullptr ? nullptr : products + first});
  }

  void finish(int64_t channel) const noexcept {
    double sums[kShort] = {};
    double products[kShort] = {};
    sums_.add(shape_.batch, channel * shape_.length, shape_.length, sums, products);
    for (int64_t l = 1; l < shape_.length; l++) {
      sums[0] += sums[l];
      products[0] += products[l];
    }
    const Share<T> share = finishChannel<T>(by_, channel, shape_.batch * shape_.length, sums[0], products[0], out_);
    std::fill_n(slopes_ + channel * shape_.length, shape_.length, share.slope);
    std::fill_n(offsets_ + channel * shape_.length, shape_.length, share.offset);
  }

  const Kernels<T>& kernels_;
  const BatchNormShape shape_;
  const int64_t columns_;
  const T* const gradient_;
  const BatchNormedBy<T> by_;
  T* const means_;
  T* const scales_;
  T* const slopes_;
  T* const offsets_;
  const ColumnSums<T> sums_;
  const NormGradients<T> out_;
};

}  // namespace

template <typename T>
Status groupNormGradients(const Kernels<T>& kernels, const NormShape& shape, const T* gradient, const NormedBy<T>& by,
                          const NormGradients<T>& out, int threads) noexcept {
  const int64_t rows = shape.batch * shape.groups;
  const Lines lines{rows * shape.channels, shape.length};
  const int64_t sums = NormLines<T>::scratchCount(lines);
  const Scratch scratch(1, static_cast<size_t>(sums + 2 * rows) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const memory = reinterpret_cast<T*>(scratch.of(0));
  const NormLines<T> normLines(kernels, lines, gradient, by.x, memory);
  const GroupGradients<T> gradients(shape, by, normLines, memory + sums, out);
  const int workers = gradientThreads(lines.count * lines.length, threads);
  rows < workers ? gradients.byBlocks(lines, workers) : gradients.byRows(workers);
  gradients.ofParameters();
  return Status::kOk;
}

template <typename T>
Status layerNormGradients(const Kernels<T>& kernels, int64_t rows, int64_t count, const T* gradient,
                          const NormedBy<T>& by, const NormGradients<T>& out, int threads) noexcept {
  const Scratch scratch(1, static_cast<size_t>(LayerGradients<T>::scratchCount(rows, count, out)) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const memory = reinterpret_cast<T*>(scratch.of(0));
  LayerGradients<T>(kernels, rows, count, gradient, by, memory, out).run(gradientThreads(rows * count, threads));
  return Status::kOk;
}

template <typename T>
Status batchNormGradients(const Kernels<T>& kernels, const BatchNormShape& shape, const T* gradient,
                          const BatchNormedBy<T>& by, const NormGradients<T>& out, int threads) noexcept {
  const int workers = gradientThreads(shape.batch * shape.channels * shape.length, threads);
  if (!by.areOfInput && out.x != nullptr) {
    const Scratch zeros(1, static_cast<size_t>(shape.channels) * sizeof(T));
    if (!zeros) return Status::kOutOfMemory;
    T* const none = reinterpret_cast<T*>(zeros.of(0));
    std::fill_n(none, shape.channels, T{0});
    const NormGradients<T> others{nullptr, out.weight, out.bias};
    if (others.weight != nullptr || others.bias != nullptr) {
      const Status status = batchNormGradients<T>(kernels, shape, gradient, by, others, threads);
      if (status != Status::kOk) return status;
    }
    applyChannelwise<T>(kernels, kChannelAffine,
                        {gradient, by.scales, none, out.x, shape.batch * shape.channels, shape.channels, shape.length},
                        threads);
    return Status::kOk;
  }
  if (shape.length < kShort) {
    const Scratch scratch(1, static_cast<size_t>(BatchColumns<T>::scratchCount(shape)) * sizeof(T));
    if (!scratch) return Status::kOutOfMemory;
    BatchColumns<T>(kernels, shape, gradient, by, reinterpret_cast<T*>(scratch.of(0)), out).run(workers);
    return Status::kOk;
  }
  const Lines lines{shape.batch * shape.channels, shape.length};
  const int64_t sums = NormLines<T>::scratchCount(lines);
  const Scratch scratch(1, static_cast<size_t>(sums + 2 * shape.channels) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const memory = reinterpret_cast<T*>(scratch.of(0));
  const NormLines<T> normLines(kernels, lines, gradient, by.x, memory);
  const BatchGradients<T> gradients(shape, by, normLines, memory + sums, out);
  const int64_t group = std::clamp<int64_t>(kCachedElements / (shape.batch * shape.length), 1, kMaxLanes);
  if (ceilDivide(shape.channels, group) < workers) {
    gradients.byBlocks(lines, workers);
  } else {
    gradients.byChannels(group, workers);
  }
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T)                                                                                        \
  template Status groupNormGradients<T>(const Kernels<T>&, const NormShape&, const T*, const NormedBy<T>&,           \
                                        const NormGradients<T>&, int) noexcept;                                      \
  template Status layerNormGradients<T>(const Kernels<T>&, int64_t, int64_t, const T*, const NormedBy<T>&,           \
                                        const NormGradients<T>&, int) noexcept;                                      \
  template Status batchNormGradients<T>(const Kernels<T>&, const BatchNormShape&, const T*, const BatchNormedBy<T>&, \
                                        const NormGradients<T>&, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
