#include "runtime/start_thread.h"

#include <atomic>
#include <thread>

namespace conv1d {
namespace {

std::atomic<bool> refuses{false};

}  // namespace

bool startThread(void (*body)(void* context), void* context) noexcept {
  if (refuses.load(std::memory_order_relaxed)) return false;
  try {
    std::thread(body, context).detach();
  } catch (...) {
    return false;
  }
  return true;
}

void refuseThreads(bool refuse) noexcept { refuses.store(refuse, std::memory_order_relaxed); }

}  // namespace conv1d
