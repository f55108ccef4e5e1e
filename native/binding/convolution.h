// The JavaScript class Convolution: parameters, and a snapshot of packed weights.
#pragma once

#include <napi.h>

#include "core/geometry.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d::binding {

class Convolution : public Napi::ObjectWrap<Convolution> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Convolution(const Napi::CallbackInfo& info);

 private:
  // Weights packed for kernels_, and the bias behind them.
  struct Snapshot {
    AlignedBuffer memory;
    bool hasBias = false;
  };

  void pack(const Napi::CallbackInfo& info);
  void unpack(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);

  template <typename T>
  void forwardAs(const Napi::CallbackInfo& info);
  template <typename T>
  Snapshot snapshot(const Napi::CallbackInfo& info, napi_value weight, napi_value bias, bool copyBias);

  Parameters parameters_;
  napi_typedarray_type kind_ = napi_float32_array;
  const KernelTable* kernels_ = nullptr;
  Snapshot packed_;
};

}  // namespace conv1d::binding
