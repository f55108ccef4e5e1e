import { type Built, graphsOf } from '../build.ts';
import type { Value } from '../graph.ts';
import { numbersOf } from '../plan/numbers.ts';
import { NetworkSizes } from '../plan/sizes.ts';
import { type Fit, fitInteger } from '../trace/fit.ts';
import { exactLine } from './exactLine.ts';

// How the sizes of what a network takes and gives depend on L and N, as text.

/** What stands for L, and what for N. */
export type Symbols = readonly [length: string, batch: string];

/** The sizes of a value: numbers, or `L - 4`, `floor((L - 240) / 160)`; `?` for what no line gives. */
export function sizeTexts(built: Built): (value: Value, symbols: Symbols) => (number | string)[] {
  const { inputs } = built.plan?.graph ?? built.mixed!;
  const { traced } = numbersOf(inputs, built.axes);
  const ranges = [built.lengthRange, built.batchRange] as const;
  return (value, symbols) =>
    value.metas[0]!.shape.map((first, dim) => {
      const sizes = value.metas.map(({ shape }) => shape[dim]!);
      if (sizes.every((size) => size === first)) return first;
      const fit = fitOf(sizes, traced);
      if (fit === undefined) return '?';
      const { variable, line } = fit;
      const exact =
        line.divisor === 1
          ? line
          : keptLine(value, dim, () =>
              exactLine(line, {
                sizes,
                numbers: traced.map((numbers) => numbers[variable]!),
                range: ranges[variable]!,
                sizeAt: (number) => sizeElsewhere(built, traced[0]!.with(variable, number), value, dim),
              }),
            );
      return exact === undefined ? '?' : lineText(exact, symbols[variable]!);
    });
}

type Line = Fit['line'];

const KEPT = new WeakMap<Value, Map<number, Line | undefined>>();

/** What is found once for each dimension: it takes the sizes of the whole network, for several inputs. */
function keptLine(value: Value, dim: number, find: () => Line | undefined): Line | undefined {
  const kept = KEPT.get(value) ?? new Map<number, Line | undefined>();
  KEPT.set(value, kept);
  if (!kept.has(dim)) kept.set(dim, find());
  return kept.get(dim);
}

function fitOf(
  sizes: readonly number[],
  traced: readonly (readonly number[])[],
): { variable: 0 | 1; line: Line } | undefined {
  const numbers = ([0, 1] as const).map((variable) => traced.map((each) => each[variable]!));
  for (const variable of [0, 1] as const) {
    const line = wholeLine(sizes, numbers[variable]!);
    if (line !== undefined) return { variable, line };
  }
  const sources = numbers.map((each, variable) => ({ sizes: each, from: { variable } }));
  const fit = fitInteger(sizes, sources);
  if (fit?.multiple !== undefined || fit?.cycle !== undefined) return undefined;
  if (fit === undefined || !('variable' in fit.from)) return undefined;
  return { variable: fit.from.variable as 0 | 1, line: fit.line };
}

/** `factor * number + added`, of integers; undefined where that is not what the sizes are. */
function wholeLine(sizes: readonly number[], numbers: readonly number[]): Line | undefined {
  const other = numbers.findIndex((number) => number !== numbers[0]);
  if (other < 0) return undefined;
  const factor = (sizes[other]! - sizes[0]!) / (numbers[other]! - numbers[0]!);
  const added = sizes[0]! - factor * numbers[0]!;
  const fits = Number.isInteger(factor) && sizes.every((size, i) => size === factor * numbers[i]! + added);
  return fits ? { factor, added, divisor: 1 } : undefined;
}

/** A size for other L and N than those that were followed; undefined where an operation refuses them. */
function sizeElsewhere(built: Built, numbers: readonly number[], value: Value, dim: number): number | undefined {
  const { inputs, outputs } = built.plan?.graph ?? built.mixed!;
  const nodes = graphsOf(built).flatMap((graph) => graph.nodes);
  const metas = inputs.map(({ metas: [first] }, i) => {
    const shape = [...first!.shape];
    for (const [variable, axes] of [built.axes.length, built.axes.batch].entries()) {
      const axis = axes[i] ?? null;
      if (axis !== null) shape[axis.dim] = axis.times * numbers[variable]!;
    }
    return { dtype: first!.dtype, shape };
  });
  try {
    return new NetworkSizes({ inputs, nodes, outputs }, metas, numbers).metaOf(value).shape[dim];
  } catch {
    return undefined;
  }
}

function lineText({ factor, added, divisor }: Line, symbol: string): string {
  const product = factor === 1 ? symbol : `${factor} ${symbol}`;
  const sum = added === 0 ? product : `${product} ${added < 0 ? '-' : '+'} ${Math.abs(added)}`;
  if (divisor === 1) return sum;
  return `floor(${added === 0 ? product : `(${sum})`} / ${divisor})`;
}
