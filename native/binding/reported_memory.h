// The memory that hangs on a JavaScript object, as the garbage collector was told.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace conv1d::binding {

class ReportedMemory {
 public:
  void set(Napi::Env env, std::size_t bytes) noexcept {
    if (bytes == bytes_) return;
    int64_t total = 0;
    napi_adjust_external_memory(env, static_cast<int64_t>(bytes) - static_cast<int64_t>(bytes_), &total);
    bytes_ = bytes;
  }

 private:
  std::size_t bytes_ = 0;
};

}  // namespace conv1d::binding
