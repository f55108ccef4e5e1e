#include "core/fast/whole_run.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/fast/direct_tile.h"
#include "core/fast/gain.h"
#include "core/parts.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

// Some panels of some items.
struct WholeTask {
  int64_t group;
  int64_t firstItem;
  int64_t items;
  int64_t firstPanel;
  int64_t endPanel;
};

// How far a transform writes behind its last output.
constexpr int64_t kOverhang = 3;

// Planes of a bin (kernel_table.h).
constexpr int64_t kOfInput = 4;
constexpr int64_t kOfOutput = 2;

template <typename T>
class WholeWorker {
 public:
  WholeWorker(const Plan& plan, const Kernels<T>& kernels, const WholeTransform<T>& transform,
              const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        w_(plan.whole),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        transform_(transform),
        args_(args),
        panels_(p_.groupOutChannels(), plan.layout.panelWidth),
        bins_(transform.size / 2),
        inputs_(reinterpret_cast<T*>(scratch)),
        outputs_(inputs_ + w_.inputElements),
        planes_(outputs_ + w_.outputElements),
        rows_(planes_ + w_.planeElements),
        biases_(rows_ + w_.rowElements),
        fallback_(biases_ + w_.biasElements),
        offsets_(reinterpret_cast<int64_t*>(fallback_ + w_.fallbackElements)),
        fallbackArrays_(reinterpret_cast<std::byte*>(offsets_ + 2 * w_.channelsPerBlock)),
        isBad_(reinterpret_cast<bool*>(fallbackArrays_ + directTileArrays(w_.fallbackTaps))),
        scale_(scaleBeyondRange<T>(transform.size, args.largestGain)) {
    std::fill_n(biases_, w_.biasElements, T{0});
  }

  void run(int64_t index) noexcept {
    const WholeTask task = locate(index);
    const int64_t channels = p_.groupInChannels();
    if (args_.bias != nullptr)
      std::copy_n(args_.bias + task.group * p_.groupOutChannels(), p_.groupOutChannels(), biases_);
    for (int64_t i = 0; i < task.items; i++) {
      isBad_[i] = !kernels_.allFinite(inputRow(task, i, 0), channels * g_.length, scale_);
    }
    bool isThere = false;  // the spectra of all inputs
    for (int64_t panel = task.firstPanel; panel < task.endPanel; panel += w_.panelsPerBlock) {
      const int64_t endPanel = std::min(panel + w_.panelsPerBlock, task.endPanel);
      for (int64_t c = 0; c < channels; c += w_.channelsPerBlock) {
        if (args_.isCancelled()) return;
        const int64_t count = std::min(w_.channelsPerBlock, channels - c);
        if (!isThere) transformInputs(task, c, count);
        isThere = count == channels;
        multiply(task, c, count, panel, endPanel);
      }
      finish(task, panel, endPanel);
      sumBadItems(task, panel, endPanel);
    }
  }

 private:
  WholeTask locate(int64_t index) const noexcept {
    const int64_t rowParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    WholeTask task{};
    task.firstPanel = index % rowParts * plan_.panelsPerTask;
    task.endPanel = std::min(task.firstPanel + plan_.panelsPerTask, plan_.panels);
    index /= rowParts;
    task.firstItem = index % w_.itemParts * w_.itemsPerTask;
    task.items = std::min(w_.itemsPerTask, g_.batch - task.firstItem);
    task.group = index / w_.itemParts;
    return task;
  }

  const T* inputRow(const WholeTask& task, int64_t item, int64_t channel) const noexcept {
    const int64_t channels = (task.firstItem + item) * p_.inChannels + task.group * p_.groupInChannels();
    return args_.input + (channels + channel) * g_.length;
  }

  T* outputRow(const WholeTask& task, int64_t item, int64_t channel) const noexcept {
    const int64_t channels = (task.firstItem + item) * p_.outChannels + task.group * p_.groupOutChannels();
    return args_.out + (channels + channel) * g_.outLength;
  }

  // Where the spectra of a strip begin, and how far its bins lie apart: [bin][channel][plane of the bin][item].
  T* inputsOf(int64_t firstItem, int64_t channels) const noexcept {
    return inputs_ + firstItem * kOfInput * bins_ * roundUp(channels, kernels_.lanes);
  }
  int64_t inputBin(int64_t items, int64_t channels) const noexcept {
    return items * kOfInput * roundUp(channels, kernels_.lanes);
  }

  // [bin][plane of the bin][item][channel].
  T* outputsOf(int64_t firstItem) const noexcept { return outputs_ + firstItem * kOfOutput * bins_ * w_.outputRow; }

  void transformInputs(const WholeTask& task, int64_t firstChannel, int64_t channels) noexcept {
    const int64_t lanes = kernels_.lanes;
    const int64_t size = transform_.size;
    const Parts strips(task.items, w_.itemsPerStrip);
    std::fill_n(rows_, lanes * size, T{0});
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t items = strips.size(strip);
      const int64_t bin = inputBin(items, channels);
      T* const to = inputsOf(strips.begin(strip), channels);
      for (int64_t c = 0; c < channels; c += lanes) {
        const int64_t signals = std::min(lanes, channels - c);
        for (int64_t i = 0; i < items; i++) {
          const T* const from = inputRow(task, strips.begin(strip) + i, firstChannel + c);
          for (int64_t s = 0; s < signals; s++) {
            std::memcpy(rows_ + s * size, from + s * g_.length, static_cast<size_t>(g_.length) * sizeof(T));
          }
          transform_.input(rows_, size, lanes, planes_ + i * lanes, items * lanes);
        }
        const int64_t planes = kOfInput * items;
        for (int64_t b = 0; b < bins_; b++) {
          kernels_.interleaveRows(planes_ + b * planes * lanes, lanes, planes, lanes, to + b * bin + c * planes);
        }
      }
    }
  }

