// Every block size and threshold that depends on the machine, each with its measurement (ratios of the time). What the
// rest of the core has are bounds of what is sensible.
//
// C headers only: kernel translation units include this.
#pragma once

#include <stdint.h>

namespace conv1d {

constexpr int kMaxRows = 8;      // MR: output channels a micro-kernel may take
constexpr int kMaxVectors = 12;  // NR / lanes: vectors of columns a micro-kernel may take
constexpr int kMaxLanes = 16;    // elements in the widest vector

// What differs from machine to machine; the initial values are those that do not.
struct Blocks {
  // The widest panel, and by rows the widest strip that the registers hold: rows * vectors accumulators, the vectors of
  // inputs and the weights.
  int maxRows;
  int maxVectors[kMaxRows + 1];

  // The columns of the widest strip of all rows: of a panel that is read as vectors.
  constexpr int64_t widestPanel(int64_t lanes) const { return maxVectors[maxRows] * lanes; }

  // Tiles of weight gradients: the most rows of gradients, and by rows the rows of inputs, a vector of each at a time.
  int gradientRows;
  int gradientColumns[kMaxRows + 1];
  // The same of few positions, with columns in the lanes: rows at a time, which share a load (2 of them: AVX-512 1.13
  // of the time, AVX2 1.1). One product, or addition, of these in products of the other tiles.
  int columnRows = 4;
  double costInColumns = 1.2;

  // What a packed tile may take: about half of a common second cache.
  int64_t tileBytes;

  // With fewer taps a depthwise layer's plain kernel is as fast as the one that broadcasts.
  int64_t minTapsToBroadcast;
  // The widest strip of that kernel, in vectors: one load of the weights serves them all.
  int maxBroadcastVectors;

  // The widest strip of the plain depthwise kernel, in vectors: eight hide the latency of two FMAs per cycle.
  int maxDepthwiseVectors = 8;

  // The longest tile, in columns.
  int64_t maxColumns = 768;
  // A tile shorter than this spends too much on its halo and its edges; a plan cuts the reduction first.
  int64_t minColumns = 192;

  // Below this much work waking a thread costs more than it brings (a few microseconds).
  double minProductsPerThread = 1 << 18;
  // Tasks per thread, so that threads finish together.
  int64_t tasksPerThread = 4;

  // Signals with more outputs than this fill their vectors well enough.
  int64_t longestShort = 128;
  // The other ways of taking short signals copy their outputs once more: they have to save some of the vectors.
  double clearlyFewer = 0.9;
  // Swapped, a block is a few positions long and leaves out nearly all products with padding; in vectors of positions
  // about a third of them stay.
  double swappedSkipsMore = 0.67;
  // What the weights that all its strips read before the next ones may take of the first cache (768 channels in 16
  // groups, 128 taps, 49 outputs: AVX2 0.37, AVX-512 0.9; on two threads 0.71 and 1.06).
  int64_t swappedWeightBytes = 24 << 10;
  // The share of products with zeros of the padding from which on kernels leave them out.
  double minShareToSkip = 1.0 / 16;

  // With fewer panels, packing a tile does not pay: kernels read the input in place (64 output channels of
  // AVX-512: 0.93 to 0.98; 128: 1.15).
  int64_t minPanelsToPack = 9;
  // ... nor where the rows of a tile lie on more pages than the address cache holds beside all else (64 channels of
  // length 5000: 0.96; 128: 1.10).
  int64_t mostRowsInPlace = 64;
  // Rows so far apart fall on the same sets of a common second cache (or of the first one); with more rows than ways,
  // workers pack them.
  int64_t aliasBytes = 32768;
  int64_t mostAliases = 8;

  // A row of outputs in fewer vectors than this has too few chains for the broadcasting kernel, whose chains are
  // longer.
  int64_t shortestBroadcast = 4;
  // The broadcasting kernel starts over in every tile and reads one row only: its tiles are this many times longer (800
  // columns in one tile instead of two: 0.97).
  int64_t broadcastColumns = 4;
  // Cycles per FMA of depthwise kernels, of which plain loads straddle two cache lines (33 taps, AVX-512: 1.5 per
  // useful FMA, broadcasting 0.81).
  double costOfStraddling = 1.5;
  double costOfBroadcasting = 0.55;
  // ... and what beginning a row costs them (512 channels, 3 taps, 20 outputs: 5 times the time of channels in lanes).
  double costOfRow = 60;

