import { numelOf } from '../../tensor/shape.ts';
import type { Finish, Node, Value } from '../graph.ts';
import type { CarriedSignal, CarriedState } from '../plan/carrying.ts';
import { findInPlace } from '../plan/inPlace.ts';
import { type Part, type Plan, type Planned, planNetwork } from '../plan/planner.ts';
import type { Range } from '../plan/signalRules.ts';
import type { NodeStretch } from '../plan/stretch.ts';
import { goingOn, type Streamable } from './streamable.ts';
import type { Moment } from './timeline.ts';

/** The offsets, in elements, of all that a stream keeps between two chunks. */
export interface Layout {
  readonly signals: ReadonlyMap<Value, number>;
  readonly states: ReadonlyMap<Node, readonly number[]>;
  readonly length: number;
}

/** The computation of a chunk, which takes the signals from one moment to another. */
export interface ChunkPlan {
  readonly part: Part;
  /** The nodes of this chunk, with the fused functions that go on at the same pace as their node. */
  readonly nodes: readonly Node[];
  /** Equal for chunks that one program can compute. */
  readonly key: string;
}

/** The offsets of what a stream keeps at a moment. */
export function layoutAt({ signals, sizes, rules }: Streamable, { made, kept }: Moment): Layout {
  const ofSignals = new Map<Value, number>();
  const ofStates = new Map<Node, readonly number[]>();
  let length = 0;
  for (const [value, { dim }] of signals) {
    ofSignals.set(value, length);
    const count = made.get(value)! - kept.get(value)!;
    if (count > 0) length += numelOf(sizes.metaOf(value).shape.with(dim, count));
  }
  for (const [node, { states }] of rules) {
    if (states === undefined || made.get(node.results[0]!) === 0) continue;
    const offsets = states.map((shape) => {
      const offset = length;
      length += numelOf(shape);
      return offset;
    });
    ofStates.set(node, offsets);
  }
  return { signals: ofSignals, states: ofStates, length };
}

/**
 * Plans the computation that takes a stream from one moment to another.
 *
 * @param lengthOf  the length of a signal; infinite before its end has come
 */
export function planChunk(
  streamable: Streamable,
  from: Moment,
  to: Moment,
  layouts: readonly [Layout, Layout],
  lengthOf: (value: Value) => number,
): ChunkPlan {
  const { graph, signals, rules } = streamable;
  const ranges = new Map<Value, Range>();
  const calls = new Map<Node, NodeStretch>();
  const key: (number | string)[] = [];
  const freshOf = (value: Value): Range => ({ begin: from.made.get(value)!, end: to.made.get(value)! });
  for (const value of graph.inputs) if (signals.has(value)) ranges.set(value, freshOf(value));
  for (const [node, rule] of rules) {
    const [result] = node.results as [Value];
    const fresh = freshOf(result);
    if (fresh.begin === fresh.end) {
      // An idle node may have a state already, which the stream keeps.
      key.push(layouts[0].states.has(node) ? '-s' : '-');
      for (const value of goingOn(node, rule)) ranges.set(value, fresh);
      continue;
    }
    const x = node.inputs.find((value) => signals.has(value))!;
    const inputs = rule.needs(fresh, lengthOf(x));
    const call = rule.call?.(fresh, inputs, lengthOf(x)) ?? { computed: fresh };
    for (const value of goingOn(node, rule)) ranges.set(value, call.computed);
    calls.set(node, { inputs, attributes: call.attributes as NodeStretch['attributes'] });
    const before = from.kept.get(x)!;
    key.push(
      inputs.begin - before,
      inputs.end - before,
      call.computed.begin - fresh.begin,
      call.computed.end - fresh.begin,
    );
    key.push(keyOf(call.attributes), rule.states !== undefined && fresh.begin === 0 ? 'first' : '');
  }
  const carried = new Map<Value, CarriedSignal>();
  for (const value of signals.keys()) {
    const fresh = freshOf(value);
    const before = { begin: from.kept.get(value)!, end: fresh.begin };
    const after = { begin: to.kept.get(value)!, end: fresh.end };
    carried.set(value, {
      before,
      fresh,
      after,
      from: layouts[0].signals.get(value)!,
      to: layouts[1].signals.get(value) ?? 0,
    });
    key.push(before.end - before.begin, fresh.end - fresh.begin, after.end - after.begin);
  }
  const groups = grouped(streamable, from, to, ranges, calls);
  const own = new Map(groups.map(({ node, original }) => [original, node]));
  const states = new Map<Node, CarriedState[]>();
  for (const [node, offsets] of layouts[1].states) {
    const known = layouts[0].states.get(node);
    states.set(
      own.get(node)!,
      offsets.map((offset, i) => ({
        shape: rules.get(node)!.states![i]!,
        from: known?.[i] ?? null,
        to: offset,
      })),
    );
  }
  const idle = new Set<Node>();
  const stretches = new Map<Node, NodeStretch>();
  for (const { node, original } of groups) {
    if (!rules.has(original)) continue;
    const call = calls.get(original);
    if (call === undefined) idle.add(node);
    else stretches.set(node, call);
  }
  const part: Part = {
    ranges,
    nodes: stretches,
    outputs: graph.outputs.map(freshOf),
    carrying: {
      dimOf: (value) => signals.get(value)?.dim,
      signals: carried,
      states,
      idle,
      lengthBefore: layouts[0].length,
      lengthAfter: layouts[1].length,
    },
  };
  return { part, nodes: groups.map(({ node }) => node), key: key.join(' ') };
}