  // Every bin of a block of output channels times a block of input channels.
  void multiply(const WholeTask& task, int64_t firstChannel, int64_t channels, int64_t firstPanel,
                int64_t endPanel) noexcept {
    const int64_t lanes = kernels_.lanes;
    const int64_t binWeights = 2 * p_.groupInChannels() * p_.groupOutChannels();
    const Parts strips(task.items, w_.itemsPerStrip);
    MicrokernelArgs<T> args{};
    args.tapOffsets = offsets_;
    args.taps = 2 * channels;
    args.channels = 1;
    args.first = firstChannel == 0;
    args.last = false;
    int64_t offsetsFor = 0;
    for (int64_t b = 0; b < bins_; b++) {
      const T* const weights = args_.packedWeights + (task.group * bins_ + b) * binWeights;
      for (int64_t strip = 0; strip < strips.count(); strip++) {
        const int64_t items = strips.size(strip);
        const int64_t rows = 2 * items;
        if (offsetsFor != items) {
          for (int64_t i = 0; i < args.taps; i++) offsets_[i] = i * rows;
          offsetsFor = items;
        }
        args.tile = inputsOf(strips.begin(strip), channels) + b * inputBin(items, channels);
        args.outStride = w_.outputRow;
        T* out = outputsOf(strips.begin(strip)) + b * rows * w_.outputRow;
        for (int64_t panel = firstPanel; panel < endPanel; panel++) {
          const int64_t width = panels_.size(panel);
          const T* const ofPanel = weights + panels_.begin(panel) * 2 * p_.groupInChannels() + 2 * firstChannel * width;
          args.panelWidth = width;
          const Parts parts(ceilDivide(width, lanes), kernels_.blocks.maxVectors[rows]);
          for (int64_t part = 0; part < parts.count(); part++) {
            const int64_t begin = parts.begin(part) * lanes;
            const int64_t vectors = parts.size(part);
            args.panel = ofPanel + begin;
            args.out = out + begin;
            args.columns = std::min(vectors * lanes, width - begin);
            const auto& kernel = args.columns == vectors * lanes ? kernels_.swappedFull : kernels_.swappedPartial;
            kernel[rows - 1][vectors - 1](args);
          }
          out += width;
        }
      }
    }
  }

