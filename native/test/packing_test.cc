// Sizes and layouts: checked arithmetic, geometry, panels, tile rows, packed weights.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/checked_math.h"
#include "core/geometry.h"
#include "core/pack/pack_input.h"
#include "core/pack/pack_weights.h"
#include "core/pack/tile_layout.h"
#include "core/parts.h"
#include "core/run/copy_short.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// --- checked arithmetic
// -----------------------------------------------------------------------------------------------

TEST_CASE("checkedMultiply answers exactly when the product fits") {
  struct Case {
    int64_t a, b;
    bool fits;
  };
  constexpr Case kCases[] = {
      {0, 0, true},
      {0, kMax, true},
      {kMax, 0, true},
      {1, kMax, true},
      {kMax, 1, true},
      {2, kMax / 2, true},
      {2, kMax / 2 + 1, false},
      {kMax, kMax, false},
      {int64_t{1} << 31, int64_t{1} << 31, true},
      {int64_t{1} << 32, int64_t{1} << 31, false},
      {(int64_t{1} << 31) - 1, (int64_t{1} << 31) - 1, true},
      {3037000499, 3037000499, true},
      {3037000500, 3037000500, false},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.a);
    CAPTURE(c.b);
    int64_t result = -7;
    CHECK(checkedMultiply(c.a, c.b, &result) == c.fits);
    if (c.fits) {
      CHECK(result == c.a * c.b);
    } else {
      CHECK(result == -7);
    }
  }
}

TEST_CASE("checkedAdd answers exactly when the sum fits") {
  int64_t result = -7;
  CHECK_FALSE(checkedAdd(kMax, 1, &result));
  CHECK_FALSE(checkedAdd(1, kMax, &result));
  CHECK_FALSE(checkedAdd(kMax, kMax, &result));
  CHECK(result == -7);
  CHECK(checkedAdd(kMax, 0, &result));
  CHECK(result == kMax);
  CHECK(checkedAdd(kMax - 5, 5, &result));
  CHECK(result == kMax);
}

TEST_CASE_TEMPLATE("copyShort copies as many elements as it is told, and touches no other", T, float, double) {
  GuardedBuffer<T> from(40);
  GuardedBuffer<T> to(40);
  for (int64_t count = 0; count <= 40; count++) {
    for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
      CAPTURE(count);
      const auto source = from.place(count, flush);
      const auto target = to.place(count, flush);
      for (int64_t i = 0; i < count; i++) source[static_cast<size_t>(i)] = static_cast<T>(i + 1);
      copyShort(source.data(), count, target.data());
      CHECK(std::equal(source.begin(), source.end(), target.begin()));
      CHECK(to.surroundingsUntouched());
    }
  }
}

TEST_CASE("ceilDivide and roundUp do not overflow near the limit") {
  CHECK(ceilDivide(0, 3) == 0);
  CHECK(ceilDivide(6, 3) == 2);
  CHECK(ceilDivide(7, 3) == 3);
  CHECK(ceilDivide(kMax, 2) == kMax / 2 + 1);
  CHECK(ceilDivide(kMax, kMax) == 1);
  CHECK(roundUp(0, 16) == 0);
  CHECK(roundUp(1, 16) == 16);
  CHECK(roundUp(32, 16) == 32);
}

// --- geometry
// ---------------------------------------------------------------------------------------------------------

