// How the tiles of a call are cut into tasks, and where the tiles of a task lie.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"
#include "core/plan/plan.h"

namespace conv1d {

// Some panels of one strip.
struct TileTask {
  int64_t group;
  int64_t firstCell;
  int64_t cells;
  int64_t firstPhase;
  int64_t phases;
  int64_t firstPanel;
  int64_t endPanel;
};

// Neighbouring tiles of one phase of an item; their columns in the strip begin at `column`, and the halo follows them.
struct Segment {
  int64_t item;
  int64_t phase;
  int64_t firstTile;
  int64_t tiles;
  int64_t column;
};

class TileStrips {
 public:
  explicit TileStrips(const Plan& plan) noexcept : plan_(plan), t_(plan.fast) {}

  TileTask locate(int64_t index) const noexcept {
    const int64_t rowParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    TileTask task{};
    task.firstPanel = index % rowParts * plan_.panelsPerTask;
    task.endPanel = std::min(task.firstPanel + plan_.panelsPerTask, plan_.panels);
    index /= rowParts;
    task.firstPhase = index % t_.phaseParts * t_.phasesPerStrip;
    task.phases = std::min(t_.phasesPerStrip, t_.phases - task.firstPhase);
    index /= t_.phaseParts;
    task.firstCell = index % t_.strips * t_.cellsPerStrip;
    task.cells = std::min(t_.cellsPerStrip, plan_.geometry.batch * t_.tilesPerPhase - task.firstCell);
    task.group = index / t_.strips;
    return task;
  }

  // Calls visit(segment) for the segments of a strip, in the order of their columns.
  template <typename Visit>
  void forEachSegment(const TileTask& task, Visit visit) const noexcept {
    int64_t column = 0;
    for (int64_t cell = task.firstCell; cell < task.firstCell + task.cells;) {
      const int64_t item = cell / t_.tilesPerPhase;
      const int64_t firstTile = cell % t_.tilesPerPhase;
      const int64_t tiles = std::min(t_.tilesPerPhase - firstTile, task.firstCell + task.cells - cell);
      for (int64_t phase = task.firstPhase; phase < task.firstPhase + task.phases; phase++) {
        visit(Segment{item, phase, firstTile, tiles, column});
        column += tiles + t_.halo;
      }
      cell += tiles;
    }
  }

  // Calls visit(item, position, count) for the stretches of output rows that a strip makes. Where it has some of the
  // phases only, the others lie between its stretches.
  template <typename Visit>
  void forEachStretch(const TileTask& task, Visit visit) const noexcept {
    const int64_t outLength = plan_.geometry.outLength;
    const int64_t step = t_.form.step;
    forEachSegment(task, [&](const Segment& segment) {
      if (segment.phase != task.firstPhase) return;
      const int64_t outputs = outputsOf(segment);  // of the first of its phases, which has the most
      const int64_t first = segment.firstTile * t_.form.hop * step + segment.phase;
      const bool isWhole = task.phases == step;
      const int64_t length = isWhole ? outputs * step : task.phases;
      const int64_t end = first + outputs * step;
      for (int64_t at = first; at < end; at += isWhole ? length : step) {
        visit(segment.item, at, std::min(length, outLength - at));
      }
    });
  }

  bool isOneSegment(const TileTask& task) const noexcept {
    return task.phases == 1 && task.firstCell % t_.tilesPerPhase + task.cells <= t_.tilesPerPhase;
  }

  // Halos included.
  int64_t columnsOf(const TileTask& task) const noexcept {
    const int64_t items = ceilDivide(task.firstCell % t_.tilesPerPhase + task.cells, t_.tilesPerPhase);
    return (task.cells + items * t_.halo) * task.phases;
  }

  // Outputs of a segment, of those its tiles could make.
  int64_t outputsOf(const Segment& segment) const noexcept {
    const int64_t outLength = plan_.geometry.outLength;
    const int64_t ofPhase = segment.phase < outLength ? ceilDivide(outLength - segment.phase, t_.form.step) : 0;
    const int64_t first = segment.firstTile * t_.form.hop;
    return std::clamp<int64_t>(ofPhase - first, 0, segment.tiles * t_.form.hop);
  }

 private:
  const Plan& plan_;
  const TilePlan& t_;
};

}  // namespace conv1d
