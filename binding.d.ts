/**
 * The surface of the native addon (native/binding/). Only lib/native/loadAddon.ts imports it.
 *
 * Every function checks kinds, ranges and lengths again and throws a TypeError or RangeError with a `code`
 * before it writes anything: nothing passed here can crash the process.
 */

export type Isa = 'avx512' | 'avx2' | 'neon' | 'scalar';
export type FloatArray = Float32Array | Float64Array;

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
 * `out`, in rows of `shape`, is `f` of both sides: element (i0, i1, ...) of x is `x[xOffset + i0 * xStrides[0] + ...]`. The last stride of
 * either is 0 or 1.
 */
export function binary(
  f: number,
  shape: readonly number[],
  x: FloatArray,
  xOffset: number,
  xStrides: readonly number[],
  y: FloatArray,
  yOffset: number,
  yStrides: readonly number[],
  out: FloatArray,
): void;

/** The elements of a view of `x` one after the other. */
export function gather(
  shape: readonly number[],
  x: FloatArray,
  offset: number,
  strides: readonly number[],
  out: FloatArray,
): void;

/** One convolution: its parameters, fixed at construction, and (after `pack`) a snapshot of its weights. */
export class Convolution {
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