TEST_CASE("validate refuses what is out of range and sizes that do not fit") {
  struct Case {
    Parameters parameters;
    Status status;
  };
  const Case kCases[] = {
      {{.inChannels = 2, .outChannels = 3, .kernelSize = 5}, Status::kOk},
      {{.inChannels = 6, .outChannels = 9, .kernelSize = 1, .groups = 3}, Status::kOk},
      {{.inChannels = 0}, Status::kInvalidArgument},
      {{.inChannels = -1}, Status::kInvalidArgument},
      {{.outChannels = 0}, Status::kInvalidArgument},
      {{.outChannels = kMin}, Status::kInvalidArgument},
      {{.kernelSize = 0}, Status::kInvalidArgument},
      {{.stride = 0}, Status::kInvalidArgument},
      {{.stride = -2}, Status::kInvalidArgument},
      {{.padLeft = -1}, Status::kInvalidArgument},
      {{.padRight = kMin}, Status::kInvalidArgument},
      {{.dilation = 0}, Status::kInvalidArgument},
      {{.groups = 0}, Status::kInvalidArgument},
      {{.groups = -1}, Status::kInvalidArgument},
      {{.inChannels = 4, .outChannels = 6, .groups = 4}, Status::kInvalidArgument},
      {{.inChannels = 4, .outChannels = 6, .groups = 3}, Status::kInvalidArgument},
      {{.inChannels = kMax, .outChannels = 1, .kernelSize = 2}, Status::kOverflow},
      {{.inChannels = 1, .outChannels = 1, .kernelSize = kMax}, Status::kOverflow},
      {{.inChannels = int64_t{1} << 30, .outChannels = int64_t{1} << 30, .kernelSize = 1}, Status::kOverflow},
      {{.inChannels = int64_t{1} << 30, .outChannels = int64_t{1} << 29, .kernelSize = 1}, Status::kOk},
      {{.stride = kMax, .padLeft = kMax, .padRight = kMax, .dilation = kMax}, Status::kOk},
  };
  for (const Case& c : kCases) {
    CAPTURE(&c - kCases);
    CHECK(validate(c.parameters) == c.status);
  }
}

TEST_CASE("makeGeometry refuses calls that do not fit, without overflowing on the way") {
  using enum PaddingMode;
  struct Case {
    Parameters parameters;
    int64_t batch, length;
    Status status;
    int64_t outLength;  // when it is kOk
  };
  constexpr int64_t kHuge = int64_t{1} << 62;
  const Case kCases[] = {
      {{.kernelSize = 5}, 4, 6, Status::kOk, 2},
      {{.kernelSize = 5}, 0, 6, Status::kOk, 2},
      {{.kernelSize = 5}, 1, 4, Status::kTooShort, 0},
      {{.kernelSize = 5}, 1, 0, Status::kTooShort, 0},
      {{.kernelSize = 5, .padLeft = 3, .padRight = 3}, 1, 0, Status::kOk, 2},
      {{.kernelSize = 3, .stride = 2, .padLeft = 1, .padRight = 1}, 1, 3000, Status::kOk, 1500},
      {{}, -1, 1, Status::kInvalidArgument, 0},
      {{}, 1, -1, Status::kInvalidArgument, 0},
      {{}, kMin, kMin, Status::kInvalidArgument, 0},
      // Padding modes: reflect needs less padding than elements, circular no more, replicate one element.
      {{.padLeft = 4, .mode = kReflect}, 1, 5, Status::kOk, 9},
      {{.padLeft = 5, .mode = kReflect}, 1, 5, Status::kPaddingTooWide, 0},
      {{.padRight = 5, .mode = kReflect}, 1, 5, Status::kPaddingTooWide, 0},
      {{.padLeft = 5, .padRight = 5, .mode = kCircular}, 1, 5, Status::kOk, 15},
      {{.padLeft = 6, .mode = kCircular}, 1, 5, Status::kPaddingTooWide, 0},
      {{.padRight = 6, .mode = kCircular}, 1, 5, Status::kPaddingTooWide, 0},
      {{.padLeft = 90, .mode = kReplicate}, 1, 1, Status::kOk, 91},
      {{.padLeft = 1, .mode = kReplicate}, 1, 0, Status::kPaddingTooWide, 0},
      // Sizes near the limit: refused or right, never wrapped around.
      {{.padLeft = kMax}, 1, 1, Status::kOverflow, 0},
      {{.padRight = kMax}, 1, 1, Status::kOverflow, 0},
      {{.padLeft = kMax - 1, .padRight = kMax - 1}, 1, 1, Status::kOverflow, 0},
      {{.padLeft = kMax - 4}, 1, 10, Status::kOverflow, 0},
      {{.kernelSize = 2, .dilation = kMax}, 1, 10, Status::kTooShort, 0},
      {{.kernelSize = 2, .dilation = kMax / 2}, 1, 10, Status::kTooShort, 0},
      {{.kernelSize = 3, .dilation = kMax}, 1, 10, Status::kOverflow, 0},
      {{.kernelSize = 1, .dilation = kMax}, 1, 10, Status::kOk, 10},
      {{.kernelSize = 3, .dilation = int64_t{1} << 31}, 1, 10, Status::kTooShort, 0},
      {{.stride = kMax}, 1, 10, Status::kOk, 1},
      {{.stride = int64_t{1} << 40}, 1, 10, Status::kOk, 1},
      {{}, kHuge, 4, Status::kOverflow, 0},
      {{.inChannels = int64_t{1} << 40}, int64_t{1} << 20, 4, Status::kOverflow, 0},
      {{.outChannels = int64_t{1} << 40}, 1, int64_t{1} << 30, Status::kOverflow, 0},
      {{}, 1, kMax, Status::kOverflow, 0},
      {{}, 0, kHuge, Status::kOk, kHuge},
  };
  for (const Case& c : kCases) {
    CAPTURE(&c - kCases);
    REQUIRE(validate(c.parameters) == Status::kOk);
    Geometry geometry;
    geometry.outLength = -7;
    const Status status = makeGeometry(c.parameters, c.batch, c.length, &geometry);
    CHECK(status == c.status);
    if (status == Status::kOk) {
      CHECK(geometry.outLength == c.outLength);
      CHECK(geometry.length == c.length);
      CHECK(geometry.batch == c.batch);
    } else {
      CHECK(geometry.outLength == -7);
    }
  }
}

