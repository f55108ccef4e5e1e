import * as Plot from '@observablehq/plot';
import { significant } from '../../documents/cells/table.ts';
import { LIMITS } from '../../networks/bars.ts';
import { networkLimit, networkOverLimit, networkRatios } from '../../networks/figures.ts';
import type { NetworkResults, NetworkRun } from '../../networks/results.ts';
import { between, type Domain, layerChart } from '../charts/frame.ts';
import { SERIES, type WaySeries } from './series.ts';

/** A run of a machine: what one drawing is of. */
export interface NetworkCase {
  readonly results: NetworkResults;
  readonly run: NetworkRun;
}

/** Room for the longest name of a network. */
const NAMES = 112;

interface Mark {
  readonly series: WaySeries;
  readonly name: string;
  readonly value: number;
  readonly title: string;
}

function comparisonMarks({ results, run }: NetworkCase): Mark[] {
  return SERIES.flatMap((series) =>
    networkRatios(results, run, series.way, 'direct').map(({ name, value }) => ({
      series,
      name,
      value,
      title: `${name}: ${series.name} ${value.toFixed(2)}x`,
    })),
  );
}

/** The ways that have a mark in some drawing. */
export function shownWays(cases: readonly NetworkCase[]): WaySeries[] {
  const shown = new Set(cases.flatMap(comparisonMarks).map(({ series }) => series));
  return SERIES.filter((series) => shown.has(series));
}

/** Time over that of the compiled network, a line for each network and a mark for each other way. */
export function comparisonCharts(cases: readonly NetworkCase[], names: readonly string[]): string[] {
  const values = cases.flatMap((one) => comparisonMarks(one).map(({ value }) => value));
  const domain: Domain = [Math.min(0.5, ...values) * 0.9, Math.max(2, ...values) * 1.15];
  return cases.map((one) => {
    const data = comparisonMarks(one);
    return layerChart(
      'Time relative to the compiled network',
      names,
      domain,
      between(...domain),
      16,
      [
        Plot.ruleX([1], { stroke: 'currentColor', strokeWidth: 1.5 }),
        Plot.ruleY(
          data,
          Plot.groupY({ x1: 'min', x2: 'max' }, { y: 'name', x1: 'value', x2: 'value', stroke: 'var(--line)' }),
        ),
        ...SERIES.map((series) =>
          Plot.dot(
            data.filter((mark) => mark.series === series),
            { x: 'value', y: 'name', title: 'title', ...dotOf(series) },
          ),
        ),
      ],
      NAMES,
    );
  });
}

function dotOf({ symbol, colour, isHollow }: WaySeries): Plot.DotOptions {
  const ink = `var(--${colour})`;
  return isHollow
    ? { symbol, r: 4, stroke: ink, strokeWidth: 1.8 }
    : { symbol, r: 4, fill: ink, stroke: 'var(--card)', strokeWidth: 0.6 };
}

interface LimitRow {
  readonly name: string;
  readonly value: number;
  /** What we allow; NaN where nothing is promised for this network by itself. */
  readonly bar: number;
  readonly fast: number;
  readonly onnxruntime: number;
  readonly title: string;
}

function limitRows({ results, run }: NetworkCase): LimitRow[] {
  const figuresOf = (way: 'fast' | 'onnxruntime') =>
    new Map(networkOverLimit(results, run, way).map(({ name, value }) => [name, value]));
  const [fast, onnxruntime] = [figuresOf('fast'), figuresOf('onnxruntime')];
  return networkOverLimit(results, run, 'direct').map(({ name, value }) => {
    const network = results.networks.find((each) => each.name === name)!;
    return {
      name,
      value,
      bar: (run.threads === 1 ? LIMITS[network.id] : undefined) ?? Number.NaN,
      fast: fast.get(name) ?? Number.NaN,
      onnxruntime: onnxruntime.get(name) ?? Number.NaN,
      title: `${name}: ${value.toFixed(2)} times the limit of ${significant(networkLimit(network, run))} ms`,
    };
  });
}

/** Time of the compiled network over the limit of the machine, a bar for each, with the fast algorithms and onnxruntime. */
export function limitCharts(cases: readonly NetworkCase[], names: readonly string[]): string[] {
  const all = cases.map(limitRows);
  const values = all
    .flat()
    .flatMap(({ value, fast, onnxruntime }) => [value, fast, onnxruntime])
    .filter((value) => !Number.isNaN(value));
  const domain: Domain = [Math.min(0.8, ...values) / 1.1, Math.max(3, ...values) * 1.1];
  return all.map((rows) => limitChart(rows, names, domain));
}

function limitChart(data: readonly LimitRow[], names: readonly string[], domain: Domain): string {
  const [, largest] = domain;
  return layerChart(
    'Time over the limit of the machine, by network',
    names,
    domain,
    between(...domain),
    46,
    [
      Plot.barX(data, {
        x1: 1,
        x2: 'value',
        y: 'name',
        fill: (d: LimitRow) => (d.value > d.bar ? 'var(--loss)' : 'var(--ours)'),
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
      Plot.ruleX([1], { stroke: 'currentColor' }),
      Plot.dot(data, {
        x: 'onnxruntime',
        y: 'name',
        r: 4,
        fill: 'var(--onnxruntime)',
        stroke: 'var(--card)',
        title: (d: LimitRow) => `onnxruntime: ${d.onnxruntime.toFixed(2)} times the limit`,
      }),
      Plot.dot(data, {
        x: 'fast',
        y: 'name',
        r: 4,
        symbol: 'diamond',
        fill: 'var(--ours)',
        stroke: 'var(--card)',
        title: (d: LimitRow) => `fast: ${d.fast.toFixed(2)} times the limit of the direct sum`,
      }),
      Plot.text(data, {
        x: largest,
        y: 'name',
        text: (d: LimitRow) => `${d.value.toFixed(2)}x`,
        textAnchor: 'start',
        dx: 6,
        fontVariant: 'tabular-nums',
      }),
    ],
    NAMES,
  );
}
