#include "core/fast/dft_size.h"

namespace conv1d {
namespace {

class Factors {
 public:
  explicit Factors(int64_t size) noexcept : rest_(size) {}

  void take(int64_t radix) noexcept {
    radices_.radix[static_cast<std::size_t>(radices_.count++)] = radix;
    rest_ /= radix;
  }

  void takeAll(int64_t radix) noexcept {
    while (isMultipleOf(radix)) take(radix);
  }

  bool isMultipleOf(int64_t factor) const noexcept { return rest_ % factor == 0; }

  DftRadices radices() const noexcept { return rest_ == 1 ? radices_ : DftRadices{}; }

 private:
  int64_t rest_;
  DftRadices radices_;
};

}  // namespace

DftRadices dftRadices(int64_t size) noexcept {
  if (size < kSmallestDft || size > kLargestDft) return {};
  Factors factors(size);
  for (const int64_t radix : {7, 5, 3}) factors.takeAll(radix);
  int64_t twos = 0;
  while (factors.isMultipleOf(int64_t{2} << twos)) twos++;
  // What eights leave over: 16 is 4 * 4, not 2 * 8.
  if (twos == 1) factors.take(2);
  if (twos > 1 && twos % 3 == 1) factors.take(4);
  if (twos > 1 && twos % 3 != 0) factors.take(4);
  factors.takeAll(8);
  return factors.radices();
}

}  // namespace conv1d