TEST_CASE("the output length is the number of positions at which the dilated kernel fits") {
  Random random(1);
  for (int i = 0; i < 2000; i++) {
    const Parameters p = {.kernelSize = random.between(1, 9),
                          .stride = random.between(1, 7),
                          .padLeft = random.between(0, 9),
                          .padRight = random.between(0, 9),
                          .dilation = random.between(1, 9)};
    const int64_t length = random.between(0, 60);
    int64_t expected = 0;
    const int64_t lastTap = (p.kernelSize - 1) * p.dilation;
    for (int64_t start = 0; start + lastTap < p.padLeft + length + p.padRight; start += p.stride) expected++;
    Geometry geometry;
    const Status status = makeGeometry(p, 1, length, &geometry);
    CAPTURE(i);
    CHECK(status == (expected > 0 ? Status::kOk : Status::kTooShort));
    if (status == Status::kOk) CHECK(geometry.outLength == expected);
  }
}

TEST_CASE("sourcePosition repeats the signal as PyTorch's padding modes do") {
  struct Case {
    PaddingMode mode;
    std::array<int64_t, 13> sources;  // of positions -4 .. 8 of a signal of 5 elements
  };
  constexpr Case kCases[] = {
      {PaddingMode::kZeros, {-1, -1, -1, -1, 0, 1, 2, 3, 4, -1, -1, -1, -1}},
      {PaddingMode::kReflect, {4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1, 0}},
      {PaddingMode::kReplicate, {0, 0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4, 4}},
      {PaddingMode::kCircular, {1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3}},
  };
  for (const Case& c : kCases) {
    for (int64_t position = -4; position <= 8; position++) {
      CAPTURE(static_cast<int>(c.mode));
      CAPTURE(position);
      CHECK(sourcePosition(position, 5, c.mode) == c.sources[static_cast<size_t>(position + 4)]);
    }
  }
}

// --- panels
// -----------------------------------------------------------------------------------------------------------

TEST_CASE("panels are of nearly equal height") {
  struct Case {
    int64_t channels, maxRows;
    std::vector<int64_t> rows;
  };
  const Case kCases[] = {
      {1, 8, {1}},        {8, 8, {8}},           {9, 8, {5, 4}}, {15, 8, {8, 7}},   {17, 8, {6, 6, 5}},
      {15, 6, {5, 5, 5}}, {25, 8, {7, 6, 6, 6}}, {5, 4, {3, 2}}, {3, 1, {1, 1, 1}},
  };
  for (const Case& c : kCases) {
    const Parts panels(c.channels, c.maxRows);
    std::vector<int64_t> rows;
    for (int64_t panel = 0; panel < panels.count(); panel++) rows.push_back(panels.size(panel));
    CAPTURE(c.channels);
    CHECK(rows == c.rows);
  }
}

