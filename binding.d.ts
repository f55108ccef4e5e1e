/**
 * The surface of the native addon (native/binding/). Only lib/native/loadAddon.ts imports it.
 *
 * Every function checks kinds, ranges and lengths again and throws a TypeError or RangeError with a `code`
 * before it writes anything: nothing passed here can crash the process.
 */

export type Isa = 'avx512' | 'avx2' | 'neon' | 'scalar';
export type FloatArray = Float32Array | Float64Array;
/** The memory of a tensor; a Uint8Array holds bools, of which all but 0 are true. */
export type Elements = FloatArray | BigInt64Array | Int32Array | Uint8Array;

/** What the machine runs: `isa` is in use, `supported` is best first. */
export function cpuInfo(): { isa: Isa; supported: Isa[] };

/** Forces an implementation for the convolutions made from now on (tests run each of them). */
export function setIsa(isa: Isa): void;

/** The number of threads a convolution may use, the calling one included. */
export function setNumThreads(threads: number): void;
export function getNumThreads(): number;

/**
 * Memory of V8's own for a result that is about to be written: what it holds is undefined. Large memory asks for huge pages, and from
 * the first such call on makes the C library (glibc) keep what is freed (native/runtime/result_memory.h).
 */
export function allocateResult(bytes: number): ArrayBuffer;

/**
 * Gives back to the system, on a thread of its own, what the C library and this addon keep, once no thread of the process has used
 * large memory for two seconds, and once more later. True when there is nothing left to do until the next large result.
 */
export function giveBackWhenIdle(): boolean;

/** The same as setNumThreads, unless it was called before in this process, by this environment or another. */
export function setDefaultNumThreads(threads: number): void;

/**
 * Fused multiply-adds in registers and nothing else, on the calling thread with the implementation in use: what a core can
 * do at most. Returns the number of float32 operations done; the harness in bench/ takes the time.
 */
export function fmaProbe(iterations: number): number;

/** `to[i] = from[first + i * step] * unit`; `from` must have all of these. */
export function scaleSamples(from: Int16Array, first: number, step: number, unit: number, to: Float32Array): void;

/**
 * `out[i] = f(x[i])` on all threads when large; the function is a number in the list of native/kernels/kernel_table.h, `a` and `b` are its
 * parameters. Both arrays have one dtype and length; `out` is `x` itself, or apart from it.
 */
export function unary(f: number, x: FloatArray, a: number, b: number, out: FloatArray): void;

/**
 * `out`, in rows of `shape`, is `f` of both sides: element (i0, i1, ...) of x is `x[xOffset + i0 * xStrides[0] + ...]`. All three are of one
 * kind. Integers wrap around; bools add up as "or", multiply as "and", and have no `sub`; neither has `div`. Of floats, the last stride of
 * either side is 0 or 1.
 */
export function binary(
  f: number,
  shape: readonly number[],
  x: Elements,
  xOffset: number,
  xStrides: readonly number[],
  y: Elements,
  yOffset: number,
  yStrides: readonly number[],
  out: Elements,
): void;

/** The same for comparisons, numbered as in native/core/pointwise/compare.h: 1 where they hold, else 0. Both sides are of one kind. */
export function compare(
  f: number,
  shape: readonly number[],
  x: Elements,
  xOffset: number,
  xStrides: readonly number[],
  y: Elements,
  yOffset: number,
  yStrides: readonly number[],
  out: Uint8Array,
): void;

/** `out`, in rows of `shape`, is x where the condition is not 0, and y elsewhere. x, y and out are of one kind. */
export function choose(
  shape: readonly number[],
  condition: Uint8Array,
  conditionOffset: number,
  conditionStrides: readonly number[],
  x: Elements,
  xOffset: number,
  xStrides: readonly number[],
  y: Elements,
  yOffset: number,
  yStrides: readonly number[],
  out: Elements,
): void;

/**
 * Copies element by element from one view to another of the same shape and kind. Strides of `x` may be negative or 0;
 * `out` has at least as many elements as are copied.
 */
export function copy(
  shape: readonly number[],
  x: Elements,
  xOffset: number,
  xStrides: readonly number[],
  out: Elements,
  outOffset: number,
  outStrides: readonly number[],
): void;

/** `out[i] = x[i]`, of any two kinds (native/core/pointwise/convert.h says how). */
export function convert(x: Elements, out: Elements): void;
/**
 * Products of matrices: (batch..., m, k) x (batch..., k, n), in `out` (batch..., m, n). Element (i..., r, c) of a is
 * `a[aOffset + i0 * aStrides[0] + ... + r * aStrides.at(-2) + c * aStrides.at(-1)]`; a batch dimension that is broadcast has stride 0. The
 * dimension of the sum, k, must not have stride 0 unless it is 1. Every output is one chain: acc = 0; for c: acc = fma(a[c], b[c], acc).
 */
