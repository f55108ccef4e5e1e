import type { Node, Value } from '../graph.ts';
import type { Range } from './signalRules.ts';

/** The part of a signal that a stream keeps from one chunk to the next, and its offsets in all that the stream keeps. */
export interface CarriedSignal {
  /** The range that was kept, the one that has come, and the one to keep for the next chunk. */
  readonly before: Range;
  readonly fresh: Range;
  readonly after: Range;
  /** Offsets in elements. */
  readonly from: number;
  readonly to: number;
}

/** A state that a node carries from one point in time to the next. */
export interface CarriedState {
  readonly shape: readonly number[];
  /** Null before the first point in time. */
  readonly from: number | null;
  readonly to: number;
}

/** What a chunk of a stream takes from the chunks before it, and leaves to those after it. */
export interface Carrying {
  dimOf(value: Value): number | undefined;
  readonly signals: ReadonlyMap<Value, CarriedSignal>;
  readonly states: ReadonlyMap<Node, readonly CarriedState[]>;
  /** Nodes that have nothing to compute. */
  readonly idle: ReadonlySet<Node>;
  /** The length of all that was kept, and of all that will be, in elements. */
  readonly lengthBefore: number;
  readonly lengthAfter: number;
}
