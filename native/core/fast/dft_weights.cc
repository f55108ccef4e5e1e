#include "core/fast/dft_weights.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <new>
#include <utility>

#include "core/fast/dft_size.h"
#include "core/fast/unit_circle.h"
#include "runtime/float_mode.h"

namespace conv1d {
namespace {

// How far a weight may be from window times cosine, in epsilons of the window's element. Weights are rounded products
// of float64 factors (half an epsilon), or products of rounded factors (up to one and a half, with cosines an ulp off).
// The window is read from such weights: half an epsilon more, or one and a half where it is the root of two squares.
constexpr double kRounding = 2.5;

template <typename T>
double toleranceOf(double windowElement) noexcept {
  using Limits = std::numeric_limits<T>;
  return kRounding * static_cast<double>(Limits::epsilon()) * std::abs(windowElement) +
         static_cast<double>(Limits::denorm_min());
}

// The weights of an output channel.
template <typename T>
struct Taps {
  const T* data;
  int64_t step;
  double operator[](int64_t n) const noexcept { return static_cast<double>(data[n * step]); }
};

// The cosines and sines of the bins of a DFT.
class Oscillations {
 public:
  explicit Oscillations(int64_t size) : size_(size), circle_(unitCircle(size)) {}

  int64_t size() const noexcept { return size_; }

  // Calls visit(n, point) for all samples from `first` on and then for those before it, until it returns false;
  // returns whether it never did.
  template <typename Visit>
  bool walk(int64_t bin, int64_t first, Visit visit) const {
    return walk(bin, first, size_, visit) && walk(bin, 0, first, visit);
  }

  // The bins that may be the one whose cosine of a step is about `cosine`, the likeliest first.
  template <typename Visit>
  bool anyBinNear(double cosine, Visit visit) const {
    const auto half = circle_.begin() + (size_ / 2 + 1);
    const auto next = std::partition_point(circle_.begin(), half, [&](const UnitPoint& p) { return p.cos > cosine; });
    const int64_t nearest = next - circle_.begin();
    for (const int64_t offset : {0, -1, 1, -2, 2}) {
      const int64_t bin = nearest + offset;
      if (bin >= 0 && bin <= size_ / 2 && visit(bin)) return true;
    }
    return false;
  }

 private:
  template <typename Visit>
  bool walk(int64_t bin, int64_t begin, int64_t end, Visit visit) const {
    int64_t turn = bin * begin % size_;
    for (int64_t n = begin; n < end; n++) {
      if (!visit(n, circle_[static_cast<std::size_t>(turn)])) return false;
      turn += bin;
      if (turn >= size_) turn -= size_;
    }
    return true;
  }

  const int64_t size_;
  const std::vector<UnitPoint> circle_;
};

// Tells which bin a row is, given the window.
template <typename T>
class RowReader {
 public:
  RowReader(const Oscillations& oscillations, const std::vector<T>& window) : oscillations_(oscillations) {
    elements_.reserve(window.size());
    for (const T value : window) {
      const auto element = static_cast<double>(value);
      elements_.push_back({element, toleranceOf<T>(element)});
    }
    findStretch();
  }

  // Whether the window lies within bounds and has neighbouring elements to guess bins from.
  bool isUsable() const noexcept {
    const double largest = std::abs(window(centre_));
    return largest >= kSmallestWindow && largest <= kLargestWindow && end_ - begin_ >= 3;
  }

  std::optional<DftRow> read(const Taps<T>& taps) const {
    if (isZero(taps)) return DftRow{};
    std::optional<DftRow> found;
    oscillations_.anyBinNear(cosineOfStep(taps), [&](int64_t bin) {
      for (const DftRow::Part part : {DftRow::Part::kCosine, DftRow::Part::kSine}) {
        if (part == DftRow::Part::kSine && (bin == 0 || 2 * bin == oscillations_.size())) continue;  // zeros
        for (const int sign : {1, -1}) {
          if (!found && is(taps, {bin, part, sign})) found = {bin, part, sign};
        }
      }
      return found.has_value();
    });
    return found;
  }

 private:
  struct Element {
    double window;
    double tolerance;
  };

  double window(int64_t n) const noexcept { return elements_[static_cast<std::size_t>(n)].window; }