export function matmul(
  batch: readonly number[],
  m: number,
  k: number,
  n: number,
  a: FloatArray,
  aOffset: number,
  aStrides: readonly number[],
  b: FloatArray,
  bOffset: number,
  bStrides: readonly number[],
  out: FloatArray,
): void;

/**
 * A step of stochastic gradient descent on a parameter (native/kernels/updates.h says with which roundings), on all threads when large.
 * `buffer` is that of the momentum, null without one; of the first step it is written without being read. All arrays have one dtype and
 * length, and lie apart.
 */
export function sgdStep(
  parameter: FloatArray,
  gradient: FloatArray,
  buffer: FloatArray | null,
  isFirst: boolean,
  rate: number,
  weightDecay: number,
  momentum: number,
  dampening: number,
  nesterov: boolean,
  maximizes: boolean,
): void;

/**
 * The same for Adam. `largest` is AMSGrad's, null without it; `keep` is what is left of the parameter by a decoupled weight decay, `weightDecay`
 * one that is added to the gradient; `rate` is over 1 - beta1^t, `correction` is sqrt(1 - beta2^t).
 */
export function adamStep(
  parameter: FloatArray,
  gradient: FloatArray,
  mean: FloatArray,
  square: FloatArray,
  largest: FloatArray | null,
  rate: number,
  keep: number,
  weightDecay: number,
  beta1: number,
  beta2: number,
  correction: number,
  eps: number,
  maximizes: boolean,
): void;

/**
 * The spectra of frames of `size` samples (1 to 2^22) times a window, one every `hop` samples of each row of x (signals, length), in which
 * all frames lie: `spectra` (signals, 2, size / 2 + 1, frames), real parts before imaginary parts. Bins 0 and size / 2 are times `ends`, those
 * between times `inner`.
 */
export function spectraOfFrames(
  signals: number,
  length: number,
  frames: number,
  size: number,
  hop: number,
  ends: number,
  inner: number,
  x: FloatArray,
  window: FloatArray,
  spectra: FloatArray,
): void;

/**
 * The transposed operation: the frames that such spectra make, times a window, added up where they overlap, from sample `first` on; zeros
 * behind the last frame. Divided, if asked for, by the sum of the squares of all windows at a sample. `x` is (signals, length).
 */
export function overlapAddFrames(
  signals: number,
  length: number,
  frames: number,
  size: number,
  hop: number,
  ends: number,
  inner: number,
  first: number,
  dividesByWindows: boolean,
  spectra: FloatArray,
  window: FloatArray,
  x: FloatArray,
): void;

/** One layer of an LSTM or a GRU in one direction, and (after `pack`) a snapshot of its weights. */
export class Recurrent {
  constructor(kind: 'lstm' | 'gru', dtype: 'float32' | 'float64', inputSize: number, hiddenSize: number);
  /** A layer of a shared network, over the same snapshot. */
  constructor(shared: SharedNetwork, index: number);

  /**
   * Snapshots PyTorch's weights, packed for the kernels: weightIh (gates * hiddenSize, inputSize), weightHh (gates * hiddenSize,
   * hiddenSize) and biases (gates * hiddenSize); LSTM's four gates are i, f, g, o, GRU's three r, z, n.
   */
  pack(weightIh: FloatArray, weightHh: FloatArray, biasIh: FloatArray | null, biasHh: FloatArray | null): void;

  /** Takes the snapshot that another one of the same arguments has now, without a copy; the other may pack() again. */
  adopt(other: Recurrent): void;

  /**
   * Runs x (steps, batch, inputSize) from the first step to the last, or in reverse. The hidden state of step t and item b is written
   * to `out[outOffset + (t * batch + b) * outRowStride]` and the hiddenSize - 1 elements behind it, so that two directions can write side
   * by side; nothing between is touched. `h0` and `c0` (batch, hiddenSize) are the states before, null for zeros; `hn` and `cn` take
   * those behind the last step, and may be `h0` and `c0` themselves. A GRU has neither `c0` nor `cn`. ERR_CONV1D_TYPE before `pack`.
   *
   * `kept` takes what `backward` reads: (steps, batch, rows * hiddenSize), with 5 rows of an LSTM (the functions of i, f, g, o, and c) and 4 of
   * a GRU (n, r, z, and the part of n that r multiplies).
   */
  run(
    x: FloatArray,
    steps: number,
    batch: number,
    h0: FloatArray | null,
    c0: FloatArray | null,
    reverse: boolean,
    out: FloatArray,
    outOffset: number,
    outRowStride: number,
    hn: FloatArray,
    cn: FloatArray | null,
    kept: FloatArray | null,
  ): void;

