#include "binding/shared_network.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "binding/convolution.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/recurrent.h"
#include "binding/results.h"
#include "binding/type_tags.h"

namespace conv1d::binding {
namespace {

constexpr const char* kWhat = "a network";

std::string toId(Napi::Env env, napi_value value) {
  constexpr std::size_t kLongest = 64;
  char id[kLongest + 1];
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, value, id, sizeof id, &length) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", "id must be a string");
  }
  return std::string(id, length);  // a longer one is cut, and nobody's
}

[[noreturn]] void refuseUnpacked(Napi::Env env) {
  throw typeError(env, "ERR_CONV1D_TYPE", "a layer has no packed weights: pack() them first");
}

template <typename T>
SharedLayer sharedConvolution(Napi::Env env, const conv1d::Convolution<T>& layer) {
  if (layer.snapshot == nullptr) refuseUnpacked(env);
  return std::shared_ptr<const conv1d::Convolution<T>>(layer.twin());
}

template <typename T>
SharedLayer sharedRecurrent(Napi::Env env, Recurrent& layer) {
  if (layer.packed<T>() == nullptr) refuseUnpacked(env);
  return SharedRecurrent<T>{layer.shape(), &layer.kernels(), layer.packed<T>()};
}

SharedLayer toLayer(Napi::Env env, napi_value value) {
  if (hasTag(env, value, kRecurrentTag)) {
    Recurrent& layer = Recurrent::from(env, value);
    return layer.kind() == napi_float32_array ? sharedRecurrent<float>(env, layer)
                                              : sharedRecurrent<double>(env, layer);
  }
  const Convolution& layer = Convolution::from(env, value);
  return layer.kind() == napi_float32_array ? sharedConvolution(env, *layer.layer<float>())
                                            : sharedConvolution(env, *layer.layer<double>());
}

}  // namespace

Napi::Function SharedNetwork::define(Napi::Env env) {
  return DefineClass(env, "SharedNetwork",
                     {
                         InstanceMethod<&SharedNetwork::description>("description"),
                         InstanceMethod<&SharedNetwork::release>("release"),
                     });
}

// (id) finds a network, (id, description, layers) lists one.
SharedNetwork::SharedNetwork(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SharedNetwork>(info) {
  const Napi::Env env = info.Env();
  orNoMemory(env, kWhat, [&] {
    std::string id = toId(env, info[0]);
    if (info[1].IsUndefined()) {
      network_ = conv1d::SharedNetwork::find(id);
      if (network_ == nullptr) {
        throw rangeError(env, "ERR_CONV1D_VALUE",
                         "there is no network of this id: it is of another process, or nobody holds it any more");
      }
      return;
    }
    std::vector<SharedLayer> layers;
    for (const napi_value layer : elementsOf(env, info[2], "layers")) layers.push_back(toLayer(env, layer));
    const ElementSpan given = toElements(env, info[1], "description", napi_uint8_array);
    std::vector<std::byte> description(given.bytes);
    std::copy_n(given.as<std::byte>(), given.bytes, description.data());
    network_ = conv1d::SharedNetwork::make(std::move(id), std::move(description), std::move(layers));
    if (network_ == nullptr) throw rangeError(env, "ERR_CONV1D_VALUE", "another network has this id");
  });
  reported_.snapshot(network_->description().size());  // layers report their snapshots themselves
  tag(info, kSharedNetworkTag);
}

const conv1d::SharedNetwork& SharedNetwork::network(Napi::Env env) const {
  if (network_ == nullptr) throw typeError(env, "ERR_CONV1D_TYPE", "the shared network was released");
  return *network_;
}

const SharedLayer& SharedNetwork::layerOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const SharedNetwork& self =
      unwrap<SharedNetwork>(env, info[0], kSharedNetworkTag, "the first argument must be a SharedNetwork");
  const std::vector<SharedLayer>& layers = self.network(env).layers();
  const int64_t index = toInteger(env, info[1], "index", 0);
  if (index >= static_cast<int64_t>(layers.size())) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "index must be below the number of layers");
  }
  return layers[static_cast<std::size_t>(index)];
}

// A copy: what is shared is never handed out.
Napi::Value SharedNetwork::description(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<std::byte>& bytes = network(env).description();
  const Result result = makeResult(env, static_cast<int64_t>(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(result.data));
  napi_value array = nullptr;
  if (napi_create_typedarray(env, napi_uint8_array, bytes.size(), result.buffer, 0, &array) != napi_ok) {
    throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory for the description of a network");
  }
  return {env, array};
}

void SharedNetwork::release(const Napi::CallbackInfo&) {
  network_.reset();
  reported_.snapshot(0);
}

}  // namespace conv1d::binding