  // The largest elements next to each other, around the largest of all.
  void findStretch() {
    constexpr int64_t kLongest = 256;  // enough to guess from
    const auto size = static_cast<int64_t>(elements_.size());
    for (int64_t n = 1; n < size; n++) {
      if (std::abs(window(n)) > std::abs(window(centre_))) centre_ = n;
    }
    const double least = std::abs(window(centre_)) / 64;
    const auto isLarge = [&](int64_t n) { return n >= 0 && n < size && std::abs(window(n)) > least; };
    begin_ = centre_;
    end_ = centre_ + 1;
    for (bool grows = true; grows && end_ - begin_ < kLongest;) {
      const bool before = isLarge(begin_ - 1);
      const bool behind = isLarge(end_);
      begin_ -= before ? 1 : 0;
      end_ += behind ? 1 : 0;
      grows = before || behind;
    }
  }

  // sin(pi n) in float64 is no zero, but next to one: rows of small weights are none.
  bool isZero(const Taps<T>& taps) const noexcept {
    const double residue = static_cast<double>(oscillations_.size()) * 0x1p-51;
    return oscillations_.walk(0, centre_, [&](int64_t n, const UnitPoint&) {
      const Element& element = elements_[static_cast<std::size_t>(n)];
      return std::abs(taps[n]) <= std::min(residue * std::abs(element.window), element.tolerance);
    });
  }

  bool is(const Taps<T>& taps, const DftRow& row) const noexcept {
    return oscillations_.walk(row.bin, centre_, [&](int64_t n, const UnitPoint& point) {
      const Element& element = elements_[static_cast<std::size_t>(n)];
      const double wave = row.part == DftRow::Part::kCosine ? point.cos : point.sin;
      return std::abs(taps[n] - row.sign * element.window * wave) <= element.tolerance;
    });
  }

  // Of both u = cos(step * n) and u = sin(step * n): u[n - 1] + u[n + 1] = 2 cos(step) u[n]; by least squares.
  double cosineOfStep(const Taps<T>& taps) const noexcept {
    double products = 0;
    double squares = 0;
    double before = taps[begin_] / window(begin_);
    double here = taps[begin_ + 1] / window(begin_ + 1);
    for (int64_t n = begin_ + 2; n < end_; n++) {
      const double behind = taps[n] / window(n);
      products += here * (before + behind);
      squares += here * here;
      before = here;
      here = behind;
    }
    return squares > 0 ? products / (2 * squares) : 0;
  }

  const Oscillations& oscillations_;
  std::vector<Element> elements_;
  int64_t centre_ = 0;
  int64_t begin_ = 0;
  int64_t end_ = 0;
};

template <typename T>
class Recogniser {
 public:
  Recogniser(const Parameters& parameters, const WeightView<T>& weight)
      : p_(parameters), weight_(weight), oscillations_(parameters.kernelSize) {}

  std::optional<DftWeights<T>> recognise() const {
    const std::optional<Taps<T>> largest = largestRow();
    if (!largest) return std::nullopt;
    std::optional<DftWeights<T>> weights = readRows(upright(windowOf(*largest)));
    if (!weights) weights = readRows(upright(windowOfPair()));
    return weights;
  }

 private:
  Taps<T> taps(int64_t o) const noexcept {
    const int64_t channels = p_.groupOutChannels();
    return {weight_.data + o / channels * weight_.group + o % channels * weight_.output, weight_.tap};
  }

  // The row with the largest sum of magnitudes; none when all are zeros or one is not finite. Bin 0 has the largest,
  // and bin size / 2 the same.
  std::optional<Taps<T>> largestRow() const noexcept {
    std::optional<Taps<T>> largest;
    double most = 0;
    for (int64_t o = 0; o < p_.outChannels; o++) {
      const Taps<T> row = taps(o);
      double sums[4] = {};  // chains side by side: one alone would wait for every addition
      int64_t n = 0;
      for (; n + 4 <= oscillations_.size(); n += 4) {
        for (int64_t i = 0; i < 4; i++) sums[i] += std::abs(row[n + i]);
      }
      for (; n < oscillations_.size(); n++) sums[0] += std::abs(row[n]);
      const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      if (!std::isfinite(sum)) return std::nullopt;
      if (sum > most) {
        most = sum;
        largest = row;
      }
    }
    return largest;
  }

  // A window with the other sign describes the same weights; so does, when the size is even, one with the other sign at
  // every other element, whose bins count from the other end. Of them this is the one with positive sums, whichever row
  // it was read from.
  std::vector<T> upright(std::vector<T> window) const {
    double sums[2] = {};  // of the even and of the odd elements
    for (std::size_t n = 0; n < window.size(); n++) sums[n % 2] += static_cast<double>(window[n]);
    if (window.size() % 2 != 0) sums[0] = sums[1] = sums[0] + sums[1];
    for (std::size_t n = 0; n < window.size(); n++) {
      if (sums[n % 2] < 0) window[n] = -window[n];
    }
    return window;
  }