  /**
   * The gradients of such a `run`: its arguments and results, the weights that were packed, the gradients of the results (null for zeros;
   * `ofOut` lies as `out` does), and where the gradients go that are wanted, as what they belong to lies. None of those may share memory
   * with anything else. The same bits for any number of threads. It needs no `pack`.
   */
  backward(
    x: FloatArray,
    steps: number,
    batch: number,
    h0: FloatArray | null,
    c0: FloatArray | null,
    reverse: boolean,
    out: FloatArray,
    outOffset: number,
    outRowStride: number,
    kept: FloatArray,
    weightIh: FloatArray,
    weightHh: FloatArray,
    ofOut: FloatArray | null,
    ofHn: FloatArray | null,
    ofCn: FloatArray | null,
    ofX: FloatArray | null,
    ofH0: FloatArray | null,
    ofC0: FloatArray | null,
    ofWeightIh: FloatArray | null,
    ofWeightHh: FloatArray | null,
    ofBiasIh: FloatArray | null,
    ofBiasHh: FloatArray | null,
  ): void;
}

/**
 * Reduces x (outer, count, inner) over the middle dimension; `out` is (outer, inner). The function is a number in the list of
 * native/core/reduce/reduce.h. Floats have results of their own kind, in the order of native/core/reduce/fold.h. Of Int32Array,
 * BigInt64Array and Uint8Array: sum and product into a BigInt64Array (they wrap), maximum and minimum into an array of their kind; any
 * and all of a Uint8Array into another. `correction` is the variance's. A maximum or minimum of nothing is refused.
 */
export function reduce(
  f: number,
  outer: number,
  count: number,
  inner: number,
  correction: number,
  x: Elements,
  out: Elements,
): void;

/** Where in x (outer, count, inner) the largest element lies, or the smallest, the first of equal ones. NaN counts as both. */
export function findExtreme(
  isLargest: boolean,
  outer: number,
  count: number,
  inner: number,
  x: Elements,
  out: BigInt64Array,
): void;

/**
 * The sum of each channel of x (batch, channels, length), in the order of native/core/reduce/fold.h over its elements, item after item: the
 * gradient of a convolution's bias. `out` has an element for each channel.
 */
export function sumChannels(batch: number, channels: number, length: number, x: FloatArray, out: FloatArray): void;

/** Softmax, or its logarithm, of each row of x (rows, count). */
export function softmax(isLog: boolean, rows: number, count: number, x: FloatArray, out: FloatArray): void;

/**
 * Normalises x (batch, groups, channels, length) over the channels and lengths of each group: layer, group and instance norms
 * (native/core/norm/normalise.h has the roundings). Weight and bias have an element for each channel of all groups, or with
 * `areElementwise`, which needs one group of one channel, for each of `length`. `statistics`, two elements for each group of each item,
 * get what {@link normGradients} needs.
 */
export function normalise(
  batch: number,
  groups: number,
  channels: number,
  length: number,
  eps: number,
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  areElementwise: boolean,
  out: FloatArray,
  statistics: FloatArray | null,
): void;

/** Mean and biased variance of each channel of x (batch, channels, length). */
export function batchStatistics(
  batch: number,
  channels: number,
  length: number,
  x: FloatArray,
  means: FloatArray,
  variances: FloatArray,
): void;

/**
 * The gradients of `normalise`, from that of its result, what it read and the statistics that it has written; those that are null are not
 * computed (native/core/backward/norm_gradients.h has the roundings).
 */
export function normGradients(
  batch: number,
  groups: number,
  channels: number,
  length: number,
  gradient: FloatArray,
  x: FloatArray,
  statistics: FloatArray,
  weight: FloatArray | null,
  areElementwise: boolean,
  ofX: FloatArray | null,
  ofWeight: FloatArray | null,
  ofBias: FloatArray | null,
): void;

/**
 * The gradients of a batch norm of x (batch, channels, length), `(x - mean) * scale + bias` with `scale = rstd * weight`; `areOfInput` says
 * whether means and deviations are those of x, and change with it.
 */
export function batchNormGradients(
  batch: number,
  channels: number,
  length: number,
  areOfInput: boolean,
  gradient: FloatArray,
  x: FloatArray,
  means: FloatArray,
  rstds: FloatArray,
  scales: FloatArray,
  ofX: FloatArray | null,
  ofWeight: FloatArray | null,
  ofBias: FloatArray | null,
): void;

