import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { NetworkStanding } from './standing.ts';

/** An input that comes in chunks. Shapes are those of one row. */
export interface StreamedInput {
  readonly name: string;
  /** The shape of a chunk with that many positions. */
  shapeOf(positions: number): readonly number[];
  readonly dim: number;
  /** The dimension along which several rows lie. */
  readonly batchDim: number;
  /** The number of elements along `dim` per position. */
  readonly times: number;
}

/** A row of a push: its chunks, and the memory of its outputs. */
export interface RowCall {
  readonly row: number;
  /** The chunks of this row, or of several one after the other, of which this is number `index`. */
  readonly chunks: readonly FloatArray[];
  readonly outputs: readonly FloatArray[];
  readonly index: number;
  readonly positions: number;
}

/** Computes rows from checked chunks: signals that come and go, or the items of a batch. */
export interface RowsBody {
  readonly dtype: FloatDtype;
  /** The inputs of one row. */
  readonly inputs: readonly StreamedInput[];
  readonly latency: number;
  readonly receptiveField: number;
  readonly hop: number;
  /** The most bytes that an open row holds between pushes. */
  readonly bytesPerRow: number;
  /** Begins a signal. */
  open(row: number): void;
  close(row: number): void;
  received(row: number): number;
  /** The shapes of the outputs of one row that `positions` more positions complete. */
  shapesAfter(row: number, positions: number): readonly (readonly number[])[];
  shapesAtEnd(row: number): readonly (readonly number[])[];
  /** Computes the calls, each of another row; a push that throws has consumed nothing. */
  push(calls: readonly RowCall[]): void;
  /** Computes the outputs that the end of signals completes; it does not use the chunks and positions of the calls. */
  flush(calls: readonly RowCall[]): void;
  /** Begins a signal beside others that go on, in step with them; false if that cannot be. */
  beginAmid(row: number): boolean;
  standing(row: number): Omit<NetworkStanding, 'ended'>;
  restore(row: number, standing: NetworkStanding): void;
  keptAt(computed: number): number;
}

/** The numbers of rows that may run together; they are few, since each has a plan of its own. */
const BLOCKS = [64, 32, 16, 8, 4, 2, 1] as const;

/** Cuts a list into blocks of these sizes; into single elements if several may not run together. */
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

/** The part of a row in an array of several rows. */
export function partOf(array: FloatArray, index: number, length: number): FloatArray {
  return array.length === length ? array : array.subarray(index * length, (index + 1) * length);
}
