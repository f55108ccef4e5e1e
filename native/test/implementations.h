// What every theme repeats for each implementation.
#pragma once

#include <doctest.h>

#include <string>

#include "kernels/dispatch.h"

namespace conv1d::test {

// Calls visit(kernels) for the element type T of every implementation that this machine runs.
template <typename T, typename Visit>
void forEachImplementation(Visit visit) {
  for (const KernelTable* const* table = supportedKernels(); *table != nullptr; table++) {
    INFO(std::string((*table)->name));
    visit(kernelsFor<T>(**table));
  }
}

}  // namespace conv1d::test
