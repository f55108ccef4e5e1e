// The last few plans of a layer, for one thread.
#pragma once

#include <array>

#include "core/plan/plan.h"

namespace conv1d {

// Signals often have one length; a stream's chunks alternate between a few.
class PlanCache {
 public:
  // The plan for a request, good until the next one. All snapshots of a layer have the same layouts: that they are
  // finite, a windowed DFT, or good for fast algorithms is all that tells them apart here.
  template <typename T>
  const Plan& plan(const PlanRequest<T>& request) noexcept {
    for (const Entry& entry : entries_) {
      if (entry.maxThreads == request.maxThreads && entry.finite == request.finiteWeights &&
          entry.isDft == (request.dft != nullptr) && entry.isFast == request.allowed.fast &&
          entry.geometry == request.geometry) {
        return entry.plan;
      }
    }
    Entry& oldest = entries_[next_];
    next_ = (next_ + 1) % kEntries;
    oldest = {request.geometry,       request.maxThreads,   request.finiteWeights,
              request.dft != nullptr, request.allowed.fast, makePlan(request)};
    return oldest.plan;
  }

 private:
  static constexpr std::size_t kEntries = 4;

  struct Entry {
    Geometry geometry;   // as it was asked for
    int maxThreads = 0;  // no request has 0
    bool finite = false;
    bool isDft = false;
    bool isFast = false;
    Plan plan;
  };

  std::array<Entry, kEntries> entries_;
  std::size_t next_ = 0;
};

}  // namespace conv1d