  // Depthwise layers with a channel in each lane: whether it pays,
  bool hasLanes = false;
  // the outputs whose sums the registers hold at a time, and the neighbouring taps that share an input;
  int lanesOutputs = 8;
  int lanesTaps = 1;
  // what a tile may take of the first caches, the columns it should have at least beside its halo, and the most;
  int64_t lanesBytes = 48 << 10;
  int64_t fewestLanesColumns = 64;
  int64_t mostLanesColumns = 256;
  // and what a vector costs, in cycles as above: for each tap, and to transpose one on its way in and one out (512
  // channels of 1000, AVX-512: 7 taps 0.78, 15 taps 0.62, 63 taps 0.87).
  double costInLanes = 0.55;
  double costOfTransposing = 3;
  // ... so many times as much where more rows than `mostAliases` fall on the same sets (7 taps of 1024: 1.09 without).
  double costOfColliding = 1.5;

  // Algorithms over transformed tiles (core/fast). Their scratch, for the planes of inputs and outputs;
  int64_t fastBytes = 3 << 20;
  // columns of a strip, four times as many where a transform has fewer planes than this,
  int64_t fastColumns = 48;
  int64_t fastFewPlanes = 16;
  // and the fewest to which the planes of many channels may cut them;
  int64_t fastFewestColumns = 16;
  // the most panels of outputs at a time,
  int64_t fastPanels = 8;
  // and the taps of a block where a tile falls back to the direct sum.
  int64_t fastFallbackTaps = 256;

  // The windowed DFT computes this much of each row at a time: with less, neighbouring strips write the same cache
  // lines (400 samples: 64 bytes 1.13 to 1.8 of the time, 512 bytes 0.99). Its spectra stay in the second cache.
  int64_t dftRowBytes = 256;
  // Depthwise layers over spectra of tiles: the columns of a strip, more of them for several phases, which are
  // interleaved together (96 taps of dilation 8: 0.8),
  int64_t filterColumns = 64;
  int64_t filterPhaseColumns = 160;
  // and how many halos a strip has room for besides.
  int64_t filterHalos = 3;

