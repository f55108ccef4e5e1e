#include "core/recurrent/recurrent.h"

#include <algorithm>
#include <new>

#include "core/checked_math.h"
#include "core/product/panels.h"
#include "core/product/product.h"
#include "runtime/float_mode.h"

namespace conv1d {
namespace {

// Which of PyTorch's gates (LSTM i, f, g, o; GRU r, z, n) columns of hiddenSize belong to.
constexpr int64_t kInOrder[] = {0, 1, 2, 3};
constexpr int64_t kNFirst[] = {2, 0, 1};

template <typename T>
bool allocate(int64_t elements, AlignedBuffer* buffer) noexcept {
  *buffer = AlignedBuffer(static_cast<std::size_t>(elements) * sizeof(T));
  return static_cast<bool>(*buffer);
}

template <typename T>
T* elements(const AlignedBuffer& buffer) noexcept {
  return reinterpret_cast<T*>(buffer.data());
}

// The row of PyTorch's weights that a column of the inputs' product stands for.
int64_t rowOfColumn(const RecurrentShape& shape, int64_t column) noexcept {
  const int64_t* const order = shape.kind == kLstm ? kInOrder : kNFirst;
  return order[column / shape.hiddenSize] * shape.hiddenSize + column % shape.hiddenSize;
}

// The panels of a product as rows of `depth` weights, one for each column.
template <typename T, typename RowOf>
void unpackPanels(const Parts& parts, int64_t depth, const T* data, const RowOf& rowOf) noexcept {
  const auto panels = Panels<T>::packed(data, parts, depth);
  for (int64_t panel = 0; panel < parts.count(); panel++) {
    for (int64_t c = 0; c < depth; c++) {
      const T* const row = panels.at(panel, c).data;
      for (int64_t i = 0; i < parts.size(panel); i++) rowOf(parts.begin(panel) + i)[c] = row[i];
    }
  }
}

}  // namespace

Status validate(const RecurrentShape& shape) noexcept {
  if (shape.inputSize < 1 || shape.hiddenSize < 1) return Status::kInvalidArgument;
  const int64_t widest = std::max(shape.inputSize, shape.hiddenSize);
  int64_t bytes = 0;
  // Four gates of float64, and as much again so that sums of such sizes fit as well.
  if (!checkedMultiply(widest, shape.hiddenSize, &bytes) || !checkedMultiply(bytes, 64, &bytes)) {
    return Status::kOverflow;
  }
  return Status::kOk;
}

template <typename T>
std::shared_ptr<const PackedRecurrent<T>> PackedRecurrent<T>::pack(const RecurrentShape& shape,
                                                                   const Kernels<T>& kernels,
                                                                   const RecurrentWeights<T>& weights) noexcept {
  std::shared_ptr<PackedRecurrent> result;
  try {
    result = std::make_shared<PackedRecurrent>();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  const int64_t size = shape.hiddenSize;
  const int64_t columns = shape.gates() * size;
  if (!allocate<T>(columns * shape.inputSize, &result->inputPanels_) ||
      !allocate<T>(columns * size, &result->hiddenPanels_) || !allocate<T>(columns, &result->bias_)) {
    return nullptr;
  }
  const StandardFloatMode mode;
  const auto rowOf = [&](int64_t column) { return rowOfColumn(shape, column); };
  const Parts parts = columnPanels(kernels, columns);
  packPanelsOf<T>(
      parts, shape.inputSize, [&](int64_t column) { return weights.ofInputs + rowOf(column) * shape.inputSize; },
      elements<T>(result->inputPanels_));
  packPanelsOf<T>(
      parts, size, [&](int64_t column) { return weights.ofHidden + column * size; },
      elements<T>(result->hiddenPanels_));
  const auto biasAt = [](const T* bias, int64_t row) { return bias == nullptr ? T{0} : bias[row]; };
  T* const bias = elements<T>(result->bias_);
  for (int64_t column = 0; column < columns; column++) {
    const int64_t row = rowOf(column);
    const bool isAlone = shape.kind == kGru && column < size;
    bias[column] = isAlone ? biasAt(weights.biasOfInputs, row)
                           : biasAt(weights.biasOfInputs, row) + biasAt(weights.biasOfHidden, row);
  }
  if (shape.kind == kGru) {
    if (!allocate<T>(size, &result->biasOfN_)) return nullptr;
    for (int64_t j = 0; j < size; j++) elements<T>(result->biasOfN_)[j] = biasAt(weights.biasOfHidden, 2 * size + j);
  }
  return result;
}

template <typename T>
void PackedRecurrent<T>::unpack(const RecurrentShape& shape, const Kernels<T>& kernels,
                                const RecurrentWeightMemory<T>& weights) const noexcept {
  const int64_t size = shape.hiddenSize;
  const int64_t columns = shape.gates() * size;
  const Parts parts = columnPanels(kernels, columns);
  unpackPanels(parts, shape.inputSize, inputPanels(),
               [&](int64_t column) { return weights.ofInputs + rowOfColumn(shape, column) * shape.inputSize; });
  unpackPanels(parts, size, hiddenPanels(), [&](int64_t column) { return weights.ofHidden + column * size; });
  for (int64_t column = 0; column < columns; column++)
    weights.biasOfInputs[rowOfColumn(shape, column)] = bias()[column];
  std::fill_n(weights.biasOfHidden, columns, T{-0.0});  // what it is added to stays as it is, a -0 as well
  if (shape.kind == kGru) std::copy_n(biasOfN(), size, weights.biasOfHidden + 2 * size);
}

template class PackedRecurrent<float>;
template class PackedRecurrent<double>;

}  // namespace conv1d