TEST_CASE("panels cover every channel once and in order") {
  for (int64_t maxRows = 1; maxRows <= 8; maxRows++) {
    for (int64_t channels = 1; channels <= 100; channels++) {
      const Parts panels(channels, maxRows);
      int64_t next = 0;
      bool ok = panels.count() == ceilDivide(channels, maxRows);
      for (int64_t panel = 0; panel < panels.count(); panel++) {
        ok = ok && panels.begin(panel) == next && panels.size(panel) >= 1 && panels.size(panel) <= maxRows;
        next += panels.size(panel);
      }
      CAPTURE(channels);
      CAPTURE(maxRows);
      CHECK(ok);
      CHECK(next == channels);
    }
  }
}

// --- tile layout and packed rows
// --------------------------------------------------------------------------------------

// A layout with arrays of its own.
struct OwnedLayout {
  std::vector<Piece> pieces;
  std::vector<int64_t> tapOffsets;
  TileLayout layout;

  explicit OwnedLayout(int64_t taps) : pieces(static_cast<size_t>(taps)), tapOffsets(static_cast<size_t>(taps)) {
    layout.pieces = pieces.data();
    layout.tapOffsets = tapOffsets.data();
  }
};

// The padded position (0 is the first real element, at output column 0) that element `at` of a tile row holds; kMin for
// none.
int64_t positionInTile(const Parameters& p, const TileLayout& layout, int64_t at) {
  for (int64_t n = 0; n < layout.pieceCount; n++) {
    const Piece& piece = layout.pieces[n];
    const int64_t i = at - piece.base;
    if (i >= 0 && i < piece.length) return (piece.begin + i) * p.stride + piece.phase - p.padLeft;
  }
  return kMin;
}

TEST_CASE("every column of every tap finds its padded position in the tile") {
  Random random(2);
  for (int i = 0; i < 2000; i++) {
    Parameters p;
    p.kernelSize = random.between(1, 12);
    p.stride = random.between(1, 9);
    p.dilation = random.oneIn(4) ? random.between(1, 400) : random.between(1, 9);
    const int64_t columns = random.between(1, 40);
    const int64_t taps = random.between(1, p.kernelSize);
    const int64_t firstTap = random.between(0, p.kernelSize - taps);
    OwnedLayout owned(taps);
    const TileLayout& layout = owned.layout;
    layOutTile(p, firstTap, taps, columns, &owned.layout);

    bool ok = layout.rowLength == tileRowLength(p, taps, columns) && layout.pieceCount <= taps;
    int64_t total = 0;
    int64_t end = 0;
    const bool aligned = columns >= kPieceAlignment;
    for (int64_t piece = 0; piece < layout.pieceCount; piece++) {
      ok = ok && layout.pieces[piece].phase >= 0 && layout.pieces[piece].phase < p.stride;
      ok = ok && layout.pieces[piece].base >= end && (!aligned || layout.pieces[piece].base % kPieceAlignment == 0);
      end = layout.pieces[piece].base + layout.pieces[piece].length;
      total += layout.pieces[piece].length;
    }
    ok = ok && end == layout.rowLength && total <= taps * columns && (aligned || total == end);
    for (int64_t tap = 0; tap < taps; tap++) {
      const int64_t offset = layout.tapOffsets[tap];
      ok = ok && offset >= 0 && offset + columns <= layout.rowLength;
      for (int64_t column = 0; ok && column < columns; column++) {
        ok = positionInTile(p, layout, offset + column) == column * p.stride + (firstTap + tap) * p.dilation;
      }
    }
    CAPTURE(i);
    CAPTURE(p.kernelSize);
    CAPTURE(p.stride);
    CAPTURE(p.dilation);
    CAPTURE(columns);
    CAPTURE(firstTap);
    CAPTURE(taps);
    CHECK(ok);
  }
}

