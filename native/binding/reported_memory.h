// The memory that hangs on a JavaScript object, as the garbage collector was told. What is reported is taken back with
// the last owner.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace conv1d::binding {

class ReportedMemory {
 public:
  explicit ReportedMemory(napi_env env) noexcept : env_(env) {}
  ReportedMemory(const ReportedMemory&) = delete;
  ReportedMemory& operator=(const ReportedMemory&) = delete;
  ~ReportedMemory() { report(0); }

  // A layer's snapshot of its weights.
  void snapshot(std::size_t bytes) noexcept {
    snapshot_ = bytes;
    report(snapshot_ + panels_);
  }

  // Weights that are packed for calls.
  void panels(std::size_t bytes) noexcept {
    panels_ = bytes;
    report(snapshot_ + panels_);
  }

 private:
  void report(std::size_t bytes) noexcept {
    if (bytes == reported_) return;
    int64_t total = 0;
    napi_adjust_external_memory(env_, static_cast<int64_t>(bytes) - static_cast<int64_t>(reported_), &total);
    reported_ = bytes;
  }

  const napi_env env_;
  std::size_t snapshot_ = 0;
  std::size_t panels_ = 0;
  std::size_t reported_ = 0;
};

}  // namespace conv1d::binding
