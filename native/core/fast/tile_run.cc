#include "core/fast/tile_run.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/checked_math.h"
#include "core/fast/direct_tile.h"
#include "core/fast/gain.h"
#include "core/pack/pack_input.h"
#include "core/parts.h"
#include "core/run/prefetch.h"

namespace conv1d {
namespace {

// Some panels of one strip.
struct TileTask {
  int64_t group;
  int64_t firstCell;
  int64_t cells;
  int64_t firstPhase;
  int64_t phases;
  int64_t firstPanel;
  int64_t endPanel;
};

// Neighbouring tiles of one phase of an item; their columns in the strip begin at `column`.
struct Segment {
  int64_t item;
  int64_t phase;
  int64_t firstTile;
  int64_t tiles;
  int64_t column;
};

// How far a transform reads behind its last element and writes behind its last output.
constexpr int64_t kSlack = 4;

// Up to kSlack - 1 elements more than the tile has: the next tile overwrites them. Tiles are too short for calls of
// memcpy.
template <typename T>
void copyTile(const T* from, int64_t size, T* to) noexcept {
  for (int64_t i = 0; i < size; i += kSlack) std::memcpy(to + i, from + i, kSlack * sizeof(T));
}

template <typename T>
class TileWorker {
 public:
  TileWorker(const Plan& plan, const Kernels<T>& kernels, const TileTransform<T>& transform, const ForwardArgs<T>& args,
             std::byte* scratch) noexcept
      : plan_(plan),
        t_(plan.fast),
        form_(plan.fast.form),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        transform_(transform),
        args_(args),
        panels_(p_.groupOutChannels(), plan.layout.panelWidth),
        reduction_(p_.groupInChannels() * form_.subChannels()),
        inputs_(reinterpret_cast<T*>(scratch)),
        outputs_(inputs_ + transform.planes * t_.inputPlane),
        row_(outputs_ + transform.planes * t_.outputPlane),
        tiles_(row_ + t_.rowElements),
        fallback_(tiles_ + t_.tileElements),
        offsets_(reinterpret_cast<int64_t*>(fallback_ + t_.fallbackElements)),
        fallbackArrays_(reinterpret_cast<std::byte*>(offsets_ + t_.channelsPerBlock * form_.subChannels())),
        isBad_(reinterpret_cast<bool*>(fallbackArrays_ + directTileArrays(t_.fallbackTaps))) {
    const int64_t rows = t_.channelsPerBlock * form_.subChannels();
    for (int64_t i = 0; i < rows; i++) offsets_[i] = i * t_.columns;
    // A power of two, so that the product with it is exact.
    const double gain = transformGain(transform.size) * std::max(1.0, args.largestGain);
    scale_ = std::ldexp(T{1}, std::ilogb(gain) + 1);
    largest_ = std::numeric_limits<T>::max() / scale_;
  }

  void run(int64_t index) noexcept {
    const TileTask task = locate(index);
    std::fill_n(isBad_, t_.columns, false);
    anyBad_ = false;
    const int64_t channels = p_.groupInChannels();
    bool isThere = false;  // the planes of all inputs
    for (int64_t panel = task.firstPanel; panel < task.endPanel; panel += t_.panelsPerBlock) {
      const int64_t endPanel = std::min(panel + t_.panelsPerBlock, task.endPanel);
      for (int64_t c = 0; c < channels; c += t_.channelsPerBlock) {
        if (args_.isCancelled()) return;
        const int64_t count = std::min(t_.channelsPerBlock, channels - c);
        if (!isThere) transformInputs(task, c, count);
        isThere = count == channels;
        multiply(task, c, count, panel, endPanel);
      }
      finish(task, panel, endPanel);
      if (anyBad_) sumDirectly(task, panel, endPanel);
    }
  }

 private:
  TileTask locate(int64_t index) const noexcept {
    const int64_t rowParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    TileTask task{};
    task.firstPanel = index % rowParts * plan_.panelsPerTask;
    task.endPanel = std::min(task.firstPanel + plan_.panelsPerTask, plan_.panels);
    index /= rowParts;
    task.firstPhase = index % t_.phaseParts * t_.phasesPerStrip;
    task.phases = std::min(t_.phasesPerStrip, t_.phases - task.firstPhase);
    index /= t_.phaseParts;
    task.firstCell = index % t_.strips * t_.cellsPerStrip;
    task.cells = std::min(t_.cellsPerStrip, g_.batch * t_.tilesPerPhase - task.firstCell);
    task.group = index / t_.strips;
    return task;
  }