TEST_CASE("a tile holds each input element once when the taps are close, and no more than taps * columns ever") {
  const auto rowLength = [](int64_t taps, int64_t stride, int64_t dilation, int64_t columns) {
    return tileRowLength({.kernelSize = taps, .stride = stride, .dilation = dilation}, taps, columns);
  };
  CHECK(rowLength(3, 2, 1, 4) == 9);            // the picture in tile_layout.h
  CHECK(rowLength(5, 1, 1, 100) == 104);        // columns and a halo
  CHECK(rowLength(2, 1, 512, 192) == 2 * 192);  // taps too far apart to share
  CHECK(rowLength(2, 1, 300, 192) == 2 * 192);
  CHECK(rowLength(3, 2, 1, 20) == 32 + 20);  // the second piece begins on a cache line
  CHECK(rowLength(1, 7, 3, 10) == 10);
  CHECK(rowLength(80, 4, 1, 100) == 3 * 128 + 119);
  CHECK(rowLength(3, 1, int64_t{1} << 60, 10) == 30);
}

TEST_CASE("laying out again is skipped only for the same taps and columns") {
  const Parameters p = {.kernelSize = 4, .stride = 1, .dilation = 2};
  OwnedLayout owned(4);
  layOutTile(p, 0, 4, 10, &owned.layout);
  CHECK(owned.layout.rowLength == 16);
  layOutTile(p, 2, 2, 10, &owned.layout);
  CHECK(owned.layout.rowLength == 12);
  CHECK(owned.layout.pieces[0].begin == 4);
  layOutTile(p, 1, 2, 10, &owned.layout);
  CHECK(owned.layout.pieces[0].begin == 2);
  layOutTile(p, 1, 2, 5, &owned.layout);
  CHECK(owned.layout.rowLength == 7);
}

TEST_CASE_TEMPLATE("packed rows hold what the padding mode says, between guard pages", T, float, double) {
  constexpr std::array kModes = {PaddingMode::kZeros, PaddingMode::kReflect, PaddingMode::kReplicate,
                                 PaddingMode::kCircular};
  constexpr int64_t kCapacity = 16384;
  GuardedBuffer<T> channelMemory(kCapacity);
  GuardedBuffer<T> rowMemory(kCapacity);
  Random random(3);
  int packed = 0;
  while (packed < 3000) {
    Parameters p;
    p.kernelSize = random.between(1, 9);
    p.stride = random.between(1, 7);
    p.dilation = random.oneIn(5) ? random.between(1, 60) : random.between(1, 5);
    p.padLeft = random.oneIn(3) ? 0 : random.between(0, 40);
    p.padRight = random.oneIn(3) ? 0 : random.between(0, 40);
    p.mode = random.pick(kModes);
    const int64_t length = random.between(0, 200);
    const int64_t columns = random.between(1, 50);
    Geometry geometry;
    if (makeGeometry(p, 1, length, &geometry) != Status::kOk) continue;
    packed++;
    // A tile may hang over the last output by less than its own length.
    const int64_t firstColumn = random.between(0, geometry.outLength - 1);
    const Flush flush = random.oneIn(2) ? Flush::kStart : Flush::kEnd;

    const std::span<T> channel = channelMemory.place(length, flush);
    for (T& value : channel) value = random.real<T>();
    OwnedLayout owned(p.kernelSize);
    layOutTile(p, 0, p.kernelSize, columns, &owned.layout);
    std::vector<T> expected(static_cast<size_t>(owned.layout.rowLength));
    for (int64_t i = 0; i < owned.layout.rowLength; i++) {
      const int64_t inTile = positionInTile(p, owned.layout, i);
      const int64_t position = inTile + firstColumn * p.stride;
      if (inTile == kMin || position >= length + p.padRight) continue;
      const int64_t source = sourcePosition(position, length, p.mode);
      if (source >= 0) expected[static_cast<size_t>(i)] = channel[static_cast<size_t>(source)];
    }
    CAPTURE(packed);
    CAPTURE(p.kernelSize);
    CAPTURE(p.stride);
    CAPTURE(p.dilation);
    CAPTURE(p.padLeft);
    CAPTURE(p.padRight);
    CAPTURE(static_cast<int>(p.mode));
    CAPTURE(length);
    CAPTURE(columns);
    CAPTURE(firstColumn);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const std::span<T> row = rowMemory.place(owned.layout.rowLength, flush);
      std::fill(row.begin(), row.end(), T{0});  // between the pieces nothing is written
      packRow(p, channel.data(), length, owned.layout, firstColumn, kernels.stridedCopy, row.data());
      CHECK(rowMemory.surroundingsUntouched());
      CHECK(std::equal(row.begin(), row.end(), expected.begin(), sameBits<T>));
    });
  }
}