  std::vector<T> windowOf(const Taps<T>& row) const {
    std::vector<T> window;
    window.reserve(static_cast<std::size_t>(oscillations_.size()));
    for (int64_t n = 0; n < oscillations_.size(); n++) window.push_back(static_cast<T>(row[n]));
    return window;
  }

  // From the cosine and the sine of one bin; empty when none of the first rows has a partner.
  std::vector<T> windowOfPair() const {
    constexpr int64_t kMostTries = 16;  // all rows with all others would take seconds
    std::vector<T> window;
    int64_t tries = 0;
    for (int64_t o = 0; o < p_.outChannels && tries < kMostTries && window.empty(); o++) {
      const Taps<T> row = taps(o);
      const int64_t first = largestElement(row);
      if (row[first] == 0) continue;
      window = windowOfPair(row, first);
      tries++;
    }
    return window;
  }

  // But for the last one, which has no next.
  int64_t largestElement(const Taps<T>& row) const noexcept {
    int64_t largest = 0;
    for (int64_t n = 1; n + 1 < oscillations_.size(); n++) {
      if (std::abs(row[n]) > std::abs(row[largest])) largest = n;
    }
    return largest;
  }

  std::vector<T> windowOfPair(const Taps<T>& row, int64_t first) const {
    std::vector<T> window(static_cast<std::size_t>(oscillations_.size()));
    for (int64_t o = 0; o < p_.outChannels; o++) {
      const Taps<T> other = taps(o);
      // As complex numbers two samples are a step of the bin apart.
      const double squares = (row[first] * row[first] + other[first] * other[first]) *
                             (row[first + 1] * row[first + 1] + other[first + 1] * other[first + 1]);
      if (!(squares > 0)) continue;
      const double cosine = (row[first] * row[first + 1] + other[first] * other[first + 1]) / std::sqrt(squares);
      const bool isPair = oscillations_.anyBinNear(cosine, [&](int64_t bin) {
        return joins(row, other, bin, first, 1, &window) || joins(row, other, bin, first, -1, &window) ||
               joins(other, row, bin, first, 1, &window) || joins(other, row, bin, first, -1, &window);
      });
      if (isPair) return window;
    }
    return {};
  }

  // Whether the rows are window * cos and sign * window * sin of that bin, and the window.
  bool joins(const Taps<T>& cosine, const Taps<T>& sine, int64_t bin, int64_t first, int sign,
             std::vector<T>* window) const {
    return oscillations_.walk(bin, first, [&](int64_t n, const UnitPoint& point) {
      const double element = cosine[n] * point.cos + sign * sine[n] * point.sin;
      (*window)[static_cast<std::size_t>(n)] = static_cast<T>(element);
      return std::abs(cosine[n] * point.sin - sign * sine[n] * point.cos) <= toleranceOf<T>(element);
    });
  }

  std::optional<DftWeights<T>> readRows(std::vector<T> window) const {
    if (window.empty()) return std::nullopt;
    const RowReader<T> reader(oscillations_, window);
    if (!reader.isUsable()) return std::nullopt;
    DftWeights<T> weights{std::move(window), {}};
    weights.rows.reserve(static_cast<std::size_t>(p_.outChannels));
    bool oscillates = false;
    for (int64_t o = 0; o < p_.outChannels; o++) {
      const std::optional<DftRow> row = reader.read(taps(o));
      if (!row) return std::nullopt;
      weights.rows.push_back(*row);
      oscillates = oscillates || (row->bin != 0 && 2 * row->bin != oscillations_.size());
    }
    if (!oscillates) return std::nullopt;
    return weights;
  }

  const Parameters& p_;
  const WeightView<T>& weight_;
  const Oscillations oscillations_;
};

}  // namespace

template <typename T>
std::optional<DftWeights<T>> recogniseDft(const Parameters& p, const WeightView<T>& weight) noexcept {
  if (p.groupInChannels() != 1 || p.dilation != 1 || dftRadices(p.kernelSize).count == 0) return std::nullopt;
  const StandardFloatMode mode;
  try {
    return Recogniser<T>(p, weight).recognise();
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

template std::optional<DftWeights<float>> recogniseDft<float>(const Parameters&, const WeightView<float>&) noexcept;
template std::optional<DftWeights<double>> recogniseDft<double>(const Parameters&, const WeightView<double>&) noexcept;

}  // namespace conv1d
