import type { View } from '../../tensor/view.ts';
import type { Node, Value } from '../graph.ts';
import type { Mixed, Segment } from './mixed.ts';

/** One thing that a call does: a native program, or a node of the host. Values are numbers of slots. */
export interface Turn {
  readonly segment: number;
  /** Undefined of a native program. */
  readonly node: Node | undefined;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** What nobody reads behind it. */
  readonly frees: readonly number[];
}

/** Where the values of a network lie while it runs, and what is done with them in which order. */
export interface Slots {
  readonly turns: readonly Turn[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** What lies there before a call: known tensors. */
  readonly known: readonly (View | undefined)[];
}

/** Gives each value that lies outside of native programs a slot. */
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