TEST_CASE("strides and dilations as large as int64 holds lay out without overflow") {
  struct Case {
    int64_t taps, stride, dilation, rowLength;
  };
  constexpr Case kCases[] = {
      {3, kMax, 1, 3},     {1, kMax, kMax, 1},  {2, 1, kMax, 2},
      {3, 1, kMax / 2, 3}, {3, 2, kMax / 2, 3}, {2, kMax, kMax - 1, 2},
  };
  for (const Case& c : kCases) {
    const Parameters p = {.kernelSize = c.taps, .stride = c.stride, .dilation = c.dilation};
    CAPTURE(&c - kCases);
    OwnedLayout owned(c.taps);
    layOutTile(p, 0, c.taps, 1, &owned.layout);
    CHECK(owned.layout.rowLength == c.rowLength);
    CHECK(tileRowLength(p, c.taps, 1) == c.rowLength);
  }
}

TEST_CASE("padding far wider than memory is packed without being materialised") {
  const Parameters p = {.kernelSize = 2, .padLeft = int64_t{1} << 62, .dilation = int64_t{1} << 62};
  const std::vector<float> channel = {1, 2, 3};
  OwnedLayout owned(2);
  layOutTile(p, 0, 2, 3, &owned.layout);
  REQUIRE(owned.layout.rowLength == 6);
  std::vector<float> row(6, -1);
  packRow(p, channel.data(), 3, owned.layout, 0, kernelsFor<float>(activeKernels()).stridedCopy, row.data());
  CHECK(row == std::vector<float>{0, 0, 0, 1, 2, 3});
}

TEST_CASE_TEMPLATE("packed weights lie in the order [group][panel][c][k][channels of the panel]", T, float, double) {
  Random random(4);
  for (int i = 0; i < 300; i++) {
    Parameters p;
    p.groups = random.between(1, 4);
    p.inChannels = p.groups * random.between(1, 6);
    p.outChannels = p.groups * random.between(1, 130);
    p.kernelSize = random.between(1, 7);
    // Rows of the usual panels, or vectors of the swapped ones.
    const int64_t panelWidth = random.oneIn(2) ? random.between(1, kMaxRows) : random.between(1, kMaxVectors) * 16;
    std::vector<T> weight(static_cast<size_t>(p.weightCount()));
    for (size_t j = 0; j < weight.size(); j++) weight[j] = static_cast<T>(j);
    GuardedBuffer<T> memory(p.weightCount());
    const std::span<T> packed = memory.place(p.weightCount(), random.oneIn(2) ? Flush::kStart : Flush::kEnd);
    packWeights(p, kernelsFor<T>(activeKernels()), {WeightLayout::Kind::kPanels, panelWidth, 0},
                convolutionWeight(p, weight.data()), packed.data());

    bool ok = memory.surroundingsUntouched();
    size_t at = 0;
    const Parts panels(p.groupOutChannels(), panelWidth);
    for (int64_t group = 0; group < p.groups; group++) {
      for (int64_t panel = 0; panel < panels.count(); panel++) {
        for (int64_t c = 0; c < p.groupInChannels(); c++) {
          for (int64_t k = 0; k < p.kernelSize; k++) {
            for (int64_t row = 0; row < panels.size(panel); row++) {
              const int64_t o = group * p.groupOutChannels() + panels.begin(panel) + row;
              ok = ok && packed[at++] == weight[static_cast<size_t>((o * p.groupInChannels() + c) * p.kernelSize + k)];
            }
          }
        }
      }
    }
    CAPTURE(i);
    CHECK(ok);
  }
}

