// Steps that make rows longer or shorter.
#include "binding/errors.h"
#include "binding/network_steps.h"
#include "binding/pool.h"

namespace conv1d::binding {
namespace {

// x (rows, length) and out (rows, outLength), places that are apart.
struct Resized {
  int x;
  int out;
  bool isEmpty;
};

template <typename Shape>
Resized toResized(const StepCall& call, const Shape& shape, std::size_t argument) {
  const int64_t results = product(call.env(), {shape.rows, shape.outLength});
  const Operand x = call.read(argument, "x", product(call.env(), {shape.rows, shape.length}));
  const Operand out = call.written(argument + 1, "out", results);
  requireApart(call.env(), out, x, "x");
  return {x.place, out.place, results == 0};
}

void requireWindows(const StepCall& call, const PoolShape& shape) {
  Windows windows;
  requireOk(call.env(), makeWindows(shape, &windows), "pooling");
}

// Windows are found by products of positions.
void requireCountable(const StepCall& call, const AdaptiveShape& shape) {
  product(call.env(), {shape.length, shape.outLength});
}

}  // namespace

// (rows, length, kernelSize, stride, padding, dilation, outLength, x, out)
void addMaxPool(const StepCall& call) {
  const PoolShape shape = toMaxPoolShape(call.info());
  const Resized resized = toResized(call, shape, 7);
  requireWindows(call, shape);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return maxPool<T>(kernels, shape, memory.read(resized.x), memory.write(resized.out), nullptr, threads);
  });
}

// (rows, length, kernelSize, stride, padding, outLength, countIncludePad, x, out)
void addAvgPool(const StepCall& call) {
  const PoolShape shape = toAvgPoolShape(call.info());
  const bool countsPadding = toBoolean(call.env(), call[6], "countIncludePad");
  const Resized resized = toResized(call, shape, 7);
  requireWindows(call, shape);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return avgPool<T>(kernels, shape, countsPadding, memory.read(resized.x), memory.write(resized.out), threads);
  });
}

// (rows, length, outLength, x, out)
void addAdaptiveMaxPool(const StepCall& call) {
  const AdaptiveShape shape = toAdaptiveShape(call.info());
  const Resized resized = toResized(call, shape, 3);
  if (resized.isEmpty) return call.addNothing();
  requireCountable(call, shape);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return adaptiveMaxPool<T>(kernels, shape, memory.read(resized.x), memory.write(resized.out), nullptr, threads);
  });
}

// (rows, length, outLength, x, out)
void addAdaptiveAvgPool(const StepCall& call) {
  const AdaptiveShape shape = toAdaptiveShape(call.info());
  const Resized resized = toResized(call, shape, 3);
  if (resized.isEmpty) return call.addNothing();
  requireCountable(call, shape);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return adaptiveAvgPool<T>(kernels, shape, memory.read(resized.x), memory.write(resized.out), threads);
  });
}

// (rows, length, outLength, scale or 0, x, out)
void addUpsampleNearest(const StepCall& call) {
  const UpsampleShape shape = toUpsampleShape(call.info(), 3);
  const Resized resized = toResized(call, shape, 4);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return upsampleNearest<T>(kernels, shape, memory.read(resized.x), memory.write(resized.out), threads);
  });
}

// (rows, length, outLength, alignCorners, scale or 0, x, out)
void addUpsampleLinear(const StepCall& call) {
  const bool alignCorners = toBoolean(call.env(), call[3], "alignCorners");
  const UpsampleShape shape = toUpsampleShape(call.info(), 4);
  const Resized resized = toResized(call, shape, 5);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return upsampleLinear<T>(kernels, shape, alignCorners, memory.read(resized.x), memory.write(resized.out), threads);
  });
}

}  // namespace conv1d::binding
