import type { Node, Value } from '../graph.ts';
import type { NetworkSizes } from '../plan/sizes.ts';
import { leastMultiple } from '../plan/stretch.ts';
import { goingOn, type Streamable } from './streamable.ts';

/** The progress of a network's signals. */
export interface Moment {
  /** How many positions of each signal exist. */
  readonly made: ReadonlyMap<Value, number>;
  /** The first position of each signal that is still needed; positions before 0 are zeros. */
  readonly kept: ReadonlyMap<Value, number>;
}

/** Computes how far all signals of a network have come when its inputs have. */
export class Timeline {
  readonly #streamable: Streamable;
  readonly #readers = new Map<Value, Node[]>();

  constructor(streamable: Streamable) {
    this.#streamable = streamable;
    for (const node of streamable.rules.keys()) {
      for (const value of new Set(node.inputs)) {
        if (!streamable.signals.has(value)) continue;
        const known = this.#readers.get(value);
        if (known === undefined) this.#readers.set(value, [node]);
        else known.push(node);
      }
    }
  }

  /** The moment after that many positions, if more may come. */
  at(position: number): Moment {
    const { graph, nodes, signals, rules } = this.#streamable;
    const made = new Map<Value, number>();
    for (const value of graph.inputs) {
      const signal = signals.get(value);
      if (signal !== undefined) made.set(value, position * signal.rate.times);
    }
    for (const node of nodes) {
      const rule = rules.get(node);
      if (rule === undefined) continue;
      const count = rule.makes(this.#least(node, made));
      for (const value of goingOn(node, rule)) made.set(value, count);
    }
    const kept = new Map<Value, number>();
    for (const [value, count] of made) {
      let from = count;
      for (const reader of this.#readers.get(value) ?? []) {
        from = Math.min(from, rules.get(reader)!.keeps(made.get(reader.results[0]!)!, count));
      }
      kept.set(value, from);
    }
    return { made, kept };
  }

  /** The moment at the end of whole signals with these sizes. */
  end(sizes: NetworkSizes): Moment {
    const made = new Map<Value, number>();
    for (const [value, { dim }] of this.#streamable.signals) made.set(value, sizes.metaOf(value).shape[dim]!);
    return { made, kept: made };
  }

  #least(node: Node, made: ReadonlyMap<Value, number>): number {
    let least = Number.POSITIVE_INFINITY;
    for (const value of node.inputs) least = Math.min(least, made.get(value) ?? Number.POSITIVE_INFINITY);
    return least;
  }

  /** How many points of each output exist then. */
  outputsAt(position: number): number[] {
    const { made } = this.at(position);
    return this.#streamable.graph.outputs.map((value) => made.get(value)!);
  }

  /** How many positions after `position` bring the next output: at least 1. */
  nextOutput(position: number): number {
    const before = this.outputsAt(position);
    const isMore = (more: number) => this.outputsAt(position + more).some((count, i) => count > before[i]!);
    let most = 1;
    while (!isMore(most)) {
      if (most > MOST_POSITIONS) return Number.POSITIVE_INFINITY;
      most *= 2;
    }
    let least = most / 2; // not enough; or 1/2, if 1 is enough
    while (most - least > 1) {
      const middle = Math.floor((least + most) / 2);
      if (isMore(middle)) most = middle;
      else least = middle;
    }
    return most;
  }

  /** The least number of positions for which every signal has a whole number of its own; after it, everything repeats. */
  get unit(): number {
    let unit = 1;
    for (const { rate } of this.#streamable.signals.values()) unit = leastMultiple(unit, rate.over);
    return unit;
  }

  /** How many positions of the inputs one output depends on; infinite if the network carries a state. */
  get receptiveField(): number {
    const { graph, nodes, signals, rules } = this.#streamable;
    if (nodes.some((node) => rules.get(node)?.states !== undefined)) return Number.POSITIVE_INFINITY;
    let most = 0;
    for (const output of graph.outputs) {
      // In the middle of a long signal, for each point of the output within a unit.
      const { times, over } = signals.get(output)!.rate;
      const middle = this.unit * FAR;
      for (let phase = 0; phase < Math.min(times, MOST_PHASES); phase++) {
        const at = Math.floor((middle * times) / over) + phase;
        most = Math.max(most, this.#inputsOf(output, at));
      }
    }
    return most;
  }

  #inputsOf(output: Value, at: number): number {
    const { graph, nodes, signals, rules } = this.#streamable;
    const needed = new Map<Value, { begin: number; end: number }>([[output, { begin: at, end: at + 1 }]]);
    for (const node of nodes.toReversed()) {
      const rule = rules.get(node);
      const range = needed.get(node.results[0]!);
      if (rule === undefined || range === undefined) continue;
      const { begin, end } = rule.needs(range, Number.POSITIVE_INFINITY);
      for (const value of node.inputs) {
        if (!signals.has(value)) continue;
        const known = needed.get(value);
        needed.set(value, { begin: Math.min(begin, known?.begin ?? begin), end: Math.max(end, known?.end ?? end) });
      }
    }
    const lengths = graph.inputs.map((value) => {
      const range = needed.get(value);
      return range === undefined ? 0 : Math.ceil((range.end - range.begin) / signals.get(value)!.rate.times);
    });
    return Math.max(...lengths);
  }
}

/** A network that gives nothing for this many positions never gives anything. */
const MOST_POSITIONS = 2 ** 40;

/** The distance from the beginning in units, so far that nothing is padded there. */
const FAR = 2 ** 32;

const MOST_PHASES = 4096;
