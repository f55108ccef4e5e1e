#include "binding/samples.h"

#include <cstdint>

#include "binding/elements.h"
#include "binding/errors.h"

namespace conv1d::binding {
namespace {

struct Samples {
  const int16_t* data = nullptr;
  int64_t length = 0;
};

Samples toSamples(Napi::Env env, napi_value value) {
  napi_typedarray_type kind = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &kind, &length, &data, nullptr, nullptr) != napi_ok ||
      kind != napi_int16_array) {
    throw typeError(env, "ERR_CONV1D_TYPE", "from must be an Int16Array");
  }
  return {static_cast<const int16_t*>(data), static_cast<int64_t>(length)};
}

}  // namespace

void scaleSamples(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t first = toInteger(env, info[1], "first", 0);
  const int64_t step = toInteger(env, info[2], "step", 1);
  const double unit = toNumber(env, info[3], "unit");
  const ElementSpan to = toElements(env, info[4], "to", napi_float32_array);
  const Samples from = toSamples(env, info[0]);
  if (to.length == 0) return;
  if (first >= from.length || (to.length - 1) > (from.length - 1 - first) / step) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "from has fewer samples than to");
  }
  const auto scale = static_cast<float>(unit);
  const int16_t* const samples = from.data + first;
  auto* const out = static_cast<float*>(to.data);
  if (step == 1) {  // in vectors
    for (int64_t i = 0; i < to.length; i++) out[i] = static_cast<float>(samples[i]) * scale;
  } else {
    for (int64_t i = 0; i < to.length; i++) out[i] = static_cast<float>(samples[i * step]) * scale;
  }
}

}  // namespace conv1d::binding