  // Calls visit(segment) for the segments of a strip, in the order of their columns.
  template <typename Visit>
  void forEachSegment(const TileTask& task, Visit visit) const noexcept {
    int64_t column = 0;
    for (int64_t cell = task.firstCell; cell < task.firstCell + task.cells;) {
      const int64_t item = cell / t_.tilesPerPhase;
      const int64_t firstTile = cell % t_.tilesPerPhase;
      const int64_t tiles = std::min(t_.tilesPerPhase - firstTile, task.firstCell + task.cells - cell);
      for (int64_t phase = task.firstPhase; phase < task.firstPhase + task.phases; phase++) {
        visit(Segment{item, phase, firstTile, tiles, column});
        column += tiles;
      }
      cell += tiles;
    }
  }

  bool isOneSegment(const TileTask& task) const noexcept {
    return task.phases == 1 && task.firstCell % t_.tilesPerPhase + task.cells <= t_.tilesPerPhase;
  }

  int64_t columnsOf(const TileTask& task) const noexcept { return task.cells * task.phases; }

  // What the tiles of a segment read of a sub-channel, tile i of them `hop` elements behind tile i - 1: the input
  // itself, where they touch no padding and `slack` elements follow, or a copy in row_.
  const T* readRow(const Segment& segment, int64_t group, int64_t channel, int64_t subChannel, int64_t slack) noexcept {
    const T* from = inputRow(segment.item, group, channel);
    Parameters stream = p_;
    stream.stride = form_.step * p_.stride;
    Piece piece{};
    piece.phase = segment.phase * p_.stride + subChannel / form_.pieces * p_.dilation;
    piece.begin = segment.firstTile * form_.hop + subChannel % form_.pieces * form_.pieceTaps;
    piece.length = (segment.tiles - 1) * form_.hop + transform_.size;
    const int64_t first = piece.begin * stream.stride + piece.phase - p_.padLeft;
    const T* row = row_;
    if (stream.stride == 1 && first >= 0 && first + piece.length + slack <= g_.length) {
      row = from + first;
    } else {
      TileLayout layout;
      layout.pieces = &piece;
      layout.pieceCount = 1;
      packRow(stream, from, g_.length, layout, int64_t{0}, kernels_.stridedCopy, row_);
    }
    if (!isTame_) markBad(segment, row);
    return row;
  }

  // Whether all that the strip may read of a channel is finite and small enough. Looks at the input itself, where each
  // element lies once, and a little beyond what tiles read.
  bool isTame(const TileTask& task, int64_t channel) const noexcept {
    const int64_t reach = (form_.pieces - 1) * form_.pieceTaps + transform_.size;
    bool tame = true;
    forEachSegment(task, [&](const Segment& segment) {
      if (segment.phase != task.firstPhase || !tame) return;
      const int64_t step = form_.step * p_.stride;
      const int64_t begin = segment.firstTile * form_.hop * step - p_.padLeft;
      const int64_t end = begin + ((segment.tiles - 1) * form_.hop + reach) * step + form_.period * p_.dilation;
      // The other padding modes repeat what may lie elsewhere.
      const bool isZeros = p_.mode == PaddingMode::kZeros;
      const int64_t from = isZeros ? std::clamp<int64_t>(begin, 0, g_.length) : 0;
      const int64_t to = isZeros ? std::clamp<int64_t>(end, from, g_.length) : g_.length;
      tame = kernels_.allFinite(inputRow(segment.item, task.group, channel) + from, to - from, scale_);
    });
    return tame;
  }

  const T* inputRow(int64_t item, int64_t group, int64_t channel) const noexcept {
    return args_.input + ((item * p_.inChannels) + group * p_.groupInChannels() + channel) * g_.length;
  }

  void markBad(const Segment& segment, const T* row) noexcept {
    for (int64_t tile = 0; tile < segment.tiles; tile++) {
      const T* from = row + tile * form_.hop;
      bool& isBad = isBad_[segment.column + tile];
      for (int64_t i = 0; i < transform_.size && !isBad; i++) isBad = !(std::abs(from[i]) <= largest_);
      anyBad_ = anyBad_ || isBad;
    }
  }

