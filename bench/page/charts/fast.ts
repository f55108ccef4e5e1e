import * as Plot from '@observablehq/plot';
import { fastRatios } from '../../figures.ts';
import { isaName, isasOf } from '../../results.ts';
import { between, type Case, type Domain, layerChart } from './frame.ts';

interface Mark {
  /** 0 for the best instruction set. */
  readonly rank: number;
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly title: string;
}

function marksOf({ results, run }: Case): Mark[] {
  return isasOf(run).flatMap((isa, rank) =>
    fastRatios(results, run, isa).map(({ name, value }) => ({
      rank,
      name,
      value,
      text: `${value.toFixed(2)}x`,
      title: `${name}, ${isaName(isa)}: ${value.toFixed(2)}x`,
    })),
  );
}

/** The time of the fast algorithms over that of the direct sum, a line for each of the layers `names` and a mark for each instruction set. */
export function fastCharts(cases: readonly Case[], names: readonly string[]): string[] {
  const values = cases.flatMap((one) => marksOf(one).map(({ value }) => value));
  const domain = [Math.min(0.5, ...values) / 1.1, Math.max(1.1, ...values) * 1.05] as const;
  return cases.map((one) => chart(marksOf(one), names, domain));
}

function chart(data: readonly Mark[], names: readonly string[], domain: Domain): string {
  const [, largest] = domain;
  const ticks = [...between(...domain), 0.75];
  return layerChart('Time of the fast algorithms over that of the direct sum, by layer', names, domain, ticks, 44, [
    Plot.link(
      data.filter(({ rank }) => rank === 0),
      { x1: 1, x2: 'value', y: 'name', stroke: 'var(--ours)', strokeWidth: 2.5, strokeOpacity: 0.35 },
    ),
    Plot.ruleX([1], { stroke: 'currentColor' }),
    Plot.dot(
      data.filter(({ rank }) => rank > 0),
      { x: 'value', y: 'name', r: 4, symbol: 'diamond', stroke: 'var(--ours)', strokeWidth: 1.6, title: 'title' },
    ),
    Plot.dot(
      data.filter(({ rank }) => rank === 0),
      { x: 'value', y: 'name', r: 4, symbol: 'diamond', fill: 'var(--ours)', title: 'title' },
    ),
    Plot.text(
      data.filter(({ rank }) => rank === 0),
      { x: largest, y: 'name', text: 'text', textAnchor: 'start', dx: 6, fontVariant: 'tabular-nums' },
    ),
  ]);
}
