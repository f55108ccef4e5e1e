#include "core/backward/input_gradient.h"

#include "core/backward/adjoint.h"
#include "core/backward/fold_padding.h"
#include "core/convolution.h"
#include "runtime/scratch.h"

namespace conv1d {

template <typename T>
Status inputGradient(const Kernels<T>& kernels, const Allowed& allowed, const InputGradientCall<T>& call,
                     AlignedBuffer* panels) noexcept {
  const Geometry& g = call.geometry;
  const Parameters& p = g.parameters;
  if (g.batch == 0 || g.length == 0) return Status::kOk;
  Geometry back;
  if (const Status status = makeAdjoint(g, &back); status != Status::kOk) return status;
  const Convolution<T> adjoint(back.parameters, kernels, allowed);
  const bool isFolded = back.outLength != g.length;
  const int64_t elements = isFolded ? g.batch * p.inChannels * back.outLength : 0;
  const Scratch padded(1, static_cast<size_t>(elements) * sizeof(T));
  if (!padded) return Status::kOutOfMemory;
  T* const out = isFolded ? reinterpret_cast<T*>(padded.of(0)) : call.out;
  const Status status =
      adjoint.run(Call<T>{back, call.gradient, out, call.threads}, PlainWeights<T>{call.weight, nullptr}, panels);
  if (status == Status::kOk && isFolded) foldPadding(kernels, g, out, call.out, call.threads);
  return status;
}

#define CONV1D_INSTANTIATE(T)                                                                      \
  template Status inputGradient<T>(const Kernels<T>&, const Allowed&, const InputGradientCall<T>&, \
                                   AlignedBuffer*) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