  void transformInputs(const TileTask& task, int64_t firstChannel, int64_t channels) noexcept {
    const int64_t columns = columnsOf(task);
    const int64_t subChannels = form_.subChannels();
    T* planes = inputs_;
    for (int64_t channel = firstChannel; channel < firstChannel + channels; channel++) {
      isTame_ = isTame(task, channel);
      for (int64_t subChannel = 0; subChannel < subChannels; subChannel++, planes += t_.columns) {
        if (isOneSegment(task)) {
          // Tiles are read in whole vectors, the last of them a little further.
          const int64_t slack = (roundUp(columns, kernels_.lanes) - columns) * form_.hop + kSlack;
          forEachSegment(task, [&](const Segment& segment) {
            const T* row = readRow(segment, task.group, channel, subChannel, slack);
            transform_.input(row, form_.hop, columns, planes, t_.inputPlane);
          });
        } else {
          // Tiles of several rows in one vector: each is copied to a place of its own.
          forEachSegment(task, [&](const Segment& segment) {
            const T* row = readRow(segment, task.group, channel, subChannel, 0);
            T* to = tiles_ + segment.column * transform_.size;
            for (int64_t tile = 0; tile < segment.tiles; tile++, to += transform_.size) {
              copyTile(row + tile * form_.hop, transform_.size, to);
            }
          });
          transform_.input(tiles_, transform_.size, columns, planes, t_.inputPlane);
        }
      }
    }
  }

  // For each plane, a block of output channels times a block of input channels.
  void multiply(const TileTask& task, int64_t firstChannel, int64_t channels, int64_t firstPanel,
                int64_t endPanel) noexcept {
    const int64_t lanes = kernels_.lanes;
    const int64_t subChannels = form_.subChannels();
    const int64_t vectors = ceilDivide(columnsOf(task), lanes);
    const int64_t planeWeights = p_.groupOutChannels() * reduction_;
    MicrokernelArgs<T> args{};
    args.tapOffsets = offsets_;
    args.taps = channels * subChannels;
    args.channels = 1;
    args.outStride = t_.columns;
    args.first = firstChannel == 0;
    args.last = false;
    for (int64_t plane = 0; plane < transform_.planes; plane++) {
      const T* const weights = args_.packedWeights + (task.group * transform_.planes + plane) * planeWeights;
      T* out = outputs_ + plane * t_.outputPlane;
      for (int64_t panel = firstPanel; panel < endPanel; panel++) {
        const int64_t rows = panels_.size(panel);
        args.panel = weights + panels_.begin(panel) * reduction_ + firstChannel * subChannels * rows;
        args.panelWidth = rows;
        const Parts strips(vectors, kernels_.blocks.maxVectors[rows]);
        for (int64_t strip = 0; strip < strips.count(); strip++) {
          const int64_t column = strips.begin(strip) * lanes;
          args.tile = inputs_ + plane * t_.inputPlane + column;
          args.out = out + column;
          args.columns = strips.size(strip) * lanes;
          kernels_.full[rows - 1][strips.size(strip) - 1](args);
        }
        out += rows * t_.columns;
      }
    }
  }

  // Outputs of a segment, of those its tiles could make.
  int64_t outputsOf(const Segment& segment) const noexcept {
    const int64_t ofPhase = segment.phase < g_.outLength ? ceilDivide(g_.outLength - segment.phase, form_.step) : 0;
    const int64_t first = segment.firstTile * form_.hop;
    return std::clamp<int64_t>(ofPhase - first, 0, segment.tiles * form_.hop);
  }

  T* outputRow(int64_t item, int64_t group, int64_t channel) const noexcept {
    return args_.out + ((item * p_.outChannels) + group * p_.groupOutChannels() + channel) * g_.outLength;
  }

  T biasOf(int64_t group, int64_t channel) const noexcept {
    return args_.bias == nullptr ? T{0} : args_.bias[group * p_.groupOutChannels() + channel];
  }

  void finish(const TileTask& task, int64_t firstPanel, int64_t endPanel) noexcept {
    const int64_t begin = panels_.begin(firstPanel);
    const int64_t end = panels_.begin(endPanel - 1) + panels_.size(endPanel - 1);
    const bool isInOrder = form_.step == 1 && isOneSegment(task);
    for (int64_t channel = begin; channel < end; channel++) {
      const T* planes = outputs_ + (channel - begin) * t_.columns;
      forEachSegment(task, [&](const Segment& segment) {
        if (isInOrder) finishInOrder(segment, task.group, channel, planes);
      });
      if (isInOrder) continue;
      transform_.output(planes, t_.outputPlane, columnsOf(task), biasOf(task.group, channel), row_, form_.hop);
      forEachSegment(task, [&](const Segment& segment) {
        T* to = outputRow(segment.item, task.group, channel);
        if (form_.step == 1) {
          std::memcpy(to + segment.firstTile * form_.hop, row_ + segment.column * form_.hop,
                      static_cast<size_t>(outputsOf(segment)) * sizeof(T));
        } else if (segment.phase == task.firstPhase) {
          interleave(task, segment, to);
        }
      });
    }
  }

