#include "core/fast/tile_run.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/direct_tile.h"
#include "core/fast/tile_input.h"
#include "core/fast/tile_output.h"
#include "core/fast/tile_strips.h"
#include "core/parts.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

template <typename T>
class TileWorker {
 public:
  TileWorker(const Plan& plan, const Kernels<T>& kernels, const TileTransform<T>& transform, const ForwardArgs<T>& args,
             std::byte* scratch) noexcept
      : t_(plan.fast),
        form_(plan.fast.form),
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
        strips_(plan),
        input_(plan, strips_, kernels, args, transform.size, row_, tiles_,
               reinterpret_cast<bool*>(fallbackArrays_ + directTileArrays(t_.fallbackTaps))),
        output_(plan, strips_, kernels, args, row_),
        direct_(plan.geometry, kernels, args, t_.fallbackTaps, fallback_, fallbackArrays_) {
    const int64_t rows = t_.channelsPerBlock * form_.subChannels();
    for (int64_t i = 0; i < rows; i++) offsets_[i] = i * t_.columns;
  }

  void run(int64_t index) noexcept {
    const TileTask task = strips_.locate(index);
    input_.begin(task);
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
    }
  }

 private:
  void transformInputs(const TileTask& task, int64_t firstChannel, int64_t channels) noexcept {
    const int64_t columns = strips_.columnsOf(task);
    T* planes = inputs_;
    for (int64_t channel = firstChannel; channel < firstChannel + channels; channel++) {
      input_.take(channel);
      for (int64_t subChannel = 0; subChannel < form_.subChannels(); subChannel++, planes += t_.columns) {
        const TileSource<T> tiles = input_.read(subChannel);
        transform_.input(tiles.first, tiles.hop, columns, planes, t_.inputPlane);
      }
    }
  }

  // For each plane, a block of output channels times a block of input channels.
  void multiply(const TileTask& task, int64_t firstChannel, int64_t channels, int64_t firstPanel,
                int64_t endPanel) noexcept {
    const int64_t lanes = kernels_.lanes;
    const int64_t subChannels = form_.subChannels();
    const int64_t vectors = ceilDivide(strips_.columnsOf(task), lanes);
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

  void finish(const TileTask& task, int64_t firstPanel, int64_t endPanel) noexcept {
    const int64_t begin = panels_.begin(firstPanel);
    const int64_t end = panels_.begin(endPanel - 1) + panels_.size(endPanel - 1);
    for (int64_t channel = begin; channel < end; channel++) {
      const T* const planes = outputs_ + (channel - begin) * t_.columns;
      const T bias = output_.biasOf(task.group, channel);
      output_.write(task, channel, [&](int64_t column, T* to) {
        transform_.output(planes + column, t_.outputPlane, kernels_.lanes, bias, to, form_.hop);
      });
      if (!input_.anyBad()) output_.finish(task, channel, channel + 1);
    }
    if (!input_.anyBad()) return;
    // The planes of the outputs are free again.
    output_.sumDirectly(task, input_, direct_, begin, end, outputs_);
    output_.finish(task, begin, end);
  }

  const TilePlan& t_;
  const TileForm& form_;
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
  const TileStrips strips_;
  TileInput<T> input_;
  const TileOutput<T> output_;
  const DirectTile<T> direct_;
};

}  // namespace

template <typename T>
void workOverTiles(const Plan& plan, const Kernels<T>& kernels, const TileTransform<T>& transform,
                   const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept {
  TileWorker<T> worker(plan, kernels, transform, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.run(task); });
}

template void workOverTiles<float>(const Plan&, const Kernels<float>&, const TileTransform<float>&,
                                   const ForwardArgs<float>&, std::byte*, TaskRange&) noexcept;
template void workOverTiles<double>(const Plan&, const Kernels<double>&, const TileTransform<double>&,
                                    const ForwardArgs<double>&, std::byte*, TaskRange&) noexcept;

}  // namespace conv1d
