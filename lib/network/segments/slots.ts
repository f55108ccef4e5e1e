import type { View } from '../../tensor/view.ts';
import type { Node, Value } from '../graph.ts';
import type { Mixed, Segment } from './mixed.ts';

/** One turn of a call: a native program, or a node of the host. Values are numbers of slots. */
export interface Turn {
  readonly segment: number;
  /** Undefined for a native program. */
  readonly node: Node | undefined;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** The slots that nobody reads afterwards. */
  readonly frees: readonly number[];
}

/** The slots for a network's values while it runs, and its turns in their order. */
export interface Slots {
  readonly turns: readonly Turn[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The content of slots before a call: tensors with known values. */
  readonly known: readonly (View | undefined)[];
}

/** Gives a slot to each value outside of native programs. */
export function makeSlots({ inputs, segments, outputs }: Mixed): Slots {
  const numbers = new Map<Value, number>();
  const known: (View | undefined)[] = [];
  const slotOf = (value: Value): number => {
    const before = numbers.get(value);
    if (before !== undefined) return before;
    numbers.set(value, known.length);
    return known.push(value.known) - 1;
  };
  const slotsOf = (values: readonly Value[]) => values.map(slotOf);
  const ofInputs = slotsOf(inputs);
  const turns = segments.flatMap((segment, i) =>
    turnsOf(segment).map((each) => ({
      segment: i,
      node: each.node,
      reads: slotsOf(each.inputs),
      writes: slotsOf(each.results),
    })),
  );
  const ofOutputs = slotsOf(outputs);
  const kept = new Set(ofOutputs);
  const isKept = (slot: number) => known[slot] !== undefined || kept.has(slot);
  const last = new Map<number, number>();
  for (const [i, { reads, writes }] of turns.entries()) for (const slot of [...reads, ...writes]) last.set(slot, i);
  const freedBy = (i: number, slots: readonly number[]) =>
    [...new Set(slots)].filter((slot) => last.get(slot) === i && !isKept(slot));
  return {
    turns: turns.map((turn, i) => ({ ...turn, frees: freedBy(i, [...turn.reads, ...turn.writes]) })),
    inputs: ofInputs,
    outputs: ofOutputs,
    known,
  };
}

function turnsOf({ plan, host }: Segment): { node?: Node; inputs: readonly Value[]; results: readonly Value[] }[] {
  if (plan !== null) return [{ inputs: plan.graph.inputs, results: plan.graph.outputs }];
  return host.nodes.map((node) => ({ node, inputs: node.inputs, results: node.results }));
}