/** Writes the weight under weight norm, `g * v / ||v||`, where v is (before, size, after); says whether that changed w. */
export function foldWeightNorm(
  before: number,
  size: number,
  after: number,
  g: Float64Array,
  v: FloatArray,
  w: FloatArray,
): boolean;

/** The gradients of weight norm, `w = g * v / ||v||`, where v is (before, size, after) and has a norm for each of `size`, as g has. */
export function weightNormGradients(
  before: number,
  size: number,
  after: number,
  gradient: FloatArray,
  g: FloatArray,
  v: FloatArray,
  ofG: FloatArray | null,
  ofV: FloatArray | null,
): void;

/**
 * The gradients of `channelwise` with the function ChannelGradient of native/kernels/kernel_table.h, of x (rows, length) and of `a`, in the
 * same roles.
 */
export function channelGradients(
  f: number,
  rows: number,
  channels: number,
  length: number,
  gradient: FloatArray,
  x: FloatArray,
  a: FloatArray,
  b: FloatArray | null,
  ofX: FloatArray | null,
  ofA: FloatArray | null,
): void;

/** Running sums along the middle dimension of x (outer, count, inner); `out` is of the kind of floats, else a BigInt64Array (they wrap). */
export function cumsum(outer: number, count: number, inner: number, x: Elements, out: Elements): void;

/** Each row of x (rows, count) in order, stable, NaN as the largest, and where its elements came from. */
export function sort(
  isDescending: boolean,
  rows: number,
  count: number,
  x: Elements,
  values: Elements,
  indices: BigInt64Array,
): void;

/** The first k of each row, the largest (or smallest) first; values and indices are (rows, k). */
export function topk(
  k: number,
  areLargest: boolean,
  rows: number,
  count: number,
  x: Elements,
  values: Elements,
  indices: BigInt64Array,
): void;

/** `out` (indices, width) is the rows of x (rows, width) with these indices. An index outside is refused, one below zero too. */
export function takeRows(
  rows: number,
  width: number,
  x: Elements,
  indices: BigInt64Array | Int32Array,
  out: Elements,
): void;

/** out[o][i][c] = x[o][indices[o][i][c]][c]: x is (outer, count, inner), indices and out are (outer, outCount, inner). */
export function gatherAlong(
  outer: number,
  count: number,
  inner: number,
  outCount: number,
  x: Elements,
  indices: BigInt64Array | Int32Array,
  out: Elements,
): void;

/** The reverse: out[o][indices[o][i][c]][c] += x[o][i][c] in the order of i, from zeros. */
export function scatterAdd(
  outer: number,
  count: number,
  inner: number,
  outCount: number,
  x: FloatArray,
  indices: BigInt64Array | Int32Array,
  out: FloatArray,
): void;

/** The reverse of takeRows: out[indices[i]] += x[i], rows of `width` elements, in the order of i, from zeros. */
export function addRows(
  rows: number,
  width: number,
  x: FloatArray,
  indices: BigInt64Array | Int32Array,
  out: FloatArray,
): void;

/**
 * `out[i] = f(x[i])` in `rows` rows of `length` elements: row i has the parameters `a[i % channels]` and `b[i % channels]`. `f` is a number in
 * the list of channel functions in native/kernels/kernel_table.h; `b` is null for the functions of one parameter. `rows` is a multiple of
 * `channels`; all arrays have one dtype; `out` is `x` itself, or apart from all.
 */
export function channelwise(
  f: number,
  rows: number,
  channels: number,
  length: number,
  x: FloatArray,
  a: FloatArray,
  b: FloatArray | null,
  out: FloatArray,
): void;

/**
 * The largest of each window of `x` (rows, length), as in PyTorch's MaxPool1d: `out` is (rows, outLength), and so is `indices`, which gets
 * where in its row the largest lies. `padding` is at most half of `kernelSize`. Windows may begin or end behind the padding (ceil_mode).
 */
export function maxPool(
  rows: number,
  length: number,
  kernelSize: number,
  stride: number,
  padding: number,
  dilation: number,
  outLength: number,
  x: FloatArray,
  out: FloatArray,
  indices: BigInt64Array | null,
): void;

/** The mean of each window, as in PyTorch's AvgPool1d; with `countIncludePad` the divisor counts the padding too. */
export function avgPool(
  rows: number,
  length: number,
  kernelSize: number,
  stride: number,
  padding: number,
  outLength: number,
  countIncludePad: boolean,
  x: FloatArray,
  out: FloatArray,
): void;

/** Windows from `floor(i * length / outLength)` to `ceil((i + 1) * length / outLength)`. `length` is 1 or more. */
export function adaptiveMaxPool(
  rows: number,
  length: number,
  outLength: number,
  x: FloatArray,
  out: FloatArray,
  indices: BigInt64Array | null,
): void;
export function adaptiveAvgPool(rows: number, length: number, outLength: number, x: FloatArray, out: FloatArray): void;

