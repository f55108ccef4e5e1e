import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { StreamedInput } from './body.ts';
import type { NetworkStanding } from './standing.ts';

/** A row that takes part in a push: its chunks, and where its outputs go. */
export interface RowCall {
  readonly row: number;
  readonly chunks: readonly FloatArray[];
  readonly positions: number;
  readonly outputs: readonly FloatArray[];
}

/** What rows that come and go do with checked chunks; the public class is before it. */
export interface RowsBody {
  readonly dtype: FloatDtype;
  /** Of one row. */
  readonly inputs: readonly StreamedInput[];
  readonly latency: number;
  readonly receptiveField: number;
  readonly hop: number;
  /** What an open row holds between pushes, at most, in bytes. */
  readonly bytesPerRow: number;
  open(row: number): void;
  close(row: number): void;
  received(row: number): number;
  /** The shapes of the outputs of one row that so many more positions complete. */
  shapesAfter(row: number, positions: number): readonly (readonly number[])[];
  shapesAtEnd(row: number): readonly (readonly number[])[];
  /** Rows that differ from each other; a push that throws has consumed nothing. */
  push(calls: readonly RowCall[]): void;
  flush(row: number, outputs: readonly FloatArray[]): void;
  standing(row: number): Omit<NetworkStanding, 'ended'>;
  restore(row: number, standing: NetworkStanding): void;
  keptAt(computed: number): number;
}

/** Rows that are computed at a time: each number of them has a plan of its own, so there are few. */
const BLOCKS = [64, 32, 16, 8, 4, 2, 1] as const;

/** Cuts a list into blocks of those sizes, at most `most` at a time. */
export function* blocksOf<T>(list: readonly T[], most: number): Generator<readonly T[]> {
  let from = 0;
  for (const size of BLOCKS) {
    if (size > most) continue;
    for (; list.length - from >= size; from += size) yield list.slice(from, from + size);
  }
}
