// The JavaScript class Convolution: parameters, and a snapshot of packed weights.
#pragma once

#include <napi.h>

#include "core/geometry.h"
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
  // The weights in both orders that plans may ask for, so that no call has to pack them, and the bias.
  struct Snapshot {
    AlignedBuffer usual;
    AlignedBuffer swapped;
    AlignedBuffer bias;
    bool finite = false;

    std::size_t bytes() const noexcept { return usual.size() + swapped.size() + bias.size(); }
  };

  void pack(const Napi::CallbackInfo& info);
  void unpack(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);

  template <typename T>
  void forwardAs(const Napi::CallbackInfo& info);
  // Tells the garbage collector how much memory hangs on this object.
  void reportMemory() noexcept;

  template <typename T>
  void takeSnapshot(const Napi::CallbackInfo& info);
  // Packs into the buffer, a new one where that is too small.
  template <typename T>
  const T* packInto(Napi::Env env, const WeightPacking& packing, const T* weight, AlignedBuffer* buffer);

  Parameters parameters_;
  napi_typedarray_type kind_ = napi_float32_array;
  const KernelTable* kernels_ = nullptr;
  Snapshot snapshot_;
  Plan plan_;                  // of the last call on the snapshot
  int planThreads_ = 0;        // what plan_ was made for; 0 for none
  AlignedBuffer freshPanels_;  // of the weights given to forward(); kept to be used again
  std::size_t reportedBytes_ = 0;
};

}  // namespace conv1d::binding