/**
 * `x` (rows, length) to `out` (rows, outLength), as PyTorch's Upsample in mode 'nearest'. `scale` is the factor that was asked for, which decides
 * about positions, or 0 where a size was. `length` is 1 or more.
 */
export function upsampleNearest(
  rows: number,
  length: number,
  outLength: number,
  scale: number,
  x: FloatArray,
  out: FloatArray,
): void;

/** The same in mode 'linear'; with `alignCorners` the scale does not matter. */
export function upsampleLinear(
  rows: number,
  length: number,
  outLength: number,
  alignCorners: boolean,
  scale: number,
  x: FloatArray,
  out: FloatArray,
): void;

/**
 * The gradient of a function of each element, of the gradient of what it gave and of what was saved: what it was given or gave, as the list of
 * gradients in native/kernels/kernel_table.h says. `a` and `b` are the function's parameters. All arrays have one dtype and length; `out` is one
 * of the others, or apart from both.
 */
export function elementGradient(
  f: number,
  saved: FloatArray,
  gradient: FloatArray,
  a: number,
  b: number,
  out: FloatArray,
): void;

/** That of gated halves: x and out are (outer, 2, size), gradient is (outer, size). */
export function gateGradient(outer: number, size: number, x: FloatArray, gradient: FloatArray, out: FloatArray): void;

