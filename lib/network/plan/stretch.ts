import type { Graph, Node, Value } from '../graph.ts';
import { functionOf } from '../passes/elements.ts';
import { IN_PLACE, type Range, type Rate, type SignalRule, signalRuleOf } from './signalRules.ts';
import type { NetworkSizes } from './sizes.ts';

/**
 * The signals of a network of which each node needs only a stretch, and the stretches on which a stretch of the outputs depends. Stretches overlap where
 * convolutions reach beyond them, and compute that part again.
 */
export class Signals {
  readonly #graph: Graph;
  readonly #nodes: readonly Node[];
  readonly #sizes: NetworkSizes;
  readonly #rules: ReadonlyMap<Node, SignalRule>;
  readonly #rates: ReadonlyMap<Value, Rate>;

  private constructor(
    graph: Graph,
    nodes: readonly Node[],
    sizes: NetworkSizes,
    rules: ReadonlyMap<Node, SignalRule>,
    rates: ReadonlyMap<Value, Rate>,
  ) {
    this.#graph = graph;
    this.#nodes = nodes;
    this.#sizes = sizes;
    this.#rules = rules;
    this.#rates = rates;
  }

  /** Undefined if a node needs a whole signal, or no value is one. */
  static of(graph: Graph, sizes: NetworkSizes): Signals | undefined {
    const nodes = graph.nodes.flatMap((node) => [node, ...node.finishes.map((finish) => finish.node)]);
    const rules = new Map<Node, SignalRule>();
    const rates = new Map<Value, Rate>();
    for (const value of graph.inputs) if (isSignal(value)) rates.set(value, { times: 1, over: 1 });
    for (const node of nodes) {
      const read = node.inputs.filter((value) => rates.has(value));
      if (read.length === 0) continue;
      const [result] = node.results as [Value];
      const ndim = result.metas[0]!.shape.length;
      const rule =
        functionOf(node) === undefined ? signalRuleOf(node.operation, sizes.attributesOf(node), ndim) : IN_PLACE;
      const rate = rates.get(read[0]!)!;
      const fits =
        rule !== undefined &&
        node.results.length === 1 &&
        isSignal(result) &&
        read.every((value) => isSameRate(rates.get(value)!, rate)) &&
        node.inputs.every((value) => rates.has(value) || (value.metas[0]!.shape.at(-1) ?? 1) === 1);
      if (!fits) return undefined;
      rules.set(node, rule);
      rates.set(result, rule.rate(rate));
    }
    return graph.outputs.every((value) => rates.has(value))
      ? new Signals(graph, nodes, sizes, rules, rates)
      : undefined;
  }

  /** Whether a value is a signal. */
  has(value: Value): boolean {
    return this.#rates.has(value);
  }

  /** A number of input positions for which every signal has a whole number of its own. */
  get unit(): number {
    return [...this.#rates.values()].reduce(
      (unit, { times, over }) => leastMultiple(unit, over / divisor(times, over)),
      1,
    );
  }

  /** The number of positions of a signal per that many input positions. */
  outputsOf(value: Value, positions: number): number {
    const { times, over } = this.#rates.get(value)!;
    return (positions * times) / over;
  }

  /** The stretch in which output i has the range `outputs[i]`; undefined if a part of it would depend on no input, such as one of padding alone. */
  stretch(outputs: readonly Range[]): Stretch | undefined {
    const needed = new Map<Value, Range>();
    const need = (value: Value, range: Range) => {
      const known = needed.get(value);
      needed.set(
        value,
        known === undefined
          ? range
          : { begin: Math.min(known.begin, range.begin), end: Math.max(known.end, range.end) },
      );
    };
    for (const [i, value] of this.#graph.outputs.entries()) need(value, outputs[i]!);
    for (const node of this.#nodes.toReversed()) {
      const rule = this.#rules.get(node);
      const range = needed.get(node.results[0]!);
      if (rule === undefined || range === undefined) continue;
      for (const value of node.inputs) if (this.#rates.has(value)) need(value, rule.needs(range, this.#length(value)));
    }
    const stretch = this.#compute(needed);
    return [...stretch.ranges.values()].every(({ begin, end }) => begin < end) ? stretch : undefined;
  }

  /** Every operation computes all that it can from the inputs that exist, which is at least what is needed. */
  #compute(needed: ReadonlyMap<Value, Range>): Stretch {
    const ranges = new Map<Value, Range>();
    const nodes = new Map<Node, NodeStretch>();
    for (const value of this.#graph.inputs) {
      const range = this.#rates.has(value) ? needed.get(value) : undefined;
      if (range !== undefined) ranges.set(value, range);
    }
    for (const host of this.#graph.nodes) {
      for (const node of [host, ...host.finishes.map((finish) => finish.node)]) {
        const rule = this.#rules.get(node);
        if (rule === undefined) continue;
        const [result] = node.results as [Value];
        // Functions fused into a node have its range, since they write over its results.
        const isFinish = node !== host;
        const read = node.inputs.filter((value) => this.#rates.has(value));
        const [first] = read as [Value];
        const inputs =
          isFinish || rule !== IN_PLACE ? ranges.get(isFinish ? host.results[0]! : first)! : hull(read, ranges);
        const outputs = isFinish ? inputs : rule.makes(inputs, this.#length(first), this.#length(result));
        ranges.set(result, outputs);
        nodes.set(node, { inputs, ...rule.part?.(inputs, outputs, this.#length(first)) });
      }
    }
    return { ranges, nodes };
  }

  #length(value: Value): number {
    return this.#sizes.metaOf(value).shape.at(-1)!;
  }
}

/** One stretch of a network's signals. */
export interface Stretch {
  /** The computed range of each signal, which may have more than anybody needs, with wrong values there. */
  readonly ranges: ReadonlyMap<Value, Range>;
  readonly nodes: ReadonlyMap<Node, NodeStretch>;
}

export interface NodeStretch {
  /** The range that its inputs share. */
  readonly inputs: Range;
  /** How many of them it does not read. */
  readonly skipped?: number | undefined;
  /** Attributes that replace those for whole signals. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** The range that some signals share. */
function hull(values: readonly Value[], ranges: ReadonlyMap<Value, Range>): Range {
  const all = values.map((value) => ranges.get(value)!);
  return { begin: Math.max(...all.map(({ begin }) => begin)), end: Math.min(...all.map(({ end }) => end)) };
}

/** Whether the last dimension of a value depends on the length. */
function isSignal({ metas }: Value): boolean {
  const last = metas.map(({ shape }) => shape.at(-1));
  return last.some((size) => size !== last[0]);
}

function isSameRate(a: Rate, b: Rate): boolean {
  return a.times * b.over === b.times * a.over;
}

/** The greatest common divisor. */
export function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

export function leastMultiple(a: number, b: number): number {
  return (a / divisor(a, b)) * b;
}
