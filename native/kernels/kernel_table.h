// The contract between the core and the kernels: plain structs, no functions (README.md draws the picture).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/blocks.h"
#include "kernels/real_dft_args.h"

namespace conv1d {

// One MR x NR block of outputs, accumulated over `channels` x `taps` products for each output, in that order.
//
// In the usual roles rows are output channels and columns are output positions: the tile is read as vectors, the panel
// one weight at a time. In the swapped roles rows are output positions and columns are output channels: the panel is
// read as vectors, the tile one element at a time. Swapped pays where there are fewer positions than lanes.
//
// The types: float32 and float64 have one for all four; others (float16 or int8 weights) accumulate in a wider one.
template <typename Input, typename Weight = Input, typename Accumulator = Input, typename Output = Accumulator>
struct MicrokernelArgs {
  // Position j of tap k of channel c is tile[c * rowStride + tapOffsets[k] + j].
  const Input* tile;
  int64_t rowStride;
  const int64_t* tapOffsets;  // [taps]
  // Tap k of channel c begins at panel + c * panelStride + k * panelWidth.
  const Weight* panel;
  int64_t panelStride;
  int64_t panelWidth;  // output channels of the panel: MR, or `columns` in the swapped roles
  int64_t channels;
  int64_t taps;
  int64_t columns;          // 1 .. NR; nothing beyond is read or written
  const Accumulator* bias;  // one for each output channel of the panel, or null for zeros; read only when `first`
  Output* out;              // row m begins at out + m * outStride
  int64_t outStride;
  bool first;  // the chain starts here: from the bias; otherwise it goes on from `out`
  bool last;   // the chain ends here: epilogue.h
};

// A row of outputs that depends on one input channel only.
template <typename Input, typename Weight = Input, typename Accumulator = Input, typename Output = Accumulator>
struct DepthwiseArgs {
  const Input* row;           // column j of tap k is row[tapOffsets[k] + j]
  const int64_t* tapOffsets;  // [taps]
  const Weight* weights;      // that of tap k is weights[k * weightStep]
  int64_t weightStep;         // 1 or -1
  int64_t taps;
  int64_t columns;   // any number
  Accumulator bias;  // used only when `first`
  Output* out;
  bool first;
  bool last;
};

// Rows of outputs of a vector of depthwise channels (depthwise_lanes.h).
template <typename T>
struct LanesArgs {
  const T* tile;     // position p of channel c is tile[p * lanes + c]
  const T* weights;  // tap k of channel c is weights[k * lanes + c]
  const T* biases;   // one for each channel
  T* out;            // channel c begins at out + c * outStride
  int64_t outStride;
  int64_t columns;     // blocks.lanesOutputs or more
  int64_t columnStep;  // positions from one output to the next
  int64_t taps;
  int64_t tapStep;  // positions from one tap to the next
};

template <typename... Types>
using Microkernel = void (*)(const MicrokernelArgs<Types...>&);

template <typename... Types>
using DepthwiseKernel = void (*)(const DepthwiseArgs<Types...>&);

// Copies every stride-th element: to[i] = from[i * stride] for i < count, and reads nothing behind the last of them.
template <typename T>
using StridedCopy = void (*)(const T* from, int64_t stride, int64_t count, T* to);

// Tiles of a signal to planes, in which a convolution is a product, and back (tile_transforms.h). A tile makes at most
// size + 1 - taps outputs, which is then the distance (`hop`) from one to the next. Tiles come in whole vectors: tile t
// is read from row + t * hop, `size` elements rounded up to a multiple of 4, and its planes are at planes + t,
// planeStride apart.
template <typename T>
struct TileTransform {
  int size;
  int planes;
  int outputs;  // the most that a tile can make
  void (*input)(const T* row, int64_t hop, int64_t tiles, T* planes, int64_t planeStride);
  // Taps as tiles, zeros behind the last.
  void (*weights)(const double* taps, int64_t hop, int64_t tiles, double* planes, int64_t planeStride);
  // With the bias, and as a chain ends. Writes up to 3 elements behind the last tile.
  void (*output)(const T* planes, int64_t planeStride, int64_t tiles, T bias, T* row, int64_t hop);
};

enum TileKind { kWinograd4, kWinograd6, kFft16, kFft32, kFft64, kFft128, kTileKinds };

// Whole signals to spectra of `size` / 2 bins, and back (whole_transforms.h): four planes per bin of inputs, two per
// bin of weights and outputs. Signals come in whole vectors: signal s is read from rows + s * hop, `size` elements, and
// its planes are at planes + s, planeStride apart.
template <typename T>
struct WholeTransform {
  int size;
  void (*input)(const T* rows, int64_t hop, int64_t signals, T* planes, int64_t planeStride);
  // Taps as signals.
  void (*weights)(const double* taps, int64_t hop, int64_t signals, double* planes, int64_t planeStride);
  // The first `hop` outputs of each signal, with its bias, and as a chain ends. Writes up to 3 elements behind the last
  // signal.
  void (*output)(const T* planes, int64_t planeStride, int64_t signals, const T* biases, T* rows, int64_t hop);
};

enum WholeKind { kWhole64, kWhole128, kWholeKinds };
// The outputs of tiles of one channel: `inputs` spectra of each tile, times weights, added up and transformed back.
template <typename T>
struct TileFilterArgs {
  const T* planes;         // the first plane of the first tile
  int64_t planeStride;     // from one plane to the next
  const int64_t* offsets;  // [inputs]: where the planes of an input begin, behind `planes`
  int64_t inputs;
  const T* weights;  // [inputs][size]
  T bias;
  T* out;  // tile t writes its outputs to out + t * hop, and up to 3 elements behind the last tile
  int64_t hop;
  int64_t tiles;
};

// Tiles of one channel to spectra (tile_filters.h), `size` planes of them, and from there to its outputs. As with
// TileTransform, tiles come in whole vectors.
template <typename T>
struct TileFilter {
  int size;
  void (*input)(const T* row, int64_t hop, int64_t tiles, T* planes, int64_t planeStride);
  // The same of taps in float64.
  void (*weights)(const double* taps, int64_t hop, int64_t tiles, double* planes, int64_t planeStride);
  void (*output)(const TileFilterArgs<T>& args);
};

enum FilterKind { kFilter64, kFilter128, kFilter256, kFilterKinds };

// A function of each element (pointwise.h).
template <typename T>
struct UnaryArgs {
  const T* x;
  T* out;  // x itself, or apart from it
  int64_t count;
  T a;  // the function's parameters
  T b;
};

enum UnaryFunction {
  kNeg,
  kAbs,
  kSqrt,
  kExp,
  kLog,
  kSin,
  kCos,
  kTanh,
  kSigmoid,
  kErf,
  kRelu,
  kLeakyRelu,  // a: the slope below zero
  kElu,        // a: alpha
  kSilu,
  kGelu,
  kGeluTanh,
  kSoftplus,  // a: beta, b: the threshold
  kClamp,     // a: the least, b: the most
  kAffine,    // a x + b
  kSnake,     // x + b sin(a x)^2
  kSquare,
  kCube,
  kReciprocal,
  kRsqrt,
  kFloor,
  kCeil,
  kRound,  // halves to the even neighbour
  kSign,
  kExpm1,
  kLog1p,
  kHardsigmoid,
  kHardswish,
  kMish,
  kUnaryFunctions
};

// The gradient of a function of each element (element_gradients.h).
template <typename T>
struct ElementGradientArgs {
  const T* saved;     // x, what the function was given, or y, what it gave
  const T* gradient;  // of y
  T* out;             // of x; `saved`, `gradient`, or apart from both
  int64_t count;
  T a;  // the function's parameters
  T b;
};

// Of x, or where it says so, of y.
enum ElementGradientFunction {
  kAbsSlope,
  kSqrtSlope,  // of y
  kSinSlope,
  kCosSlope,
  kTanhSlope,     // of y
  kSigmoidSlope,  // of y
  kErfSlope,
  kReluSlope,  // of y
  kLeakyReluSlope,
  kEluSlope,
  kSiluSlope,
  kGeluSlope,
  kGeluTanhSlope,
  kSoftplusSlope,
  kHardtanhSlope,
  kClampSlope,
  kSquareSlope,
  kReciprocalSlope,  // of y
  kRsqrtSlope,       // of y
  kExpm1Slope,       // of y
  kLog1pSlope,
  kElementGradients
};

// A function of two elements. A side that repeats has one element for all.
template <typename T>
struct BinaryArgs {
  const T* x;
  const T* y;
  T* out;
  int64_t count;
  bool repeatsX;
  bool repeatsY;
};

enum BinaryFunction {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMinimum,
  kMaximum,
  kPow,
  kGate,  // x times the sigmoid of y
  kBinaryFunctions
};

// A function of one element with parameters of its own for each: `a` and `b` are as long as x.
template <typename T>
struct LanewiseArgs {
  const T* x;
  const T* a;
  const T* b;
  T* out;  // x itself, or apart from it
  int64_t count;
};

// Those functions of one element whose parameters belong to a channel.
enum ChannelFunction { kChannelAffine, kChannelSnake, kChannelLeakyRelu, kChannelFunctions };

// Windows that begin at neighbouring elements (pooling.h): out[i] is made of x[i + tapOffsets[k]], k < taps.
template <typename T>
struct WindowArgs {
  const T* x;
  const int64_t* tapOffsets;  // [taps]
  int64_t taps;               // 1 or more
  int64_t columns;            // any number
  T divisor;                  // of a mean
  T* out;
};

// Windows of neighbouring elements that begin `stride` apart: out[i] is made of x[i * stride + k], k < taps.
template <typename T>
struct ApartArgs {
  const T* x;
  int64_t stride;
  int64_t taps;     // apartGroup or more
  int64_t columns;  // whole vectors
  T divisor;        // of a mean
  T* out;
};

// out = left * leftWeight + right * rightWeight.
template <typename T>
struct BlendArgs {
  const T* left;
  const T* right;
  const T* leftWeight;
  const T* rightWeight;
  T* out;
  int64_t count;
};

// One row times neighbouring panels of whole vectors (products.h): out[j] = bias[j] + row[0] panel[0][j] + ...
template <typename T>
struct RowProductArgs {
  const T* row;  // [depth]
  int64_t depth;
  const T* panel;  // row c of the first panel begins at panel + c * panelStride,
  int64_t panelStride;
  int64_t panelStep;  // that of the next panel this much further
  const T* bias;      // as in MicrokernelArgs
  T* out;             // the panels' columns side by side
  bool first;
  bool last;
};

// How many panels such a kernel takes, the most first.
constexpr int kRowPanelCounts[] = {4, 2};

// One row times columns whose elements lie side by side (products.h): out[j] += row[0] columns[j][0] + ..., or from
// zero.
template <typename T>
struct RowDotsArgs {
  const T* row;  // [depth]
  int64_t depth;
  const T* columns;  // column j begins at columns + j * stride
  int64_t stride;
  int64_t count;  // of columns, a multiple of kDots
  T* out;
  bool first;
  bool last;
};

constexpr int kDots = 16;  // columns that such a kernel takes at a time

// A step of a recurrent layer for one batch item (recurrent.h).
template <typename T>
struct RecurrentCellArgs {
  T* gates;  // four for each hidden unit, `hiddenSize` apart: LSTM i, f, g, o; GRU n of the inputs, r, z, n of the
             // hidden units
  int64_t hiddenSize;
  const T* cellBefore;  // LSTM: the cell state before,
  T* cell;              // and behind the step; may be the same
  const T* previous;    // GRU: the hidden state before
  T* hidden;            // the hidden state
  bool keepsGates;      // sigmoids and tanhs take the places of their arguments: what RecurrentGradientArgs reads
};

// The way back through such a step. Four gates for each hidden unit as above; GRU's n stands in the place of its
// inputs.
template <typename T>
struct RecurrentGradientArgs {
  const T* gates;  // as a cell keeps them
  int64_t hiddenSize;
  const T* before;    // the state before: LSTM's cell state, GRU's hidden state
  const T* cell;      // LSTM: the cell state behind
  const T* ofOutput;  // the gradient of the hidden state as an output, or null for zeros,
  T* ofHidden;        // and as what the next step reads; GRU leaves the part of the state before that needs no product
  T* ofCell;          // LSTM: the gradient of the cell state, of the one behind in, of the one before out
  T* ofGates;         // what each gate's sum of products gets; the gradient of GRU's n of the hidden units comes last
};

enum RecurrentKind { kLstm, kGru, kRecurrentKinds };
// The fixed order of every sum (reductions.h): element i of a block goes into chain i % kFoldChains.
constexpr int64_t kFoldBlock = 4096;
constexpr int kFoldChains = 32;
constexpr int kFoldLines = 8;  // of columns, in memory

enum FoldFunction {
  kFoldSum,
  kFoldSquares,  // of the distances from a centre
  kFoldProduct,
  kFoldMaximum,
  kFoldMinimum,
  kFolds
};

// A block of at most kFoldBlock elements of each row, to one number each.
template <typename T>
struct FoldRowsArgs {
  const T* x;  // row r begins at x + r * pitch
  int64_t pitch;
  int64_t count;
  int64_t rows;
  const T* centers;    // that of row r is centers[r * centerStep]; null for zeros
  int64_t centerStep;  // 0 or 1
  T* values;           // exponentialRows stores what it sums up here, as x lies; null where nobody wants it
  T* out;              // [rows]; not yet as a chain ends
};

// A block of at most kFoldBlock rows, to one number for each column.
template <typename T>
struct FoldColumnsArgs {
  const T* x;  // row r begins at x + r * pitch
  int64_t pitch;
  int64_t rows;
  int64_t width;
  const T* centers;  // [width], or null for zeros
  T* chains;         // room for kFoldLines * width, and for kFoldChains * width where width is below the lanes
  T* out;            // [width]; not yet as a chain ends
};

template <typename T>
struct NormaliseRowArgs {
  const T* x;
  int64_t count;
  T mean;
  T scale;
  T bias;            // where `biases` is null
  const T* weights;  // [count], or null
  const T* biases;   // [count], or null
  T* out;            // x itself, or apart from it
};

// Steps of optimisers (updates.h): each array has `count` elements, and the state is written beside the parameter.
template <typename T>
struct SgdArgs {
  T* parameter;
  const T* gradient;
  T* buffer;  // of the momentum; null without
  int64_t count;
  T rate;
  T weightDecay;
  T momentum;
  T gain;  // of the gradient in the buffer: 1 - dampening
  bool nesterov;
  bool maximizes;
  bool isFirst;  // what the buffer holds is not read
};

template <typename T>
struct AdamArgs {
  T* parameter;
  const T* gradient;
  T* mean;     // of the gradients
  T* square;   // of their squares
  T* largest;  // of these so far; null without AMSGrad
  int64_t count;
  T rate;         // over 1 - beta1^t
  T keep;         // 1, or with decoupled weight decay 1 - rate * decay
  T weightDecay;  // what is added to the gradient; 0 with a decoupled one
  T beta1;
  T beta2;
  T rest1;       // 1 - beta1
  T rest2;       // 1 - beta2
  T correction;  // sqrt(1 - beta2^t)
  T eps;
  bool maximizes;
};

// The sums of products of a weight gradient (weight_gradients.h): product i of a block of positions goes into chain
// i % kGradientChains. A row of a block takes 4 KiB: those of a tile fit the first cache.
constexpr int kGradientChains = 16;
template <typename T>
constexpr int64_t kGradientBlock = 4096 / static_cast<int64_t>(sizeof(T));

// The most columns of a tile.
constexpr int kMaxGradientColumns = 8;

// Products of every row of gradients with every row of inputs, position by position. Positions come in runs, within
// which a row lies in one piece: where row r of run i begins says gradients[i * gradientStep + r].
template <typename T>
struct GradientTileArgs {
  const T* const* gradients;  // rows of the tile
  int64_t gradientStep;
  const T* const* inputs;  // blocks.gradientColumns[rows] rows
  int64_t inputStep;
  const int64_t* groups;  // of kGradientChains positions in each run
  int64_t runs;
  T* sums;  // [rows][columns][kGradientChains]
};

// The same of few positions, whole sums as a chain ends (column_gradients.h).
template <typename T>
struct ColumnGradientArgs {
  const T* gradients;  // row r begins at gradients + r * gradientPitch
  int64_t gradientPitch;
  int64_t rows;
  const T* inputs;    // [vector of columns][position][lane]
  int64_t positions;  // 1 .. kGradientBlock
  int64_t columns;    // any number; vectors are read whole
  T* out;             // row r begins at out + r * outPitch
  int64_t outPitch;
};

// What a norm's gradient sums up of a block of at most kFoldBlock elements of each row (norm_gradients.h), in the order
// of FoldRowsArgs: g, times the weights where there are any, and that times the distance of x from a centre.
template <typename T>
struct GradientSumsArgs {
  const T* g;  // row r begins at g + r * pitch,
  const T* x;  // and at x + r * pitch
  int64_t pitch;
  int64_t count;
  int64_t rows;
  const T* centers;    // that of row r is centers[r * centerStep]
  int64_t centerStep;  // 0 or 1
  const T* weights;    // [count], or null
  T* sums;             // [rows]; not yet as a chain ends
  T* products;         // [rows]; likewise
};

// Neighbouring elements of a norm's gradient, and what they add to sums over several such rows:
//   out      = fma(g * weight, scale, fma(x - mean, slope, offset))
//   sums     = sums + g
//   products = fma(g, (x - mean) * scale, products)
template <typename T>
struct NormGradientArgs {
  const T* g;
  const T* x;
  int64_t count;
  const T* means;  // one for all, or where `areLanewise`, [count] as the next three
  const T* scales;
  const T* slopes;
  const T* offsets;
  bool areLanewise;
  const T* weights;  // [count], or null
  T* out;            // [count], or null
  T* sums;           // [count], or null, as
  T* products;
};

// The gradients of a function with parameters of a channel (channel_gradients.h): that of x, and what the elements add
// to that of `a`.
template <typename T>
struct ChannelGradientArgs {
  const T* g;
  const T* x;
  int64_t count;
  const T* a;  // one for all, or where `areLanewise`, [count] as b
  const T* b;  // null where the function has none
  bool areLanewise;
  T* out;   // [count], or null
  T* sums;  // of element i at i where lanewise, else at i % kFoldChains
};

// Those of ChannelFunction that have parameters to be learned.
enum ChannelGradient { kSnakeGradient, kLeakyReluGradient, kChannelGradients };

// FMAs and nothing else, to measure the peak (fma_probe.h): returns the operations done, writes a vector to `sink`.
template <typename T>
using FmaProbe = int64_t (*)(int64_t iterations, T* sink);

// The kernels of one combination of types on one ISA, with the block sizes that suit it.
template <typename Input, typename Weight = Input, typename Accumulator = Input, typename Output = Accumulator>
struct Kernels {
  using Block = Microkernel<Input, Weight, Accumulator, Output>;
  using Row = DepthwiseKernel<Input, Weight, Accumulator, Output>;