  int64_t beginOf(int64_t panel) const noexcept { return panels_.begin(panel); }
  int64_t endOf(int64_t panel) const noexcept { return panels_.begin(panel) + panels_.size(panel); }

  // Rows of neighbouring channels follow each other, so that a transform writes them in place, but for the last vector
  // of them, which might write too far: another task's outputs may lie there.
  void finish(const WholeTask& task, int64_t firstPanel, int64_t endPanel) noexcept {
    const int64_t lanes = kernels_.lanes;
    const int64_t begin = beginOf(firstPanel);
    const int64_t channels = endOf(endPanel - 1) - begin;
    const Parts strips(task.items, w_.itemsPerStrip);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t items = strips.size(strip);
      for (int64_t i = 0; i < items; i++) {
        const T* const spectra = outputsOf(strips.begin(strip)) + i * w_.outputRow;
        for (int64_t c = 0; c < channels; c += lanes) {
          T* const to = outputRow(task, strips.begin(strip) + i, begin + c);
          const bool hasRoom = (channels - c - lanes) * g_.outLength >= kOverhang;
          transform_.output(spectra + c, items * w_.outputRow, lanes, biases_ + begin + c, hasRoom ? to : rows_,
                            g_.outLength);
          const int64_t count = std::min(lanes, channels - c);
          if (!hasRoom) std::memcpy(to, rows_, static_cast<size_t>(count * g_.outLength) * sizeof(T));
          const int64_t item = strips.begin(strip) + i;
          if (!isBad_[item]) finishRows(task, item, begin + c, count);
        }
      }
    }
  }

  void sumBadItems(const WholeTask& task, int64_t firstPanel, int64_t endPanel) noexcept {
    const DirectTile<T> direct(g_, kernels_, args_, w_.fallbackTaps, fallback_, fallbackArrays_);
    for (int64_t i = 0; i < task.items; i++) {
      if (!isBad_[i] || args_.isCancelled()) continue;
      // The spectra of the outputs are free again.
      direct.sum({task.firstItem + i, task.group, 0, 1, 0, g_.outLength}, beginOf(firstPanel), endOf(endPanel - 1),
                 outputs_);
      finishRows(task, i, beginOf(firstPanel), endOf(endPanel - 1) - beginOf(firstPanel));
    }
  }

  // A transform writes behind its rows only into those of the next vector of channels, which come later.
  void finishRows(const WholeTask& task, int64_t item, int64_t channel, int64_t channels) const noexcept {
    args_.finish(task.firstItem + item, task.group * p_.groupOutChannels() + channel, channels, 0, g_.outLength);
  }

  const Plan& plan_;
  const WholePlan& w_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const WholeTransform<T>& transform_;
  const ForwardArgs<T>& args_;
  const Parts panels_;
  const int64_t bins_;
  T* const inputs_;
  T* const outputs_;
  T* const planes_;  // [bin][plane of the bin][item][lane]
  T* const rows_;
  T* const biases_;  // of the group, zeros behind them
  T* const fallback_;
  int64_t* const offsets_;  // of the steps of the reduction in a bin of the inputs
  std::byte* const fallbackArrays_;
  bool* const isBad_;  // for each item
  const T scale_;      // takes what is too large beyond all numbers
};

}  // namespace

template <typename T>
void workOverSignals(const Plan& plan, const Kernels<T>& kernels, const WholeTransform<T>& transform,
                     const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept {
  WholeWorker<T> worker(plan, kernels, transform, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.run(task); });
}

template void workOverSignals<float>(const Plan&, const Kernels<float>&, const WholeTransform<float>&,
                                     const ForwardArgs<float>&, std::byte*, TaskRange&) noexcept;
template void workOverSignals<double>(const Plan&, const Kernels<double>&, const WholeTransform<double>&,
                                      const ForwardArgs<double>&, std::byte*, TaskRange&) noexcept;

}  // namespace conv1d
