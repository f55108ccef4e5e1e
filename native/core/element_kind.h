// The types of elements that tensors have.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conv1d {

enum class ElementKind { kFloat32, kFloat64, kInt64, kInt32, kBool };

// Calls visit(T{}) with the C++ type of a kind; a bool is a byte, true unless it is zero.
template <typename Visit>
decltype(auto) withElementType(ElementKind kind, Visit visit) {
  switch (kind) {
    case ElementKind::kFloat32:
      return visit(float{});
    case ElementKind::kFloat64:
      return visit(double{});
    case ElementKind::kInt64:
      return visit(int64_t{});
    case ElementKind::kInt32:
      return visit(int32_t{});
    case ElementKind::kBool:
      break;
  }
  return visit(uint8_t{});
}

inline std::size_t elementSize(ElementKind kind) noexcept {
  return withElementType(kind, []<typename T>(T) { return sizeof(T); });
}

}  // namespace conv1d