/** That of softmax, or of its logarithm, over the middle dimension: `y` is what it gave. All are (outer, count, inner). */
export function softmaxGradient(
  isLog: boolean,
  outer: number,
  count: number,
  inner: number,
  y: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void;

/** Those of pooling: gradient is (rows, outLength), x and out are (rows, length), the others are the function's arguments. */
export function maxPoolGradient(
  rows: number,
  length: number,
  kernelSize: number,
  stride: number,
  padding: number,
  dilation: number,
  outLength: number,
  x: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void;
export function avgPoolGradient(
  rows: number,
  length: number,
  kernelSize: number,
  stride: number,
  padding: number,
  outLength: number,
  countIncludePad: boolean,
  gradient: FloatArray,
  out: FloatArray,
): void;
export function adaptiveMaxPoolGradient(
  rows: number,
  length: number,
  outLength: number,
  x: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void;
export function adaptiveAvgPoolGradient(
  rows: number,
  length: number,
  outLength: number,
  gradient: FloatArray,
  out: FloatArray,
): void;

/** Those of upsampling, likewise. */
export function upsampleNearestGradient(
  rows: number,
  length: number,
  outLength: number,
  scale: number,
  gradient: FloatArray,
  out: FloatArray,
): void;
export function upsampleLinearGradient(
  rows: number,
  length: number,
  outLength: number,
  alignCorners: boolean,
  scale: number,
  gradient: FloatArray,
  out: FloatArray,
): void;

/** One convolution: its parameters, fixed at construction, and (after `pack`) a snapshot of its weights. */
export class Convolution {
  /** A layer of a shared network, over the same snapshot, which goes on to be packed lazily for all who have it. */
  constructor(shared: SharedNetwork, index: number);
  constructor(
    dtype: 'float32' | 'float64',
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    stride: number,
    padLeft: number,
    padRight: number,
    dilation: number,
    groups: number,
    paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular',
    /** Whether calls may take the algorithms that sum in another order ('fast'); such a convolution has no `push`. Default 'direct'. */
    algorithm?: 'direct' | 'fast',
    /** With 'fast': what the weights of such an algorithm may take up; those that need more are not taken. */
    maxWeightBytes?: number,
    /**
     * Whether it is a transposed convolution, whose padding cuts outputs off and which has no `push`. Its weights are (inChannels,
     * outChannels / groups, kernelSize), and it pads with zeros. Default false.
     */
    transposed?: boolean,
    /** Of a transposed one: outputs behind the last one, fewer than stride or dilation. Default 0. */
    outputPadding?: number,
  );

  /**
   * Snapshots weights (outChannels, inChannels / groups, kernelSize; for a transposed one see above) and bias (outChannels), packed for
   * the kernels. Returns the quickest way to convolve with them.
   */
  pack(weight: FloatArray, bias: FloatArray | null): PackedForward;

  /** Takes the snapshot that another one of the same arguments has now, without a copy; the other may pack() or unpack(). */
  adopt(other: Convolution): PackedForward;

  /** Drops the snapshot; background jobs go on with it. */
  unpack(): void;

  /**
   * Writes the convolution of `input` (batch, inChannels, length) to `out` (batch, outChannels, outLength). With
   * `weight` null it uses the packed snapshot, otherwise `weight` and `bias` as they are now. Of a transposed convolution, a call may
   * have an output padding of its own; others take no notice of it.
   */
  forward(
    input: FloatArray,
    batch: number,
    length: number,
    weight: FloatArray | null,
    bias: FloatArray | null,
    out: FloatArray,
    outputPadding?: number,
  ): void;

  /**
   * The same on a background thread, or before it returns where there is none (`jobsRunByCaller`), into memory that nobody sees
   * until `done` gets it, on a later turn of the event loop. What is read is copied first, but for an
   * input in a SharedArrayBuffer with `borrow`, which must not be written to meanwhile. An `out` in a SharedArrayBuffer, where nobody
   * can take the memory away, is written in place, and `done` gets no memory. Returns a number for `cancel`.
   */
  forwardAsync(
    input: FloatArray,
    batch: number,
    length: number,
    weight: FloatArray | null,
    bias: FloatArray | null,
    borrow: boolean,
    out: FloatArray | null,
    done: Done,
    outputPadding?: number,
  ): number;

  /**
   * Holds on to the weights as they are now, with `weight` null the snapshot. Each call of what it returns starts a background job:
   * signals (inChannels, length) of any lengths, and a result (outChannels, outLength) for each. As in `forwardAsync`, with `borrow`
   * inputs in SharedArrayBuffers are not copied, and `outs` there are written in place: `done` gets them in place of memory.
   */
  prepareMany(weight: FloatArray | null, bias: FloatArray | null): StartMany;

  /**
   * The outputs that become complete with the next `length` inputs of a signal, zero-padded on its own account: `chunk` is
   * (batch, inChannels, length), `out` (batch, outChannels, n). `history` (batch, inChannels, dilation * (kernelSize - 1)) is
   * a ring of earlier inputs whose oldest column is `oldest`, `lead` how many positions lie before the chunk in the window of
   * the next output, `padRight` how many zeros follow the chunk (native/core/stream.h). Once nothing can fail any more, the
   * chunk enters the history. Returns the new `oldest`.
   */
  push(
    chunk: FloatArray,
    batch: number,
    length: number,
    weight: FloatArray | null,
    bias: FloatArray | null,
    out: FloatArray,
    history: FloatArray,
    oldest: number,
    lead: number,
    padRight: number,
  ): number;

  /**
   * The algorithms that could compute (batch, inChannels, length), with what each would cost, and which one a plan takes: with the
   * packed snapshot, or for `weight`, which may be such that an algorithm of its own computes it.
   */
  explain(batch: number, length: number, weight?: FloatArray | null): Candidate[];

  /**
   * Writes the gradient of the input of a call of `forward`, (batch, inChannels, length), to `out`: from the gradient of its output (batch,
   * outChannels, outLength) and the weight that it had. `outputPadding` is that call's. With algorithm 'fast', this too may take other
   * algorithms.
   */
  inputGradient(
    gradient: FloatArray,
    batch: number,
    length: number,
    weight: FloatArray,
    out: FloatArray,
    outputPadding?: number,
  ): void;

  /**
   * Writes the gradient of the weight, which has the weight's shape, to `out`: from the input (batch, inChannels, length) of a call of
   * `forward` and the gradient of its output (batch, outChannels, outLength). native/core/backward/weight_gradient.h has the order of the
   * sums.
   */
  weightGradient(
    input: FloatArray,
    batch: number,
    length: number,
    gradient: FloatArray,
    out: FloatArray,
    outputPadding?: number,
  ): void;
}

/** `forward` with the snapshot that its convolution has when it is called; ERR_CONV1D_TYPE once `unpack` has dropped that. */
export type PackedForward = (
  input: FloatArray,
  batch: number,
  length: number,
  out: FloatArray,
  outputPadding?: number,
) => void;

/** One algorithm of native/core/plan/. */
export interface Candidate {
  name: string;
  description: string;
  /** For one batch item and one group, in FMAs of whole vectors; Infinity where it cannot be used. */
  cost: number;
  /** Of the time of the direct sum, as estimated: the same on every machine and for every batch. 1 where `exact`, Infinity where it is not allowed. */
  share: number;
  chosen: boolean;
  /** Whether it keeps the order of the sum; those that do not are taken with algorithm 'fast' only. */
  exact: boolean;
  /** What its weights take up. */
  weightBytes: number;
  /** What each thread takes up beside them while a call runs; 0 unless chosen. */
  scratchBytes: number;
}

export type StartMany = (
  inputs: readonly FloatArray[],
  borrow: boolean,
  outs: readonly FloatArray[] | null,
  done: Done<ArrayBuffer | FloatArray>,
) => number;

/** What a background job calls at its end; when the outcome is 'ok', with the memory of the results that it made. */
export type Done<Result = ArrayBuffer> = (outcome: Outcome, results?: Result[]) => void;

/** How a background job ended. */
export type Outcome = 'ok' | 'cancelled' | 'memory';

/** How many background jobs ran on the thread that started them, in the whole process: the system gave no thread for them. */
export function jobsRunByCaller(): number;

/** Drops a background job that waits, and stops one that runs at its next tile. */
export function cancel(job: number): void;

/**
 * A network at fixed sizes: steps that run one after the other over places in memory. All numbers count elements. Every step checks, when
 * it is added, that its places exist, are long enough, and that what it writes is apart from what it reads; inputs and constants are not
 * written to. Once a schedule has the program, it takes no more steps and places (ERR_CONV1D_TYPE).
 */
export class Program {
  constructor(dtype: 'float32' | 'float64');

  /** A stretch of memory; returns its number, counted from 0. Kind 0: the arena (index 0), 1: input number `index`, 2: output number `index`. */
  place(kind: number, index: number, offset: number, length: number): number;

  /** Values that steps read; they are copied. Returns the number of a place. */
  constant(values: FloatArray): number;

  /** The elements that the arena must have: the largest end of one of its places. */
  arenaLength(): number;

  // The steps. A place is given by its number, and -1 is none, where that is allowed.

  /**
   * A convolution with the snapshot that `layer` has now (ERR_CONV1D_TYPE without one). x is (batch, inChannels, length), padded as given
   * in place of the layer's own padding: with zeros, unless both ends are the layer's. `out` is (batch, outChannels, outLength).
   *
   * `stages` are functions of the outputs behind their sums, at most 32, of 9 numbers each:
   * [kind, function, in, out, p, q, a, b, otherIsLeft]. A stage reads `in` and writes `out`, places of as many elements as the outputs have;
   * -1 is the outputs themselves.
   * Kind 0: as `unary`, with the parameters a and b. Kind 1: as `channelwise`; p is the place of its `a`, q that of its `b`, or -1 for the
   * function without. Kind 2: as `binary`, of `in` and the place p (as many elements), or with p = -1 the number a, which is the left one
   * with `otherIsLeft` 1. What is not read is -1 or 0. A place that is written is apart from all others of the step, or the same elements;
   * always apart from x.
   */
  convolution(
    layer: Convolution,
    x: number,
    batch: number,
    length: number,
    padLeft: number,
    padRight: number,
    outputPadding: number,
    out: number,
    stages: Float64Array,
  ): void;

  /** As `Recurrent.run`, with the snapshot that `layer` has now. `h0` and `c0` may be -1 for zeros; `c0` and `cn` of a GRU are -1. */
  recurrent(
    layer: Recurrent,
    x: number,
    steps: number,
    batch: number,
    h0: number,
    c0: number,
    reverse: boolean,
    out: number,
    outOffset: number,
    outRowStride: number,
    hn: number,
    cn: number,
  ): void;

  /**
   * Applies stages (see `convolution`; at least one) to values (items, channels, length), a stretch at a time that stays in the first cache. The
   * first stage reads x where its `in` is -1, the others `out`. `out` may be x; x may be -1 where the first stage has a place to read.
   */
  pointwise(items: number, channels: number, length: number, x: number, out: number, stages: Float64Array): void;

  // The functions of the same names, with places in place of arrays. A place may have more elements than are read or written.

  binary(
    f: number,
    shape: readonly number[],
    x: number,
    xOffset: number,
    xStrides: readonly number[],
    y: number,
    yOffset: number,
    yStrides: readonly number[],
    out: number,
  ): void;
  copy(
    shape: readonly number[],
    x: number,
    xOffset: number,
    xStrides: readonly number[],
    out: number,
    outOffset: number,
    outStrides: readonly number[],
  ): void;
  /** `count` elements of `out` from `offset` on become the value. */
  fill(out: number, offset: number, count: number, value: number): void;
  /** `b` is -1 for the functions of one parameter. */
  channelwise(
    f: number,
    rows: number,
    channels: number,
    length: number,
    x: number,
    a: number,
    b: number,
    out: number,
  ): void;
  /** x is (outer, 2, half, inner), `out` (outer, half, inner) its first halves times the sigmoid of its second ones. */
  glu(outer: number, half: number, inner: number, x: number, out: number): void;
  /** All elements of `out` are those of x to the power of `exponent`; `out` may be x. */
  powScalar(x: number, exponent: number, out: number): void;
  maxPool(
    rows: number,
    length: number,
    kernelSize: number,
    stride: number,
    padding: number,
    dilation: number,
    outLength: number,
    x: number,
    out: number,
  ): void;
  avgPool(
    rows: number,
    length: number,
    kernelSize: number,
    stride: number,
    padding: number,
    outLength: number,
    countIncludePad: boolean,
    x: number,
    out: number,
  ): void;
  adaptiveMaxPool(rows: number, length: number, outLength: number, x: number, out: number): void;
  adaptiveAvgPool(rows: number, length: number, outLength: number, x: number, out: number): void;
  upsampleNearest(rows: number, length: number, outLength: number, scale: number, x: number, out: number): void;
  upsampleLinear(
    rows: number,
    length: number,
    outLength: number,
    alignCorners: boolean,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Without any and all, which are of bools. */
  reduce(f: number, outer: number, count: number, inner: number, correction: number, x: number, out: number): void;
  softmax(isLog: boolean, rows: number, count: number, x: number, out: number): void;
  /** Sums go on from those at `from`, and are left at `to`, eight bytes for each of outer * inner; -1 for zeros, and for nowhere. */
  cumsum(outer: number, count: number, inner: number, x: number, from: number, to: number, out: number): void;
  /** `weight` and `bias` are -1 for none. */
  normalise(
    batch: number,
    groups: number,
    channels: number,
    length: number,
    eps: number,
    x: number,
    weight: number,
    bias: number,
    areElementwise: boolean,
    out: number,
  ): void;
  matmul(
    batch: readonly number[],
    m: number,
    k: number,
    n: number,
    a: number,
    aOffset: number,
    aStrides: readonly number[],
    b: number,
    bOffset: number,
    bStrides: readonly number[],
    out: number,
  ): void;
  spectraOfFrames(
    signals: number,
    length: number,
    frames: number,
    size: number,
    hop: number,
    ends: number,
    inner: number,
    x: number,
    window: number,
    spectra: number,
  ): void;
  overlapAddFrames(
    signals: number,
    length: number,
    frames: number,
    size: number,
    hop: number,
    ends: number,
    inner: number,
    first: number,
    dividesByWindows: boolean,
    spectra: number,
    window: number,
    x: number,
  ): void;
}

/**
 * How programs run over batch items or stretches: units, each a program whose inputs and outputs begin at an offset of the call's. The lengths
 * are those of a call's inputs and outputs, at most 1024 of either.
 */
export class Schedule {
  constructor(dtype: 'float32' | 'float64', inputLengths: readonly number[], outputLengths: readonly number[]);

  /**
   * One unit, with an offset for each input and output of a call; everything that the program names must lie inside. Units must not write the
   * same elements.
   */
  add(program: Program, inputOffsets: readonly number[], outputOffsets: readonly number[]): void;

  /**
   * With true, units are shared out among the threads, each unit on one of them with an arena of its own. Otherwise, and at first, they run one
   * after the other, each step on all threads. The bits are the same.
   */
  parallel(value: boolean): void;

  /** Runs all units. Outputs are apart from all inputs and from each other. */
  run(inputs: readonly FloatArray[], outputs: readonly FloatArray[]): void;

  /**
   * The same on a background thread, or before it returns where there is none (`jobsRunByCaller`): with copies of the inputs, and into memory
   * that nobody sees until `done` gets it, one buffer for each output, on a later turn of the event loop. Units that are added later, and
   * another `parallel`, are for later calls. Returns a number for `cancel`, which stops it between steps and within convolutions.
   */
  runAsync(inputs: readonly FloatArray[], done: Done): number;

  /**
   * Runs as `run` does without `parallel`, and returns the seconds that each step took, of all units together, by its index in its program.
   */
  profile(inputs: readonly FloatArray[], outputs: readonly FloatArray[]): Float64Array;

  /** The bytes that the arenas, and the scratch of convolutions, take during a run with the number of threads that is set. */
  workingBytes(): number;
}

/**
 * Layers with their snapshots, listed for all JavaScript threads of the process: a layer of another thread is made over the same snapshot,
 * which is not copied. It lives as long as an object of this class, of whatever thread, holds it; layers that were made of it hold their
 * snapshots themselves.
 */
export class SharedNetwork {
  /** Lists layers under an id of at most 64 bytes. ERR_CONV1D_VALUE where it is taken; ERR_CONV1D_TYPE where a layer is not packed. */
  constructor(id: string, description: Uint8Array, layers: readonly (Convolution | Recurrent)[]);
  /** Finds what was listed. ERR_CONV1D_VALUE where there is nothing of this id, or nobody holds it any more. */
  constructor(id: string);

  /** A copy of the bytes that were listed with the layers. */
  description(): Uint8Array;

  /** Holds it no more; layers are made of this object no more. */
  release(): void;
}
