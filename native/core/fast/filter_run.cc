#include "core/fast/filter_run.h"

#include "core/fast/direct_tile.h"
#include "core/fast/tile_input.h"
#include "core/fast/tile_output.h"
#include "core/fast/tile_strips.h"
#include "core/run/prefetch.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

template <typename T>
class FilterWorker {
 public:
  FilterWorker(const Plan& plan, const Kernels<T>& kernels, const TileFilter<T>& filter, const ForwardArgs<T>& args,
               std::byte* scratch) noexcept
      : t_(plan.fast),
        form_(plan.fast.form),
        lanes_(kernels.lanes),
        filter_(filter),
        args_(args),
        planes_(reinterpret_cast<T*>(scratch)),
        outputs_(planes_ + form_.period * t_.inputPlane),
        rows_(outputs_ + t_.rowElements),
        tiles_(rows_ + t_.rowElements),
        fallback_(tiles_ + t_.tileElements),
        offsets_(reinterpret_cast<int64_t*>(fallback_ + t_.fallbackElements)),
        fallbackArrays_(reinterpret_cast<std::byte*>(offsets_ + form_.subChannels())),
        strips_(plan),
        input_(plan, strips_, kernels, args, filter.size, rows_, tiles_,
               reinterpret_cast<bool*>(fallbackArrays_ + directTileArrays(t_.fallbackTaps))),
        output_(plan, strips_, kernels, args, outputs_),
        direct_(plan.geometry, kernels, args, t_.fallbackTaps, fallback_, fallbackArrays_) {
    for (int64_t i = 0; i < form_.subChannels(); i++) {
      offsets_[i] = i / form_.pieces * t_.inputPlane + i % form_.pieces;
    }
  }

  void run(int64_t index) noexcept {
    const TileTask task = strips_.locate(index);
    input_.begin(task);
    input_.take(0);
    TileFilterArgs<T> args{};
    args.offsets = offsets_;
    args.inputs = form_.subChannels();
    args.weights = args_.packedWeights + task.group * args.inputs * filter_.size;
    args.bias = output_.biasOf(task.group, 0);
    args.hop = form_.hop;
    args.tiles = lanes_;
    if (args.inputs == 1) {
      filterOneByOne(task, args);
    } else {
      filterTogether(task, args);
    }
    // The row of the outputs is free again.
    if (input_.anyBad()) output_.sumDirectly(task, input_, direct_, 0, 1, outputs_);
    output_.finish(task, 0, 1);
  }

 private:
  void filterOneByOne(const TileTask& task, TileFilterArgs<T>& args) noexcept {
    const TileSource<T> tiles = input_.read(0);
    args.planes = planes_;
    args.planeStride = lanes_;
    output_.write(task, 0, [&](int64_t column, T* to) {
      prefetchToWrite(to, lanes_ * form_.hop);  // the transform takes long enough for it to arrive
      filter_.input(tiles.first + column * tiles.hop, tiles.hop, lanes_, planes_, lanes_);
      args.out = to;
      filter_.output(args);
    });
  }

  void filterTogether(const TileTask& task, TileFilterArgs<T>& args) noexcept {
    for (int64_t residue = 0; residue < form_.period; residue++) {
      const TileSource<T> tiles = input_.read(residue * form_.pieces);
      filter_.input(tiles.first, tiles.hop, strips_.columnsOf(task), planes_ + residue * t_.inputPlane, t_.columns);
    }
    args.planeStride = t_.columns;
    output_.write(task, 0, [&](int64_t column, T* to) {
      args.planes = planes_ + column;
      args.out = to;
      filter_.output(args);
    });
  }

  const TilePlan& t_;
  const TileForm& form_;
  const int64_t lanes_;
  const TileFilter<T>& filter_;
  const ForwardArgs<T>& args_;
  T* const planes_;   // [residue][plane][column]
  T* const outputs_;  // a row of them
  T* const rows_;     // of inputs
  T* const tiles_;
  T* const fallback_;
  int64_t* const offsets_;  // of the sub-channels in the planes
  std::byte* const fallbackArrays_;
  const TileStrips strips_;
  TileInput<T> input_;
  const TileOutput<T> output_;
  const DirectTile<T> direct_;
};

}  // namespace

template <typename T>
void workOverFilters(const Plan& plan, const Kernels<T>& kernels, const TileFilter<T>& filter,
                     const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept {
  FilterWorker<T> worker(plan, kernels, filter, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.run(task); });
}

template void workOverFilters<float>(const Plan&, const Kernels<float>&, const TileFilter<float>&,
                                     const ForwardArgs<float>&, std::byte*, TaskRange&) noexcept;
template void workOverFilters<double>(const Plan&, const Kernels<double>&, const TileFilter<double>&,
                                      const ForwardArgs<double>&, std::byte*, TaskRange&) noexcept;

}  // namespace conv1d
