// Objects of the addon's classes that come as arguments: whether they are what they seem, before anything is unwrapped.
// A tag is no property: neither heirs nor proxies have it.
#pragma once

#include <napi.h>

#include "binding/errors.h"

namespace conv1d::binding {

constexpr napi_type_tag kConvolutionTag = {0xC04B1D0A5F3E4C11, 0x9A6D2E7B01C8F301};
constexpr napi_type_tag kRecurrentTag = {0xC04B1D0A5F3E4C11, 0x9A6D2E7B01C8F302};
constexpr napi_type_tag kProgramTag = {0xC04B1D0A5F3E4C11, 0x9A6D2E7B01C8F303};
constexpr napi_type_tag kSharedNetworkTag = {0xC04B1D0A5F3E4C11, 0x9A6D2E7B01C8F304};

// To be called last in a constructor: an object that has the tag was made in full.
inline void tag(const Napi::CallbackInfo& info, const napi_type_tag& tag) {
  if (napi_type_tag_object(info.Env(), info.This(), &tag) != napi_ok) {
    throw typeError(info.Env(), "ERR_CONV1D_TYPE", "the engine refuses to mark an object");
  }
}

// Whether a value, of any kind, is an object with the tag.
inline bool hasTag(Napi::Env env, napi_value value, const napi_type_tag& tag) {
  napi_valuetype type = napi_undefined;
  bool isTagged = false;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_object &&
         napi_check_object_type_tag(env, value, &tag, &isTagged) == napi_ok && isTagged;
}

// What an object with the tag wraps; everything else is refused.
template <typename Class>
Class& unwrap(Napi::Env env, napi_value value, const napi_type_tag& tag, const char* expected) {
  void* wrapped = nullptr;
  if (!hasTag(env, value, tag) || napi_unwrap(env, value, &wrapped) != napi_ok || wrapped == nullptr) {
    throw typeError(env, "ERR_CONV1D_TYPE", expected);
  }
  return *static_cast<Class*>(wrapped);
}

}  // namespace conv1d::binding
