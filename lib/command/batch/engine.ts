import type { Algorithm } from '../../convolution/algorithm.ts';
import type { Dtype, FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { StepTimes } from './arrow.ts';
import type { Workspace } from './workspace.ts';

/** What files go through, whoever computes: a layer (layer.ts) or a network (network.ts). */
export interface Engine {
  /** What it reads: one signal, from recordings and arrays; or tensors by their names, from files that have some. */
  readonly input: SignalInput | NamedInputs;
  /** What its results are called in files that have names, in their order. */
  readonly outputs: readonly string[];
  /** In which signals are read. */
  readonly dtype: FloatDtype;
  /** Samples a second that recordings must have; undefined: any. */
  readonly sampleRate: number | undefined;
  /** Those of a recording that is written. Default: {@link sampleRate}. */
  readonly outputRate?: number | undefined;
  /** Which algorithms it may take. */
  readonly algorithm: Algorithm;
  /** Whether the channels of its result are real parts followed by imaginary parts. */
  readonly complexPairs: boolean;
  /** About how many elements come out for each that goes in: files under way are counted by the memory that they take. */
  readonly growth: number;
  /** What results depend on beside inputs: equal ones, equal results. What is undefined does not count. */
  identity(): Identity;
  /** How the steps of the first result lie in time. */
  stepTimes(sampleRate: number | null, inputs: readonly Tensor<Dtype>[], outputs: readonly Tensor[]): StepTimes;
  /** Computes, on a background thread unless `measure` is set. */
  run(inputs: readonly Tensor<Dtype>[], options: EngineRunOptions): Promise<EngineRun>;
}

/** A signal (channels, length), or several (batch, channels, length). */
export interface SignalInput {
  readonly kind: 'signal';
  /** Of recordings; null where they cannot be read, but arrays can. */
  readonly channels: number | null;
  /** Whether an array of one dimension may be one. */
  readonly takesVectors: boolean;
}

/** Tensors by their names. */
export interface NamedInputs {
  readonly kind: 'named';
  readonly names: readonly string[];
  readonly dtypes: readonly Dtype[];
}

export interface Identity {
  readonly described: Readonly<Record<string, unknown>>;
  readonly bytes: Iterable<Uint8Array>;
}

export interface EngineRunOptions {
  /** Compute a short input up to five times, on this thread, and report the fastest. */
  readonly measure: boolean;
  readonly signal: AbortSignal | undefined;
  /** Where results may lie until they are written. Default: new memory. */
  readonly workspace: Workspace | undefined;
}

/** What a run gave, and took. */
export interface EngineRun {
  /** In the order of {@link Engine.outputs}. */
  readonly outputs: readonly Tensor[];
  /** Of the computation alone. */
  readonly milliseconds: number;
  /** Multiplications and additions of direct sums. */
  readonly operations: number;
  /** The name of the algorithm; 'direct' for all that keep the order of the sum. */
  readonly algorithm: string;
}
