import type { Node, Value } from '../graph.ts';
import type { Range } from './signalRules.ts';

/** What of a signal is kept from one chunk of a stream to the next, and where it lies in all that is kept. */
export interface CarriedSignal {
  /** What was kept; what came; and of both, what is kept further on. */
  readonly before: Range;
  readonly fresh: Range;
  readonly after: Range;
  /** In elements. */
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

/** What a chunk of a stream takes from those before it, and leaves to those behind it. */
export interface Carrying {
  dimOf(value: Value): number | undefined;
  readonly signals: ReadonlyMap<Value, CarriedSignal>;
  readonly states: ReadonlyMap<Node, readonly CarriedState[]>;
  /** Nodes that have nothing to compute. */
  readonly idle: ReadonlySet<Node>;
  /** Of all that was kept, and that will be, in elements. */
  readonly lengthBefore: number;
  readonly lengthAfter: number;
}
