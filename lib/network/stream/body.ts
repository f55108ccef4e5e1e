import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { NetworkStanding } from './standing.ts';

/** An input that comes in chunks. */
export interface StreamedInput {
  readonly name: string | null;
  /** Of a chunk of so many positions, of the whole batch. */
  shapeOf(positions: number): readonly number[];
  readonly dim: number;
  /** Elements along `dim` for each position. */
  readonly times: number;
}

/** What a stream does with checked chunks; the public class is before it. */
export interface StreamBody {
  readonly dtype: FloatDtype;
  readonly batch: number;
  readonly inputs: readonly StreamedInput[];
  /** How many positions have come. */
  readonly received: number;
  readonly latency: number;
  readonly receptiveField: number;
  readonly hop: number;
  /** The shapes of the outputs that so many more positions complete. */
  shapesAfter(positions: number): readonly (readonly number[])[];
  /** The shapes of those that the end completes; throws what `forward` throws for such signals. */
  shapesAtEnd(): readonly (readonly number[])[];
  /** Takes positions, and writes the outputs that they complete. */
  push(chunks: readonly FloatArray[], positions: number, outputs: readonly FloatArray[]): void;
  flush(outputs: readonly FloatArray[]): void;
  reset(): void;
  resetRows(rows: ReadonlySet<number>): void;
  standing(): Omit<NetworkStanding, 'ended'>;
  restore(standing: NetworkStanding): void;
  /** How much is kept behind so many computed positions. */
  keptAt(computed: number): number;
}
