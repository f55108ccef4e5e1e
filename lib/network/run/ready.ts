import type { Elements } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import type { View } from '../../tensor/view.ts';
import type { NodeCall } from '../plan/planner.ts';

/** A network, or a part of it that runs as a whole, ready to run on inputs of some shapes. */
export interface Ready {
  /** Of the whole batch. */
  readonly outputs: readonly Meta[];
  /** What is reported, in the order in which it runs. */
  readonly reports: readonly Report[];
  /** Computes all outputs before it returns. */
  run(inputs: readonly View[]): readonly Elements[];
  /** The same into memory of the caller's; all elements are of one array for each input and output. */
  runInto(inputs: readonly Elements[], outputs: readonly Elements[]): void;
  /** The same as `run` with native parts on a background thread, and with copies of the inputs. */
  runAsync(inputs: readonly View[], signal: AbortSignal | undefined): Promise<readonly Elements[]>;
  /** Runs that are measured. */
  profiler(inputs: readonly View[]): Profiler;
  /** What a call takes up beside inputs, outputs and weights, in bytes. */
  workingBytes(): number;
}

/** Some nodes at the sizes of whole signals, and how many times a call computes them. */
export interface Report {
  readonly steps: readonly NodeCall[];
  readonly times: number;
  /** Whether they run as tensors do without compile(), and not in a native program. */
  readonly isHost: boolean;
}

/** How long a network takes, piece by piece. */
export interface Profiler {
  /** Runs it once and gives the seconds that each piece took. */
  run(): Float64Array;
  /** For each piece, to which of the steps of all reports it belongs; -1 for none. */
  readonly owners: readonly number[];
}
