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

  // The primes above 7.
  void takeLarge() noexcept {
    int64_t rest = rest_;
    for (const int64_t small : {2, 3, 5, 7}) {
      while (rest % small == 0) rest /= small;
    }
    for (int64_t prime = 11; rest > 1; prime += 2) {
      if (prime * prime > rest) prime = rest;
      for (; rest % prime == 0; rest /= prime) take(prime);
    }
  }

  void takeSmall() noexcept {
    for (const int64_t radix : {7, 5, 3}) takeAll(radix);
    int64_t twos = 0;
    while (isMultipleOf(int64_t{2} << twos)) twos++;
    // What eights leave over: 16 is 4 * 4, not 2 * 8.
    if (twos == 1) take(2);
    if (twos > 1 && twos % 3 == 1) take(4);
    if (twos > 1 && twos % 3 != 0) take(4);
    takeAll(8);
  }

  DftRadices radices() const noexcept { return rest_ == 1 ? radices_ : DftRadices{}; }

 private:
  bool isMultipleOf(int64_t factor) const noexcept { return rest_ % factor == 0; }

  void takeAll(int64_t radix) noexcept {
    while (isMultipleOf(radix)) take(radix);
  }

  int64_t rest_;
  DftRadices radices_;
};

}  // namespace

DftRadices dftRadices(int64_t size) noexcept {
  if (size < kSmallestDft || size > kLargestDft) return {};
  Factors factors(size);
  factors.takeSmall();
  return factors.radices();
}

DftRadices allDftRadices(int64_t size) noexcept {
  Factors factors(size);
  factors.takeLarge();
  factors.takeSmall();
  return factors.radices();
}

}  // namespace conv1d
