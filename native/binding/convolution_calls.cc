#include "binding/convolution_calls.h"

#include "binding/arguments.h"
#include "binding/errors.h"

namespace conv1d::binding {

void requireOk(Napi::Env env, Status status) {
  switch (status) {
    case Status::kOk:
      return;
    case Status::kInvalidArgument:
      throw rangeError(env, "ERR_CONV1D_VALUE", "a parameter of the convolution is out of its range");
    case Status::kOverflow:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes of the convolution are too large to count");
    case Status::kTooShort:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the padded input is shorter than the dilated kernel");
    case Status::kPaddingTooWide:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the padding is too wide for the length of the input");
    case Status::kOutOfMemory:
      throw rangeError(env, "ERR_CONV1D_MEMORY", "out of memory");
    case Status::kCancelled:  // only background jobs are
      return;
  }
}

Parameters callParameters(Napi::Env env, const Parameters& parameters, Napi::Value outputPadding) {
  Parameters result = parameters;
  if (!parameters.transposed || outputPadding.IsUndefined()) return result;
  result.outputPadding = toInteger(env, outputPadding, "outputPadding", 0);
  requireOk(env, validate(result));
  return result;
}

Geometry toGeometry(Napi::Env env, const Parameters& parameters, napi_value batch, napi_value length) {
  Geometry geometry;
  requireOk(
      env, makeGeometry(parameters, toInteger(env, batch, "batch", 0), toInteger(env, length, "length", 0), &geometry));
  return geometry;
}

}  // namespace conv1d::binding
