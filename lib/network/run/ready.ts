import type { Elements } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import type { View } from '../../tensor/view.ts';
import type { NodeCall } from '../plan/planner.ts';

/** A network, or a part of it that runs as a whole, ready to run on inputs of some shapes. */
export interface Ready {
  /** The shapes of the outputs, for the whole batch. */
  readonly outputs: readonly Meta[];
  /** The nodes for reports, in the order in which they run. */
  readonly reports: readonly Report[];
  /** Computes all outputs, synchronously. */
  run(inputs: readonly View[]): readonly Elements[];
  /** The same into the caller's memory; each input and output is a whole array. */
  runInto(inputs: readonly Elements[], outputs: readonly Elements[]): void;
  /** The same as `run`, with copies of the inputs, and with native parts on a background thread. */
  runAsync(inputs: readonly View[], signal: AbortSignal | undefined): Promise<readonly Elements[]>;
  /** A network for measured runs. */
  profiler(inputs: readonly View[]): Profiler;
  /** What a call takes beside inputs, outputs and weights, in bytes. */
  workingBytes(): number;
}

/** Some nodes at the sizes of whole signals, and how many times a call computes them. */
export interface Report {
  readonly steps: readonly NodeCall[];
  readonly times: number;
  /** Whether they run as tensors do without compile(), and not in a native program. */
  readonly isHost: boolean;
}

/** Measures how long a network takes, piece by piece. */
export interface Profiler {
  /** Runs the network once, and gives the seconds of each piece. */
  run(): Float64Array;
  /** For each piece, the index of its step among those of all reports; -1 for none. */
  readonly owners: readonly number[];
}
