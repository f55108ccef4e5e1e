#include "kernels/dispatch.h"

#include <atomic>
#include <cstring>

#include "kernels/kernels.h"

namespace conv1d {
namespace {

// Every implementation compiled for this architecture, best first.
const KernelTable* const kCompiled[] = {
#if defined(__x86_64__) || defined(_M_X64)
    &kAvx512Kernels,
    &kAvx2Kernels,
#elif defined(__aarch64__) || defined(_M_ARM64)
    &kNeonKernels,
#endif
    &kScalarKernels,
};
constexpr int kCompiledCount = sizeof kCompiled / sizeof kCompiled[0];

struct Supported {
  const KernelTable* list[kCompiledCount + 1] = {};

  Supported() {
    int count = 0;
    for (const KernelTable* table : kCompiled) {
      if (table->supported()) list[count++] = table;
    }
  }
};

std::atomic<const KernelTable*>& selected() {
  static std::atomic<const KernelTable*> table{supportedKernels()[0]};
  return table;
}

}  // namespace

const KernelTable* const* supportedKernels() {
  static const Supported supported;
  return supported.list;
}

const KernelTable* findKernels(const char* name) {
  for (const KernelTable* const* table = supportedKernels(); *table != nullptr; table++) {
    if (std::strcmp((*table)->name, name) == 0) return *table;
  }
  return nullptr;
}

const KernelTable& activeKernels() { return *selected().load(std::memory_order_relaxed); }

void selectKernels(const KernelTable& kernels) { selected().store(&kernels, std::memory_order_relaxed); }

template <>
const Kernels<float>& kernelsFor<float>(const KernelTable& table) {
  return table.f32;
}

template <>
const Kernels<double>& kernelsFor<double>(const KernelTable& table) {
  return table.f64;
}

}  // namespace conv1d