TEST_CASE_TEMPLATE("weights for the broadcasting kernel lie reversed, between zeros", T, float, double) {
  const Parameters p = {.inChannels = 2, .outChannels = 2, .kernelSize = 3, .groups = 2};
  const WeightLayout layout = {WeightLayout::Kind::kReversed, 1, 2};
  const std::vector<T> weight = {1, 2, 3, 4, 5, 6};
  REQUIRE(packedCount(p, kernelsFor<T>(activeKernels()), layout) == 14);
  std::vector<T> packed(14, T{-1});
  packWeights(p, kernelsFor<T>(activeKernels()), layout, convolutionWeight(p, weight.data()), packed.data());
  CHECK(packed == std::vector<T>{0, 0, 3, 2, 1, 0, 0, 0, 0, 6, 5, 4, 0, 0});
}

// The weight of a transposed convolution, (inChannels, outChannels / groups, kernelSize), is read where it lies.
TEST_CASE_TEMPLATE("weights are packed through strides, so that no order of theirs needs a copy", T, float, double) {
  Random random(6);
  for (int i = 0; i < 200; i++) {
    Parameters p;
    p.groups = random.between(1, 4);
    p.inChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 6));
    p.outChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 20));
    p.kernelSize = random.between(1, 7);
    const int64_t ins = p.groupInChannels();
    const int64_t outs = p.groupOutChannels();
    std::vector<T> usual(static_cast<size_t>(p.weightCount()));
    for (T& value : usual) value = random.real<T>();
    std::vector<T> transposed(usual.size());
    for (int64_t g = 0; g < p.groups; g++) {
      for (int64_t o = 0; o < outs; o++) {
        for (int64_t c = 0; c < ins; c++) {
          for (int64_t k = 0; k < p.kernelSize; k++) {
            transposed[static_cast<size_t>(((g * ins + c) * outs + o) * p.kernelSize + (p.kernelSize - 1 - k))] =
                usual[static_cast<size_t>(((g * outs + o) * ins + c) * p.kernelSize + k)];
          }
        }
      }
    }
    const WeightView<T> view{transposed.data() + (p.kernelSize - 1), ins * outs * p.kernelSize, p.kernelSize,
                             outs * p.kernelSize, -1};
    const bool isDepthwise = ins == 1 && outs == 1;
    const WeightLayout layout = isDepthwise && random.oneIn(2)
                                    ? WeightLayout{WeightLayout::Kind::kReversed, 1, random.between(0, 8)}
                                    : WeightLayout{WeightLayout::Kind::kPanels, random.between(1, 8), 0};
    std::vector<T> expected(static_cast<size_t>(packedCount(p, kernelsFor<T>(activeKernels()), layout)));
    std::vector<T> packed(expected.size());
    packWeights(p, kernelsFor<T>(activeKernels()), layout, convolutionWeight(p, usual.data()), expected.data());
    packWeights(p, kernelsFor<T>(activeKernels()), layout, view, packed.data());
    CAPTURE(i);
    CHECK(packed == expected);
  }
}

// Around the widths that a compiler unrolls the sum to.
TEST_CASE_TEMPLATE("allFinite finds a NaN or an infinity at every place, and takes any finite number", T, float,
                   double) {
  using Limits = std::numeric_limits<T>;
  constexpr std::array kNotFinite = {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::signaling_NaN(),
                                     Limits::infinity(), -Limits::infinity()};
  constexpr std::array kFinite = {Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(), T{0}, T{-0.0}};
  Random random(5);
  for (int64_t count = 0; count <= 70; count++) {
    CAPTURE(count);
    GuardedBuffer<T> memory(count);
    const std::span<T> values = memory.place(count, Flush::kEnd);
    for (T& value : values) value = random.pick(kFinite);
    CHECK(allFinite(values.data(), count));
    for (T& value : values) {
      const T before = value;
      for (const T bad : kNotFinite) {
        value = bad;
        CAPTURE(&value - values.data());
        CAPTURE(bad);
        CHECK_FALSE(allFinite(values.data(), count));
      }
      value = before;
    }
  }
}

TEST_CASE_TEMPLATE("opposite infinities and sums beyond the largest number do not deceive allFinite", T, float,
                   double) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> opposite = {Limits::infinity(), -Limits::infinity()};
  CHECK_FALSE(allFinite(opposite.data(), 2));
  const std::vector<T> huge(1000, Limits::max());
  CHECK(allFinite(huge.data(), 1000));
}

}  // namespace
}  // namespace conv1d::test