  // The tiles of a strip make one stretch of a row: each vector of them goes where it belongs, but for the last, which
  // might write too far. The same stretch of the next row is fetched meanwhile: stores would wait for it.
  void finishInOrder(const Segment& segment, int64_t group, int64_t channel, const T* planes) const noexcept {
    const T bias = biasOf(group, channel);
    const int64_t outputs = outputsOf(segment);
    const int64_t step = kernels_.lanes * form_.hop;
    T* to = outputRow(segment.item, group, channel) + segment.firstTile * form_.hop;
    for (int64_t done = 0; done < outputs; done += step, planes += kernels_.lanes, to += step) {
      const int64_t count = std::min(step, outputs - done);
      if (channel + 1 < p_.groupOutChannels()) prefetchToWrite(to + g_.outLength, count);
      const bool hasRoom = done + step + kSlack <= outputs;
      transform_.output(planes, t_.outputPlane, kernels_.lanes, bias, hasRoom ? to : row_, form_.hop);
      if (!hasRoom) std::memcpy(to, row_, static_cast<size_t>(count) * sizeof(T));
    }
  }

  // All phases of a strip's stretch of an item; `first` is the segment of the first of them.
  void interleave(const TileTask& task, const Segment& first, T* out) noexcept {
    const int64_t pitch = first.tiles * form_.hop;
    T* const rows = row_ + first.column * form_.hop;
    T* to = out + first.firstTile * form_.hop * form_.step + first.phase;
    Segment last = first;
    last.phase += task.phases - 1;
    const int64_t shortest = task.phases == form_.step ? outputsOf(last) : 0;  // of the phases, which differ by one
    kernels_.interleaveRows(rows, pitch, task.phases, shortest, to);
    for (int64_t r = 0; r < task.phases; r++) {
      Segment segment = first;
      segment.phase += r;
      const int64_t count = outputsOf(segment);
      for (int64_t i = shortest; i < count; i++) to[i * form_.step + r] = rows[r * pitch + i];
    }
  }

  void sumDirectly(const TileTask& task, int64_t firstPanel, int64_t endPanel) noexcept {
    const int64_t begin = panels_.begin(firstPanel);
    const int64_t end = panels_.begin(endPanel - 1) + panels_.size(endPanel - 1);
    const DirectTile<T> direct(g_, kernels_, args_, t_.fallbackTaps, fallback_, fallbackArrays_);
    forEachSegment(task, [&](const Segment& segment) {
      for (int64_t tile = 0; tile < segment.tiles; tile++) {
        if (!isBad_[segment.column + tile]) continue;
        Segment one = segment;
        one.firstTile += tile;
        one.tiles = 1;
        const int64_t count = outputsOf(one);
        if (count == 0) continue;
        // The planes of the outputs are free again.
        direct.sum({one.item, task.group, one.phase, form_.step, one.firstTile * form_.hop, count}, begin, end,
                   outputs_);
      }
    });
  }

  const Plan& plan_;
  const TilePlan& t_;
  const TileForm& form_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const TileTransform<T>& transform_;
  const ForwardArgs<T>& args_;
  const Parts panels_;
  const int64_t reduction_;  // input channels of a product
  T* const inputs_;          // [plane][input channel][column]
  T* const outputs_;         // [plane][output channel of the block][column]
  T* const row_;
  T* const tiles_;
  T* const fallback_;
  int64_t* const offsets_;  // of the input channels in a plane
  std::byte* const fallbackArrays_;
  bool* const isBad_;  // for each column
  bool anyBad_ = false;
  bool isTame_ = true;  // the channel that is being read
  T scale_;             // takes what is too large beyond all numbers
  T largest_;           // input that overflows no plane
};

}  // namespace

template <typename T>
void workOverTiles(const Plan& plan, const Kernels<T>& kernels, const TileTransform<T>& transform,
                   const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept {
  TileWorker<T> worker(plan, kernels, transform, args, scratch);
  for (int64_t task, end; tasks.take(&task, &end);) {
    for (; task < end && !args.isCancelled(); task++) worker.run(task);
  }
}

template void workOverTiles<float>(const Plan&, const Kernels<float>&, const TileTransform<float>&,
                                   const ForwardArgs<float>&, std::byte*, TaskRange&) noexcept;
template void workOverTiles<double>(const Plan&, const Kernels<double>&, const TileTransform<double>&,
                                    const ForwardArgs<double>&, std::byte*, TaskRange&) noexcept;

}  // namespace conv1d