  int lanes;  // elements in a vector
  Blocks blocks;

  // [rows - 1][vectors - 1]; `full` needs columns == vectors * lanes, `partial` takes fewer in its last vector.
  Block full[kMaxRows][kMaxVectors];
  Block partial[kMaxRows][kMaxVectors];
  Block swappedFull[kMaxRows][kMaxVectors];
  Block swappedPartial[kMaxRows][kMaxVectors];
  Row depthwise;
  // Whole chains only: `first` and `last` are true. For neighbouring taps (tapOffsets[k] is tapOffsets[0] + k) and
  // weights from last to first (weightStep -1) between lanes - 1 zeros on either side. Reads the row as if `columns`
  // were rounded up to whole vectors.
  Row depthwiseBroadcast;
  // depthwise_lanes.h; null where the block sizes say that it does not pay.
  void (*rowsToLanes)(const Input* from, int64_t pitch, int64_t count, Input* to);
  void (*depthwiseLanes)(const LanesArgs<Input>& args);
  StridedCopy<Input> stridedCopy;
  // rows.h.
  bool (*allFinite)(const Input* values, int64_t count, Input scale);
  void (*interleaveRows)(const Output* from, int64_t pitch, int64_t rows, int64_t count, Output* to);
  TileTransform<Input> tileTransforms[kTileKinds];
  WholeTransform<Input> wholeTransforms[kWholeKinds];
  TileFilter<Input> tileFilters[kFilterKinds];
  void (*unary[kUnaryFunctions])(const UnaryArgs<Input>& args);
  void (*binary[kBinaryFunctions])(const BinaryArgs<Input>& args);
  void (*elementGradients[kElementGradients])(const ElementGradientArgs<Input>& args);
  // [by how many vectors the panels are narrower than the widest][index into kRowPanelCounts]; null without such
  // panels.
  void (*rowProducts[2][2])(const RowProductArgs<Input>& args);
  void (*rowDots)(const RowDotsArgs<Input>& args);
  void (*recurrentCells[kRecurrentKinds])(const RecurrentCellArgs<Input>& args);
  void (*recurrentGradients[kRecurrentKinds])(const RecurrentGradientArgs<Input>& args);
  // reductions.h.
  void (*foldRows[kFolds])(const FoldRowsArgs<Input>& args);
  void (*foldColumns[kFolds])(const FoldColumnsArgs<Input>& args);
  void (*exponentialRows)(const FoldRowsArgs<Input>& args);  // the sum of e^(x - centre)
  void (*normaliseRow)(const NormaliseRowArgs<Input>& args);
  void (*lanewise[kChannelFunctions])(const LanewiseArgs<Input>& args);
  // pooling.h.
  void (*windowMax)(const WindowArgs<Input>& args);
  void (*windowMean)(const WindowArgs<Input>& args);
  int apartGroup;
  void (*apartMax)(const ApartArgs<Input>& args);
  void (*apartMean)(const ApartArgs<Input>& args);
  Input (*rangeMax)(const Input* x, int64_t count);
  void (*blend)(const BlendArgs<Input>& args);
  void (*gradientSums)(const GradientSumsArgs<Input>& args);
  void (*normGradient)(const NormGradientArgs<Input>& args);
  void (*channelGradients[kChannelGradients])(const ChannelGradientArgs<Input>& args);
  void (*sgdStep)(const SgdArgs<Input>& args);
  void (*adamStep)(const AdamArgs<Input>& args);
  // weight_gradients.h; [rows - 1], null above blocks.gradientRows.
  void (*gradientTiles[kMaxRows])(const GradientTileArgs<Input>& args);
  // Of one row, and fewer columns: [columns - 1].
  void (*gradientRows[kMaxGradientColumns])(const GradientTileArgs<Input>& args);
  // The chains of `count` sums to a number each; takes them, and writes, in whole vectors.
  void (*mergeChains)(const Input* sums, int64_t count, Input* out);
  void (*columnGradients)(const ColumnGradientArgs<Input>& args);
  FmaProbe<Input> fmaProbe;
  RealDftKernel<Input> realDft;
  InverseDftKernel<Input> inverseDft;
};

// One implementation, as simdjson lists them: a name, what it needs, what it offers.
struct KernelTable {
  const char* name;
  const char* description;
  bool (*supported)();
  Kernels<float> f32;
  Kernels<double> f64;
};

}  // namespace conv1d
