#include "core/fast/real_dft_tables.h"

#include <cstddef>

#include "core/fast/unit_circle.h"

namespace conv1d {
namespace {

// Appends the twiddle factors of a pass and returns where they begin.
template <typename T>
std::size_t addTwiddles(int64_t radix, int64_t length, std::vector<T>* twiddles) {
  const std::size_t begin = twiddles->size();
  for (int64_t bin = 1; 2 * bin <= length; bin++) {
    for (int64_t leg = 1; leg < radix; leg++) {
      const UnitPoint point = unitPoint(bin * leg, radix * length);
      twiddles->push_back(static_cast<T>(point.cos));
      twiddles->push_back(static_cast<T>(point.sin));
    }
  }
  return begin;
}

template <typename T>
void addRoots(int64_t radix, std::vector<T>* roots) {
  for (int64_t part = 0; part < radix; part++) {
    const UnitPoint point = unitPoint(part, radix);
    roots->push_back(static_cast<T>(point.cos));
    roots->push_back(static_cast<T>(point.sin));
  }
}

// The last pass joins the spectra of every radix-th sample, from sample 0, from sample 1, ...; so does each pass before
// it within every one of them.
template <typename T>
int64_t placeOf(int64_t sample, const std::vector<RealDftPass<T>>& passes) {
  int64_t place = 0;
  for (auto pass = passes.rbegin(); pass != passes.rend(); ++pass) {
    place += sample % pass->radix * pass->length;
    sample /= pass->radix;
  }
  return place;
}

}  // namespace

template <typename T>
RealDftTables<T>::RealDftTables(int64_t size, const DftRadices& radices) {
  std::vector<std::size_t> begins;
  std::vector<std::size_t> rootBegins;
  int64_t length = 1;
  for (int i = 0; i < radices.count; i++) {
    const int64_t radix = radices.radix[static_cast<std::size_t>(i)];
    begins.push_back(addTwiddles(radix, length, &twiddles));
    rootBegins.push_back(roots.size());
    if (radix > 8) addRoots(radix, &roots);
    passes.push_back({radix, length, nullptr, nullptr});
    length *= radix;
  }
  for (std::size_t i = 0; i < passes.size(); i++) {
    passes[i].twiddles = twiddles.data() + begins[i];
    passes[i].roots = roots.data() + rootBegins[i];
  }
  for (int64_t sample = 0; sample < size; sample++) places.push_back(static_cast<int32_t>(placeOf(sample, passes)));
}

template struct RealDftTables<float>;
template struct RealDftTables<double>;

}  // namespace conv1d
