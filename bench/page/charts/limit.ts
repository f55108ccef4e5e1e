import * as Plot from '@observablehq/plot';
import { significant } from '../../documents/cells/table.ts';
import { overLimit } from '../../figures.ts';
import { KIND_BARS, limitOf } from '../../limits.ts';
import { bestOther, isasOf, ours, roofOf, timeOf } from '../../results.ts';
import { between, type Domain, type IsaCase, layerChart } from './frame.ts';

interface Row {
  readonly name: string;
  readonly value: number;
  /** What we allow; NaN where nothing is promised. */
  readonly bar: number;
  readonly fast: number;
  readonly best: number;
  readonly title: string;
}

function rowsOf({ results, run, isa }: IsaCase): Row[] {
  const indices = new Map(results.problems.map(({ name }, i) => [name, i]));
  return overLimit(results, run, isa).map(({ name, value, kind }) => {
    const index = indices.get(name)!;
    const limit = limitOf(results.problems[index]!, roofOf(run, isa));
    const over = (ms: number | null) => (ms === null ? Number.NaN : ms / limit.ms);
    return {
      name,
      value,
      bar: kind === 'transform' ? Number.NaN : KIND_BARS[kind],
      fast: over(timeOf(ours(run, 'fast', isa), index)),
      // The peers take the best instruction set there is.
      best: isa === isasOf(run)[0] ? over(bestOther(run, index)) : Number.NaN,
      title: `${name}: ${value.toFixed(2)} times the limit of ${significant(limit.ms)} ms (${limit.bound})`,
    };
  });
}

/**
 * Our time over the limit of the machine with an instruction set, a bar for each of the layers `names`, with what we allow, the fast
 * algorithms and the best of the peers.
 */
export function limitCharts(cases: readonly IsaCase[], names: readonly string[]): string[] {
  const all = cases.map(rowsOf);
  const numbers = (pick: (row: Row) => readonly number[]) =>
    all
      .flat()
      .flatMap(pick)
      .filter((each) => !Number.isNaN(each));
  const largest = Math.max(3, ...numbers(({ value, fast }) => [value, fast])) * 1.05;
  const least = Math.min(0.8, ...numbers(({ value, fast, best }) => [value, fast, best])) / 1.05;
  const shown = names.filter((name) => all.flat().some((row) => row.name === name));
  return all.map((rows) => chart(rows, shown, [least, largest]));
}

/** The bars' own values where the axis has room for them. */
const CLOSE = [0.1, 0.2, 0.5, 1, 1.25, 1.6, 2, 3, 4];
const MOST_CLOSE_RANGE = 8;

function chart(data: readonly Row[], names: readonly string[], domain: Domain): string {
  const [least, largest] = domain;
  const isClose = largest / least < MOST_CLOSE_RANGE;
  const ticks = isClose ? CLOSE.filter((tick) => tick >= least && tick <= largest) : between(least, largest);
  return layerChart('Time over the limit of the machine, by layer', names, domain, ticks, 42, [
    Plot.barX(data, {
      x1: 1,
      x2: 'value',
      y: 'name',
      fill: (d: { value: number; bar: number }) => (d.value > d.bar ? 'var(--loss)' : 'var(--ours)'),
      title: 'title',
      rx: 1.5,
    }),
    Plot.tickX(data, {
      x: 'bar',
      y: 'name',
      stroke: 'currentColor',
      strokeWidth: 1.5,
      insetTop: -2,
      insetBottom: -2,
    }),
    Plot.dot(
      data.filter(({ best }) => best <= largest),
      {
        x: 'best',
        y: 'name',
        r: 3.5,
        stroke: 'var(--peer)',
        strokeWidth: 1.5,
        title: (d: { best: number }) => `the best peer: ${d.best.toFixed(2)} times the limit`,
      },
    ),
    Plot.ruleX([1], { stroke: 'currentColor' }),
    Plot.dot(data, {
      x: 'fast',
      y: 'name',
      r: 3.5,
      symbol: 'diamond',
      fill: 'var(--ours)',
      stroke: 'var(--card)',
      title: (d: { fast: number }) => `fast: ${d.fast.toFixed(2)} times the limit of the direct sum`,
    }),
    Plot.text(data, {
      x: largest,
      y: 'name',
      text: (d: { value: number }) => `${d.value.toFixed(2)}x`,
      textAnchor: 'start',
      dx: 6,
      fontVariant: 'tabular-nums',
    }),
  ]);
}