/** The program of a chunk. */
export function programOf({ graph, sizes }: Streamable, { part, nodes }: ChunkPlan, dtype: Plan['dtype']): Planned {
  const own = { ...graph, nodes };
  return planNetwork({ graph: own, dtype, inPlace: findInPlace(own) }, sizes, part);
}

/** A node of a chunk, and the node of the whole graph for which it stands. */
interface Grouped {
  readonly node: Node;
  readonly original: Node;
}

/** Makes nodes of fused functions that go on at another pace than their node. */
function grouped(
  { graph, rules }: Streamable,
  from: Moment,
  to: Moment,
  ranges: ReadonlyMap<Value, Range>,
  calls: ReadonlyMap<Node, NodeStretch>,
): Grouped[] {
  return graph.nodes.flatMap((host): Grouped[] => {
    if (host.finishes.length === 0) return [{ node: host, original: host }];
    const [result] = host.results as [Value];
    const own = ranges.get(result);
    const isPlain =
      !rules.has(host) || (own !== undefined && own.begin === from.made.get(result) && own.end === to.made.get(result));
    const keepsPace = ({ node }: Finish) => {
      if (rules.has(host) !== rules.has(node)) return false;
      if (own === undefined) return true;
      const range = ranges.get(node.results[0]!)!;
      return calls.has(host) === calls.has(node) && range.begin === own.begin && range.end === own.end;
    };
    const apart = isPlain ? host.finishes.findIndex((finish) => !keepsPace(finish)) : 0;
    if (apart < 0) return [{ node: host, original: host }];
    const kept = { ...host, finishes: host.finishes.slice(0, apart) };
    return [
      { node: kept, original: host },
      ...host.finishes.slice(apart).map(({ node }) => ({ node, original: node })),
    ];
  });
}

/** The replaced attributes of a node as text: numbers, and the padding of a layer. */
function keyOf(attributes: unknown): string {
  if (attributes === undefined) return '';
  return JSON.stringify(attributes, (name, value) => {
    if (name !== 'layer') return value;
    const { padLeft, padRight, outputPadding } = (value as { parameters: Record<string, unknown> }).parameters;
    return [padLeft, padRight, outputPadding];
  });
}
