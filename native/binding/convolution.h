// The JavaScript class Convolution: converts and checks arguments, and hands over to core/convolution.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/elements.h"
#include "binding/forward_jobs.h"
#include "binding/reported_memory.h"
#include "core/convolution.h"
#include "core/geometry.h"
#include "runtime/aligned_buffer.h"

namespace conv1d::binding {

class Convolution : public Napi::ObjectWrap<Convolution> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Convolution(const Napi::CallbackInfo& info);
  ~Convolution() override;

  // Of an object that may be anything.
  static Convolution& from(Napi::Env env, napi_value value);

  napi_typedarray_type kind() const noexcept { return kind_; }
  // The layer, which is of one of the two types.
  template <typename T>
  const std::shared_ptr<conv1d::Convolution<T>>& layer() const noexcept;

 private:
  // Of a shared network: a layer of this object's own over the same snapshot.
  void open(const Napi::CallbackInfo& info);
  // Of parameters.
  void make(const Napi::CallbackInfo& info);

  Napi::Value pack(const Napi::CallbackInfo& info);
  Napi::Value adopt(const Napi::CallbackInfo& info);
  void copyWeights(const Napi::CallbackInfo& info);
  void unpack(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);
  Napi::Value forwardAsync(const Napi::CallbackInfo& info);
  Napi::Value prepareMany(const Napi::CallbackInfo& info);
  Napi::Value push(const Napi::CallbackInfo& info);

  Napi::Value explain(const Napi::CallbackInfo& info);

  // convolution_gradients.cc.
  void inputGradient(const Napi::CallbackInfo& info);
  void weightGradient(const Napi::CallbackInfo& info);

  template <typename T>
  Napi::Value packAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value adoptAs(Napi::Env env, const std::shared_ptr<conv1d::Convolution<T>>& other,
                      std::shared_ptr<conv1d::Convolution<T>>* own);
  template <typename T>
  void copyWeightsAs(const Napi::CallbackInfo& info);
  template <typename T>
  void forwardAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value forwardAsyncAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value prepareManyAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value pushAs(const Napi::CallbackInfo& info);
  template <typename T>
  Napi::Value explainAs(const Napi::CallbackInfo& info);
  template <typename T>
  void inputGradientAs(const Napi::CallbackInfo& info);
  template <typename T>
  void weightGradientAs(const Napi::CallbackInfo& info);

  // Runs the call with info's weight (3) and bias (4), or with the snapshot.
  template <typename T>
  void run(const Napi::CallbackInfo& info, const Geometry& geometry, const T* input, const ElementSpan& out);
  template <typename T>
  JobWeights jobWeights(Napi::Env env, Napi::Value weight, Napi::Value bias);

  // Tells the garbage collector how much memory hangs on this object.
  void reportMemory() noexcept;

  Parameters parameters_;
  napi_typedarray_type kind_ = napi_float32_array;
  std::shared_ptr<conv1d::Convolution<float>> f32_;
  std::shared_ptr<conv1d::Convolution<double>> f64_;
  AlignedBuffer freshPanels_;  // of the weights given to forward(); kept to be used again
  const std::shared_ptr<ReportedMemory> reported_ =
      std::make_shared<ReportedMemory>(Env());  // pack()'s functions have it
};

}  // namespace conv1d::binding