  // Products of matrices: what a strip of rows may take of the first cache (512 x 512 x 512, AVX2: 16 KiB 1.1, 4 KiB
  // 1.2; AVX-512 1.0 for all),
  int64_t productStripBytes = 8 << 10;
  // the rows that meet a panel while it stays in the second one,
  int64_t productRows = 128;
  // and the strips from which on packing a panel of a matrix that lies in rows pays.
  int64_t productStripsToPack = 3;
};

// What fast algorithms cost, in FMAs of one element where the direct sum runs at the peak. The same
// for every machine: the choice of such an algorithm decides about the bits. Fitted to the times of 700 random layers
// on AVX-512 and AVX2 (AMD Zen 4), and then raised until none was slower than the direct sum.
struct FastCosts {
  double worthwhile;   // the share of the direct sum's cost above which it is not worth while
  int64_t columns;     // tiles come in so many
  double ofPlane;      // to write and read an element of a plane of the inputs
  double ofWeight;     // to read a weight, once for each strip,
  double ofFarWeight;  // and where all of them are more than a common third cache holds
  double farWeightBytes;
  double ofOutput;     // to write an output, whose lines the products no longer hide,
  double ofFarOutput;  // and where those of a signal are more than a share of a common third cache (38 MB: 3 times)
  double farOutputBytes;
  double ofRow;          // to begin a stretch of a phase or residue,
  double ofScattered;    // to collect an element of one,
  double ofInterleaved;  // and to put an output in its place among others
  double ofInput[6];     // to transform a tile, by kind (kernel_table.h)
  double ofProducts[6];  // and back
  // The windowed DFT of a frame: for each sample, for each sample and pass, for each output channel.
  double ofDftSample;
  double ofDftPass;
  double ofDftRow;
};

constexpr FastCosts kFastCosts = {
    .worthwhile = 0.85,
    .columns = 16,
    .ofPlane = 4,
    .ofWeight = 8,
    .ofFarWeight = 32,
    .farWeightBytes = 24e6,
    .ofOutput = 10,
    .ofFarOutput = 30,
    .farOutputBytes = 24e6,
    .ofRow = 1500,
    .ofScattered = 12,
    .ofInterleaved = 12,
    .ofInput = {70, 90, 220, 480, 1200, 2600},
    .ofProducts = {90, 125, 260, 540, 1400, 3600},
    .ofDftSample = 5.5,
    .ofDftPass = 2.7,
    .ofDftRow = 6,
};

// The same for depthwise layers, in FMAs of the direct kernel that broadcasts.
struct FilterCosts {
  int64_t columns;     // tiles come in so many
  double extraTaps;    // what the direct kernel spends besides its taps
  double ofPlainTap;   // of the kernel for taps that are not neighbours
  double ofInput[3];   // to transform a tile, by kind
  double ofOutput[3];  // and back
  double ofProduct;    // of each plane
  double ofCopy;       // to take an element from a row of several phases or residues, or to put it there
  double ofLongCopy;  // the same for the phases of a row longer than `longRow`: one after the other, they read it again
  double ofFarCopy;   // the same where neighbours lie further apart than `nearest`
  int64_t longRow;
  int64_t nearest;
};

constexpr FilterCosts kFilterCosts = {
    .columns = 16,
    .extraTaps = 4,
    .ofPlainTap = 1.4,
    .ofInput = {800, 2100, 5300},
    .ofOutput = {650, 1750, 4500},
    .ofProduct = 4,
    .ofCopy = 5,
    .ofLongCopy = 9,
    .ofFarCopy = 40,
    .longRow = 4096,
    .nearest = 8,
};

namespace blocks {

constexpr Blocks kAvx512 = {
    .maxRows = 8,
    .maxVectors = {0, 8, 8, 7, 6, 5, 4, 3, 3},
    .gradientRows = 7,
    .gradientColumns = {0, 8, 8, 6, 6, 5, 4, 4},
    .tileBytes = 1 << 20,
    .minTapsToBroadcast = 14,
    .maxBroadcastVectors = 16,
    .hasLanes = true,
    .lanesOutputs = 16,
};

// One row reads its inputs from memory.
constexpr Blocks kAvx2 = {
    .maxRows = 6,
    .maxVectors = {0, 8, 4, 3, 3, 2, 2},
    .gradientRows = 4,
    .gradientColumns = {0, 8, 5, 4, 3},
    .tileBytes = 1 << 19,
    .minTapsToBroadcast = 24,  // as fast as plain loads at 20
    .maxBroadcastVectors = 12,
    // Of the first cache, whose lines its short strips read more often (32 rows of 25600: 0.94; AVX-512: 1.05).
    .aliasBytes = 4096,
    .costOfBroadcasting = 0.7,  // two instructions
    .hasLanes = true,
    .lanesTaps = 4,  // with one: 1.2 of the time
};

// Its short loads seldom straddle two cache lines. One row has 12 chains, since some cores begin four FMAs per cycle
// and wait four for each (llvm-mca, Neoverse V1: 2.0 per cycle with 8 chains, 2.6 with 12, then loads are the limit).
constexpr Blocks kNeon = {
    .maxRows = 8,
    .maxVectors = {0, 12, 8, 6, 5, 4, 4, 3, 3},
    .gradientRows = 6,
    .gradientColumns = {0, 8, 8, 6, 6, 5, 4},
    .tileBytes = 1 << 18,
    .minTapsToBroadcast = INT64_MAX,
    .maxBroadcastVectors = 1,
    .maxDepthwiseVectors = 12,
};

// Where products are slow, it throws none away.
constexpr Blocks kScalar = {
    .maxRows = 4,
    .maxVectors = {0, 1, 1, 1, 1},
    .gradientRows = 2,
    .gradientColumns = {0, 2, 2},
    .columnRows = 1,
    .tileBytes = 1 << 18,
    .minTapsToBroadcast = INT64_MAX,
    .maxBroadcastVectors = 1,
};

}  // namespace blocks
}  // namespace conv1d
