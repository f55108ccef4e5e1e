import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { NetworkStanding } from './standing.ts';

/** An input that comes in chunks. */
export interface StreamedInput {
  readonly name: string;
  /** Of a chunk of that many positions. */
  shapeOf(positions: number): readonly number[];
  readonly dim: number;
  /** Along which several rows lie. */
  readonly batchDim: number;
  /** Elements along `dim` for each position. */
  readonly times: number;
}

/** A row that takes part in a push: its chunks, and where its outputs go. */
export interface RowCall {
  readonly row: number;
  /** Of this row, or of several one behind the other, of which this is number `index`. */
  readonly chunks: readonly FloatArray[];
  readonly outputs: readonly FloatArray[];
  readonly index: number;
  readonly positions: number;
}

/** What rows do with checked chunks: signals of their own, which come and go, or are the items of a batch. */
export interface RowsBody {
  readonly dtype: FloatDtype;
  /** Of one row. */
  readonly inputs: readonly StreamedInput[];
  readonly latency: number;
  readonly receptiveField: number;
  readonly hop: number;
  /** What an open row holds between pushes, at most, in bytes. */
  readonly bytesPerRow: number;
  /** Begins a signal. */
  open(row: number): void;
  close(row: number): void;
  received(row: number): number;
  /** The shapes of the outputs of one row that so many more positions complete. */
  shapesAfter(row: number, positions: number): readonly (readonly number[])[];
  shapesAtEnd(row: number): readonly (readonly number[])[];
  /** Rows that differ from each other; a push that throws has consumed nothing. */
  push(calls: readonly RowCall[]): void;
  /** The outputs that the end of signals completes; of a call, chunks and positions have no use. */
  flush(calls: readonly RowCall[]): void;
  /** Begins a signal beside others that go on, in step with them; false if that cannot be. */
  beginAmid(row: number): boolean;
  standing(row: number): Omit<NetworkStanding, 'ended'>;
  restore(row: number, standing: NetworkStanding): void;
  keptAt(computed: number): number;
}

/** Rows that are computed at a time: each number of them has a plan of its own, so there are few. */
const BLOCKS = [64, 32, 16, 8, 4, 2, 1] as const;

/** Cuts a list into blocks of those sizes; of one each where several may not be together. */
export function blocksOf<T>(list: readonly T[], mayBeSeveral: boolean): readonly (readonly T[])[] {
  if (list.length === 1) return [list];
  if (!mayBeSeveral) return list.map((each) => [each]);
  const blocks: (readonly T[])[] = [];
  let from = 0;
  for (const size of BLOCKS) {
    for (; list.length - from >= size; from += size) blocks.push(list.slice(from, from + size));
  }
  return blocks;
}

/** The shape of several rows of a shape. */
export function severalOf(shape: readonly number[], batchDim: number, rows: number): readonly number[] {
  return shape.with(batchDim, shape[batchDim]! * rows);
}

/** What a row has of an array of several. */
export function partOf(array: FloatArray, index: number, length: number): FloatArray {
  return array.length === length ? array : array.subarray(index * length, (index + 1) * length);
}
