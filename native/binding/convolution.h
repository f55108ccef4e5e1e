// The JavaScript class Convolution: parameters, and a snapshot of packed weights.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/arguments.h"
#include "binding/forward_jobs.h"
#include "core/forward.h"
#include "core/geometry.h"
#include "core/packed_weights.h"
#include "core/plan.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d::binding {

class Convolution : public Napi::ObjectWrap<Convolution> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Convolution(const Napi::CallbackInfo& info);
  ~Convolution() override;

 private:
  void pack(const Napi::CallbackInfo& info);
  void unpack(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);
  Napi::Value forwardAsync(const Napi::CallbackInfo& info);
  Napi::Value prepareMany(const Napi::CallbackInfo& info);
  Napi::Value push(const Napi::CallbackInfo& info);

  template <typename T>
  void forwardAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value forwardAsyncAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value prepareManyAs(const Napi::CallbackInfo& info);
  template <typename T>
  JobWeights<T> jobWeights(Napi::Env env, Napi::Value weight, Napi::Value bias);
  template <typename T>
  Napi::Value pushAs(const Napi::CallbackInfo& info);
  template <typename T>
  void compute(const Napi::CallbackInfo& info, const Geometry& geometry, const FloatSpan& out, ForwardArgs<T>& args);
  // Tells the garbage collector how much memory hangs on this object.
  void reportMemory() noexcept;

  template <typename T>
  void takeSnapshot(const Napi::CallbackInfo& info);

  Parameters parameters_;
  napi_typedarray_type kind_ = napi_float32_array;
  const KernelTable* kernels_ = nullptr;
  std::shared_ptr<const PackedWeights> snapshot_;  // jobs in flight go on with the one they found
  Plan plan_;                                      // of the last call on the snapshot
  int planThreads_ = 0;                            // what plan_ was made for; 0 for none
  AlignedBuffer freshPanels_;                      // of the weights given to forward(); kept to be used again
  std::size_t reportedBytes_ = 0;
};

}  // namespace conv1d::binding
