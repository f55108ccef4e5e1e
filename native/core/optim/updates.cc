#include "core/optim/updates.h"

#include "core/pointwise/broadcast.h"

namespace conv1d {
namespace {

template <typename T>
T* at(T* elements, int64_t begin) noexcept {
  return elements == nullptr ? nullptr : elements + begin;
}

}  // namespace

template <typename T>
void stepSgd(const Kernels<T>& kernels, const SgdArgs<T>& args, int threads) noexcept {
  forEachBlock(args.count, threads, [&](int64_t begin, int64_t count) {
    SgdArgs<T> block = args;
    block.parameter = at(args.parameter, begin);
    block.gradient = at(args.gradient, begin);
    block.buffer = at(args.buffer, begin);
    block.count = count;
    kernels.sgdStep(block);
  });
}

template <typename T>
void stepAdam(const Kernels<T>& kernels, const AdamArgs<T>& args, int threads) noexcept {
  forEachBlock(args.count, threads, [&](int64_t begin, int64_t count) {
    AdamArgs<T> block = args;
    block.parameter = at(args.parameter, begin);
    block.gradient = at(args.gradient, begin);
    block.mean = at(args.mean, begin);
    block.square = at(args.square, begin);
    block.largest = at(args.largest, begin);
    block.count = count;
    kernels.adamStep(block);
  });
}

template void stepSgd<float>(const Kernels<float>&, const SgdArgs<float>&, int) noexcept;
template void stepSgd<double>(const Kernels<double>&, const SgdArgs<double>&, int) noexcept;
template void stepAdam<float>(const Kernels<float>&, const AdamArgs<float>&, int) noexcept;
template void stepAdam<double>(const Kernels<double>&, const AdamArgs<double>&, int) noexcept;

}  // namespace conv1d
