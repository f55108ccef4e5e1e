// The JavaScript class Recurrent: converts and checks arguments, and hands over to core/recurrent.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/reported_memory.h"
#include "core/recurrent/recurrent.h"

namespace conv1d::binding {

class Recurrent : public Napi::ObjectWrap<Recurrent> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Recurrent(const Napi::CallbackInfo& info);

  // Of an object that may be anything.
  static Recurrent& from(Napi::Env env, napi_value value);

  napi_typedarray_type kind() const noexcept { return kind_; }
  const RecurrentShape& shape() const noexcept { return shape_; }
  const KernelTable& kernels() const noexcept { return *kernels_; }
  // The snapshot that pack() made, null before.
  template <typename T>
  std::shared_ptr<const PackedRecurrent<T>>& packed() noexcept;

 private:
  // Of a shared network, with its snapshot.
  void open(const Napi::CallbackInfo& info);
  // Of sizes.
  void make(const Napi::CallbackInfo& info);

  void pack(const Napi::CallbackInfo& info);
  void adopt(const Napi::CallbackInfo& info);
  void copyWeights(const Napi::CallbackInfo& info);
  void run(const Napi::CallbackInfo& info);
  void backward(const Napi::CallbackInfo& info);

  template <typename T>
  void packAs(const Napi::CallbackInfo& info);
  template <typename T>
  void copyWeightsAs(const Napi::CallbackInfo& info);
  template <typename T>
  void runAs(const Napi::CallbackInfo& info);
  template <typename T>
  void backwardAs(const Napi::CallbackInfo& info);
  // What both calls begin with.
  struct Operands;
  template <typename T>
  Operands toOperands(const Napi::CallbackInfo& info) const;

  RecurrentShape shape_;
  napi_typedarray_type kind_ = napi_float32_array;
  const KernelTable* kernels_;
  std::shared_ptr<const PackedRecurrent<float>> f32_;
  std::shared_ptr<const PackedRecurrent<double>> f64_;
  ReportedMemory reported_{Env()};
};

}  // namespace conv1d::binding
