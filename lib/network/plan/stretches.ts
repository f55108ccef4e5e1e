import type { Layer } from '../../convolution/layer.ts';
import type { Value } from '../graph.ts';
import { type Part, type Plan, type Planned, planNetwork } from './planner.ts';
import type { Range } from './signalRules.ts';
import type { NetworkSizes } from './sizes.ts';
import { Signals } from './stretch.ts';

/** A stretch of a call: its program, and where in each input and output it begins. */
export interface StretchUnit {
  readonly planned: Planned;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** How much of its memory a stretch may leave unused: shorter stretches compute more of their overlaps twice. */
const ENOUGH = 0.75;

/** Guesses at the length of stretches; each plans one. */
const MOST_GUESSES = 8;

/**
 * A stretch is at least this many times as long as what it reads beyond itself, whatever memory that takes: memory still does not grow with the
 * signal, and computing overlaps twice costs little.
 */
const LEAST_OVERLAPS = 4;

/** Fewer stretches are not worth it, since the first and the last need programs of their own. */
const FEWEST = 3;

/**
 * Cuts the signals of one batch item into stretches whose values fit into a given memory; undefined if a node needs the whole signal, or
 * the signals are too short. The bits do not depend on the cuts.
 *
 * @param arena  how many elements all values of a stretch may take
 * @param whole  how many elements those of the whole signals take
 */
export function planStretches(
  plan: Plan,
  sizes: NetworkSizes,
  arena: number,
  whole: number,
): StretchUnit[] | undefined {
  const signals = Signals.of(plan.graph, sizes);
  if (signals === undefined) return undefined;
  const cut = new Cut(plan, sizes, signals);
  const length = cut.inputLength;
  const round = (positions: number) => Math.max(1, Math.floor(positions / signals.unit)) * signals.unit;
  let positions = round((length * arena) / whole);
  let fitting = 0;
  for (let guess = 0; guess < MOST_GUESSES && positions * FEWEST <= length; guess++) {
    const needed = cut.inner(positions)?.planned.program.arenaLength() ?? Number.POSITIVE_INFINITY;
    if (needed <= arena) {
      fitting = positions;
      if (needed >= ENOUGH * arena) break;
    }
    // Overlaps take the same memory for any length of a stretch, so memory grows more slowly than the length.
    const next = round(
      positions * (needed <= arena ? Math.min(2, arena / needed) : Math.max(0.5, (0.9 * arena) / needed)),
    );
    if (next === positions || (needed > arena && fitting > 0 && next <= fitting)) break;
    positions = next;
  }
  const overlap = cut.overlap(signals.unit);
  if (overlap === undefined) return undefined;
  const chosen = Math.max(fitting, round(LEAST_OVERLAPS * overlap));
  return chosen * FEWEST > length ? undefined : cut.all(chosen);
}

class Cut {
  readonly #plan: Plan;
  readonly #sizes: NetworkSizes;
  readonly #signals: Signals;
  readonly #programs = new Map<string, Planned>();

  constructor(plan: Plan, sizes: NetworkSizes, signals: Signals) {
    this.#plan = plan;
    this.#sizes = sizes;
    this.#signals = signals;
  }

  /** The length of the input that is a signal. */
  get inputLength(): number {
    const { inputs } = this.#plan.graph;
    return Math.max(...inputs.filter((value) => this.#signals.has(value)).map((value) => this.#length(value)));
  }

  /** A stretch of that many positions that touches neither end. */
  inner(positions: number): StretchUnit | undefined {
    return this.#unit(1, positions);
  }

  /** How many inputs a stretch reads beyond its own positions. */
  overlap(positions: number): number | undefined {
    const { inputs } = this.#plan.graph;
    const part = this.#part(1, positions);
    if (part === undefined) return undefined;
    const read = inputs.flatMap((value) => {
      const range = part.ranges.get(value);
      return range === undefined ? [] : [range.end - range.begin];
    });
    return Math.max(...read) - positions;
  }

  /** All stretches of that many positions. */
  all(positions: number): StretchUnit[] | undefined {
    const counts = this.#plan.graph.outputs.map((value) =>
      Math.ceil(this.#length(value) / this.#signals.outputsOf(value, positions)),
    );
    const [count] = counts as [number];
    if (counts.some((each) => each !== count)) return undefined;
    const units = Array.from({ length: count }, (_, index) => this.#unit(index, positions));
    return units.every((unit) => unit !== undefined) ? units : undefined;
  }

  #part(index: number, positions: number): Part | undefined {
    const outputs = this.#plan.graph.outputs.map((value): Range => {
      const hop = this.#signals.outputsOf(value, positions);
      return { begin: index * hop, end: Math.min((index + 1) * hop, this.#length(value)) };
    });
    if (outputs.some(({ begin, end }) => begin >= end)) return undefined;
    const stretch = this.#signals.stretch(outputs);
    return stretch && { ...stretch, outputs };
  }

  #unit(index: number, positions: number): StretchUnit | undefined {
    const part = this.#part(index, positions);
    if (part === undefined) return undefined;
    const key = this.#keyOf(part, index * positions);
    const planned = this.#programs.get(key) ?? planNetwork(this.#plan, this.#sizes, part);
    this.#programs.set(key, planned);
    return {
      planned,
      inputs: this.#plan.graph.inputs.map((value) => part.ranges.get(value)?.begin ?? 0),
      outputs: part.outputs.map(({ begin }) => begin),
    };
  }

  /** Equal for stretches that differ only in their positions. */
  #keyOf({ ranges, nodes, outputs }: Part, position: number): string {
    const own = [...ranges].map(([value, { begin, end }]) => {
      const at = this.#signals.outputsOf(value, position);
      return `${begin - at}:${end - at}`;
    });
    const parts = [...nodes.values()].map(({ attributes = {}, skipped = 0 }) =>
      [...Object.values(attributes as Readonly<Record<string, Layer | number>>).map(keyOfAttribute), skipped].join(':'),
    );
    return [...own, ...parts, ...outputs.map(({ begin, end }) => end - begin)].join(' ');
  }

  #length(value: Value): number {
    return this.#sizes.metaOf(value).shape.at(-1)!;
  }
}

/** The part of an attribute that may differ from one stretch to another. */
function keyOfAttribute(attribute: unknown): string {
  if (typeof attribute === 'number') return `${attribute}`;
  const { padLeft, padRight, outputPadding = 0 } = (attribute as Layer).parameters;
  return `${padLeft}:${padRight}:${outputPadding}`;
}
