// Steps over elements by themselves.
#include <algorithm>
#include <type_traits>

#include "binding/errors.h"
#include "binding/network_stages.h"
#include "binding/network_steps.h"
#include "core/network/pointwise_step.h"
#include "core/pointwise/channelwise.h"
#include "core/pointwise/copy.h"
#include "core/pointwise/gate_halves.h"
#include "core/pointwise/pointwise.h"
#include "core/pointwise/pow_scalar.h"
#include "runtime/float_mode.h"

namespace conv1d::binding {

// (items, channels, length, x, out, stages)
void addPointwise(const StepCall& call) {
  const Napi::Env env = call.env();
  const PointwiseShape shape = {call.integer(0, "items", 0), call.integer(1, "channels", 1),
                                call.integer(2, "length", 0)};
  const int64_t count = product(env, {shape.items, shape.channels, shape.length});
  const StagedValues values = {count, shape.channels, call.readOrNone(3, "x", count), call.written(4, "out", count),
                               true};
  const std::vector<Stage<double>> stages = toStages(call, 5, values);
  if (stages.empty()) throw rangeError(env, "ERR_CONV1D_SHAPE", "there must be at least one stage");
  if (values.x.place == kNoPlace && stages.front().in == kNoPlace) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "the first stage has nothing to read: neither x nor a place of its own");
  }
  if (count == 0) return call.addNothing();
  call.addStep([&]<typename T>(conv1d::Program<T>& program) {
    return std::make_unique<const PointwiseStep<T>>(program.kernels(), shape, values.x.place, values.out.place,
                                                    roundedTo<T>(stages));
  });
}

// (function, shape, x, xOffset, xStrides, y, yOffset, yStrides, out)
void addBinary(const StepCall& call) {
  const Napi::Env env = call.env();
  const auto function = static_cast<BinaryFunction>(toFunctionNumber(env, call[0], kBinaryFunctions));
  const Integers shape = toIntegers(env, call[1], "shape");
  const Steps xSteps = toSteps(call.info(), 2, "x");
  const Steps ySteps = toSteps(call.info(), 5, "y");
  const int64_t count = product(env, shape.span());
  const Operand x = call.whole(2, "x");
  const Operand y = call.whole(5, "y");
  const Operand out = call.written(8, "out", count);
  if (count == 0) return call.addNothing();
  requireDense(env, shape, xSteps.strides);
  requireDense(env, shape, ySteps.strides);
  requireApart(env, out, viewed(env, x, xSteps, shape, "x"), "x");
  requireApart(env, out, viewed(env, y, ySteps, shape, "y"), "y");
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    applyBinary<T>(kernels, function, shape.span(), {memory.read(x.place) + xSteps.offset, xSteps.strides.span()},
                   {memory.read(y.place) + ySteps.offset, ySteps.strides.span()}, memory.write(out.place), threads);
    return Status::kOk;
  });
}

// (function, rows, channels, length, x, a, b or -1, out)
void addChannelwise(const StepCall& call) {
  const Napi::Env env = call.env();
  const auto function = static_cast<ChannelFunction>(toFunctionNumber(env, call[0], kChannelFunctions));
  const int64_t rows = call.integer(1, "rows", 0);
  const int64_t channels = call.integer(2, "channels", 1);
  const int64_t length = call.integer(3, "length", 0);
  if (rows % channels != 0) throw rangeError(env, "ERR_CONV1D_SHAPE", "rows must be a multiple of channels");
  const int64_t count = product(env, {rows, length});
  const Operand x = call.read(4, "x", count);
  const Operand a = call.read(5, "a", channels);
  const Operand b = call.readOrNone(6, "b", channels);
  const Operand out = call.written(7, "out", count);
  if ((function == kChannelLeakyRelu) != (b.place == kNoPlace)) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "b must be -1 for leakyRelu, and for no other function");
  }
  if (count == 0) return call.addNothing();
  requireApartOrSame(env, out, x, "x");
  requireApart(env, out, a, "a");
  requireApart(env, out, b, "b");
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    applyChannelwise<T>(kernels, function,
                        {memory.read(x.place), memory.read(a.place), memory.read(b.place), memory.write(out.place),
                         rows, channels, length},
                        threads);
    return Status::kOk;
  });
}

// (shape, x, xOffset, xStrides, out, outOffset, outStrides)
void addCopy(const StepCall& call) {
  const Napi::Env env = call.env();
  const Integers shape = toIntegers(env, call[0], "shape");
  const Steps xSteps = toSteps(call.info(), 1, "x", -kMaxInteger);
  const Steps outSteps = toSteps(call.info(), 4, "out");
  const int64_t count = product(env, shape.span());
  const Operand x = call.whole(1, "x");
  const Operand out = call.whole(4, "out");
  requireWritable(env, out, "out");
  if (count == 0) return call.addNothing();
  const Operand written = viewed(env, out, outSteps, shape, "out");
  // With strides of 0, a shape of any size would lie inside, and the copy take forever.
  if (count > written.end - written.begin) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "out has fewer elements than are copied");
  }
  requireApart(env, written, viewed(env, x, xSteps, shape, "x"), "x");
  call.add([=]<typename T>(const Kernels<T>&, const Memory<T>& memory, int threads) {
    using Bits = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
    copyView<Bits>(
        shape.span(), {reinterpret_cast<const Bits*>(memory.read(x.place)) + xSteps.offset, xSteps.strides.span()},
        {reinterpret_cast<Bits*>(memory.write(out.place)) + outSteps.offset, outSteps.strides.span()}, threads);
    return Status::kOk;
  });
}

// (out, offset, count, value)
void addFill(const StepCall& call) {
  const int64_t offset = call.integer(1, "offset", 0);
  const int64_t count = call.integer(2, "count", 0);
  const double value = toNumber(call.env(), call[3], "value");
  const Operand out = call.written(0, "out", offset + count);
  if (count == 0) return call.addNothing();
  call.add([=]<typename T>(const Kernels<T>&, const Memory<T>& memory, int threads) {
    const StandardFloatMode mode;  // the value is rounded
    T* const to = memory.write(out.place) + offset;
    forEachBlock(count, threads,
                 [&](int64_t begin, int64_t elements) { std::fill_n(to + begin, elements, static_cast<T>(value)); });
    return Status::kOk;
  });
}

// (outer, half, inner, x, out)
void addGlu(const StepCall& call) {
  const Napi::Env env = call.env();
  const int64_t outer = call.integer(0, "outer", 0);
  const int64_t half = call.integer(1, "half", 0);
  const int64_t inner = call.integer(2, "inner", 0);
  const int64_t count = product(env, {outer, half, inner});
  const Operand x = call.read(3, "x", product(env, {count, 2}));
  const Operand out = call.written(4, "out", count);
  requireApart(env, out, x, "x");
  if (count == 0) return call.addNothing();
  call.add([=, size = half * inner]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return gateHalves<T>(kernels, outer, size, memory.read(x.place), memory.write(out.place), threads);
  });
}

// (x, exponent, out)
void addPowScalar(const StepCall& call) {
  const Napi::Env env = call.env();
  const double exponent = toNumber(env, call[1], "exponent");
  const Operand whole = call.whole(2, "out");
  const int64_t count = whole.end - whole.begin;
  const Operand x = call.read(0, "x", count);
  const Operand out = call.written(2, "out", count);
  requireApartOrSame(env, out, x, "x");
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    powScalar<T>(kernels, exponent, memory.read(x.place), memory.write(out.place), count, threads);
    return Status::kOk;
  });
}

}  // namespace conv1d::binding
