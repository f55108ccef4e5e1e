import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { overLimit, ratios } from '../bars.ts';
import { KIND_BARS, limitOf } from '../limits.ts';
import { bytes, nominalFlops, SEED, usefulFlops } from '../problems.ts';
import { bestOther, ours, type PeerResult, type Results, type Run, type ScalingCurve, timeOf } from '../results.ts';
import { CLIFF, fitLine } from '../scaling.ts';
import { significant } from '../tables.ts';

// Observable Plot draws into a small DOM; what comes out is plain SVG. Colours are CSS variables, so that one drawing serves
// light and dark.

const DOM = parseHTML('<!doctype html><html><body></body></html>').document as unknown as Plot.PlotOptions['document'];

/** A chart that fills a column of the page, and a whole phone. */
const COLUMN = 400;

const STYLE = { background: 'transparent', color: 'inherit', fontFamily: 'inherit', fontSize: '11px' };

function draw(options: Plot.PlotOptions): string {
  return Plot.plot({ document: DOM, style: STYLE, ...options }).outerHTML;
}

const GRID = { stroke: 'var(--line)', strokeOpacity: 1 };

/** The marks of a logarithmic axis. Given as data, with a text for each: Plot thins out logarithmic ticks. */
function between(least: number, largest: number): number[] {
  const decades = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
  return decades.filter((tick) => tick >= least && tick <= largest);
}

const timesText = (value: number) => `${value}x`;
const plainText = (value: number) => `${value}`;

/** How many times as long as ours one peer takes, a bar for each layer. Faster than ours shows on the other side of 1. */
export function ratioChart(results: Results, run: Run, peer: PeerResult, largest: number): string {
  const layer = new Map(results.problems.map(({ name }, i) => [name, i]));
  const data = ratios(results, run, [peer.id]).map(({ name, value }) => ({
    name,
    value,
    text: `${value.toFixed(value < 9.95 ? 2 : 1)}x`,
    title: `${name}: ${peer.name} ${significant(timeOf(peer, layer.get(name)!)!)} ms, conv1d ${significant(timeOf(ours(run), layer.get(name)!)!)} ms`,
  }));
  const least = Math.min(0.9, ...data.map(({ value }) => value / 1.2));
  return draw({
    ariaLabel: `${peer.name} over conv1d, by layer`,
    width: COLUMN,
    height: 30 + 17 * results.problems.length,
    marginLeft: 92,
    marginRight: 44,
    marginTop: 22,
    marginBottom: 4,
    x: {
      type: 'log',
      domain: [least, largest],
    },
    y: { domain: results.problems.map(({ name }) => name), label: null, tickSize: 0, padding: 0.28 },
    marks: [
      Plot.axisX(between(1, largest), { anchor: 'top', text: timesText, label: null }),
      Plot.gridX(between(1, largest), GRID),
      Plot.barX(data, {
        x1: 1,
        x2: 'value',
        y: 'name',
        fill: ({ value }: { value: number }) => (value >= 1 ? 'var(--ours)' : 'var(--loss)'),
        title: 'title',
        rx: 1.5,
      }),
      Plot.ruleX([1], { stroke: 'currentColor' }),
      Plot.text(data, {
        x: (d: { value: number }) => Math.max(1, d.value),
        y: 'name',
        text: 'text',
        textAnchor: 'start',
        dx: 4,
      }),
    ],
  });
}

/** The libraries of the README's picture, each drawn in the variable of its colour. */
const COMPARED = [
  { name: 'onnxruntime', note: '(the better of two forms)', colour: 'onnxruntime', ids: ['ort', 'ort-h1'] },
  { name: 'PyTorch', note: '(Debian)', colour: 'pytorch', ids: ['torch'] },
  { name: 'tfjs wasm', note: '', colour: 'tfjs', ids: ['tfjs'] },
] as const;

/** Where the legend begins, from the top of the axes: its lines, and the columns of the second one. */
const LEGEND = { first: -70, second: -48, column: 210 };

/**
 * How many times as long as ours each library takes: a line for each of the layers `names`, a dot for each library. As wide as a
 * column on a phone, with text that can be read there.
 */
export function speedChart(results: Results, run: Run, names: readonly string[]): string {
  const data = COMPARED.flatMap(({ colour, ids }) =>
    ratios(results, run, ids)
      .filter(({ name }) => names.includes(name))
      .map(({ name, value }) => ({ fill: `var(--${colour})`, name, value })),
  );
  const largest = Math.max(...data.map(({ value }) => value)) * 1.15;
  const least = Math.min(1, ...data.map(({ value }) => value)) * 0.95;
  const ticks = between(least, largest);
  const version = (ids: readonly string[]) =>
    /^\d+\.\d+/.exec(run.peers.find(({ id }) => id === ids[0])?.version ?? '')?.[0] ?? '';
  return draw({
    ariaLabel: 'Time relative to conv1d, by layer',
    width: 480,
    height: 118 + 24 * names.length,
    marginLeft: 116,
    marginRight: 16,
    marginTop: 110,
    marginBottom: 8,
    x: { type: 'log', domain: [least, largest] },
    y: { domain: names, label: null, tickSize: 0, padding: 0.3 },
    marks: [
      Plot.axisX(ticks, { anchor: 'top', text: timesText, label: null, tickSize: 4 }),
      Plot.axisY({ label: null, tickSize: 0, tickPadding: 6 }),
      Plot.gridX(ticks, GRID),
      Plot.ruleX([1], { stroke: 'currentColor', strokeWidth: 1.5 }),
      Plot.ruleY(
        data,
        Plot.groupY({ x1: 'min', x2: 'max' }, { y: 'name', x1: 'value', x2: 'value', stroke: 'var(--line)' }),
      ),
      Plot.dot(data, {
        x: 'value',
        y: 'name',
        r: 5.5,
        fill: 'fill',
      }),
      Plot.text(['Time relative to conv1d, 1 thread, log axis'], { frameAnchor: 'top-left', dx: -108, dy: -100 }),
      ...COMPARED.flatMap(({ name, note, colour, ids }, i) => {
        const [dx, dy] = [-102 + (i === 2 ? LEGEND.column : 0), i === 0 ? LEGEND.first : LEGEND.second];
        return [
          Plot.dot([name], { frameAnchor: 'top-left', dx, dy, r: 5.5, fill: `var(--${colour})` }),
          Plot.text([`${name} ${version(ids)} ${note}`], {
            frameAnchor: 'top-left',
            lineAnchor: 'middle',
            dx: dx + 11,
            dy,
          }),
        ];
      }),
    ],
  });
}

/** Our time over the limit of the machine, a bar for each layer, with what we allow and the best of the peers. */
export function limitChart(results: Results, run: Run): string {
  const indices = new Map(results.problems.map(({ name }, i) => [name, i]));
  const data = overLimit(results, run).map(({ name, value, kind }) => {
    const index = indices.get(name)!;
    const limit = limitOf(results.problems[index]!, run.roof);
    const best = bestOther(run, index);
    return {
      name,
      value,
      bar: kind === 'overhead' ? Number.NaN : KIND_BARS[kind],
      best: best === null ? Number.NaN : best / limit.ms,
      title: `${name}: ${value.toFixed(2)} times the limit of ${significant(limit.ms)} ms (${limit.bound})`,
    };
  });
  const names = results.problems.map(({ name }) => name).filter((name) => data.some((d) => d.name === name));
  const largest = Math.max(3, ...data.map(({ value }) => value * 1.05));
  const least =
    Math.min(0.8, ...data.flatMap(({ value, best }) => (Number.isNaN(best) ? [value] : [value, best]))) / 1.05;
  const marked = [1, 1.25, 1.6, 2, 3, 4, 6, 8].filter((tick) => tick <= largest);
  const chart = (width: number, marginRight: number) =>
    draw({
      ariaLabel: 'Time over the limit of the machine, by layer',
      width,
      height: 30 + 19 * names.length,
      marginLeft: 92,
      marginRight,
      marginTop: 22,
      marginBottom: 4,
      x: {
        type: 'log',
        domain: [least, largest],
      },
      y: { domain: names, label: null, tickSize: 0, padding: 0.3 },
      marks: [
        Plot.axisX(marked, { anchor: 'top', text: timesText, label: null }),
        Plot.gridX(marked, GRID),
        Plot.barX(data, {
          x1: 1,
          x2: 'value',
          y: 'name',
          fill: (d: { value: number; bar: number }) => (d.value <= d.bar ? 'var(--ours)' : 'var(--loss)'),
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
          data.filter((d) => d.best <= largest),
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
        Plot.text(data, {
          x: largest,
          y: 'name',
          text: (d: { value: number }) => `${d.value.toFixed(2)}x`,
          textAnchor: 'start',
          dx: 6,
          fontVariant: 'tabular-nums',
        }),
      ],
    });
  return both(chart(860, 50), chart(COLUMN, 42));
}

/** GFLOP/s against the work for each byte, under the roof of the machine; the numbers are those of the table. */
export function rooflineChart(results: Results, run: Run): string {
  const { peak, copy } = run.roof;
  const data = results.problems.flatMap((problem, layer) => {
    const own = timeOf(ours(run), layer);
    if (own === null || problem.name === SEED) return [];
    const best = bestOther(run, layer);
    const work = usefulFlops(problem);
    return [
      {
        number: String(layer + 1),
        x: work / bytes(problem),
        own: work / own / 1e6,
        best: best === null ? null : work / best / 1e6,
        title: `${problem.name}: ${significant(nominalFlops(problem) / own / 1e6)} GFLOP/s`,
      },
    ];
  });
  const xs = data.map(({ x }) => x);
  const left = Math.min(...xs, peak / copy / 4) / 1.5;
  const right = Math.max(...xs, peak / copy) * 1.6;
  const lowest = Math.min(...data.map(({ own, best }) => Math.min(own, best ?? own))) / 1.6;
  const highest = peak * 1.5;
  const roof = [left, peak / copy, right].map((x) => ({ x, y: Math.min(peak, x * copy) }));
  const withBest = data.filter(({ best }) => best !== null);
  const chart = (width: number, height: number, radius: number, fontSize: number) =>
    draw({
      ariaLabel: 'Roofline: GFLOP/s against floating point operations for each byte',
      width,
      height,
      marginLeft: 46,
      marginRight: 14,
      marginTop: 24,
      marginBottom: 38,
      x: {
        type: 'log',
        domain: [left, right],
      },
      y: {
        type: 'log',
        domain: [lowest, highest],
      },
      marks: [
        Plot.axisX(between(left, right), { text: plainText, label: 'floating point operations for each byte' }),
        Plot.axisY(between(lowest, highest), { text: plainText, label: 'GFLOP/s' }),
        Plot.gridX(between(left, right), GRID),
        Plot.gridY(between(lowest, highest), GRID),
        Plot.line(roof, { x: 'x', y: 'y', stroke: 'currentColor', strokeWidth: 1.8 }),
        Plot.text([`FMA peak ${peak.toFixed(0)} GFLOP/s`], {
          x: right,
          y: peak,
          textAnchor: 'end',
          lineAnchor: 'bottom',
          dy: -5,
        }),
        Plot.link(withBest, {
          x1: 'x',
          x2: 'x',
          y1: 'best',
          y2: 'own',
          stroke: 'var(--peer)',
          strokeOpacity: 0.6,
          strokeDasharray: '2 2',
        }),
        Plot.dot(withBest, { x: 'x', y: 'best', r: 3, stroke: 'var(--peer)', strokeWidth: 1.5 }),
        Plot.dot(data, { x: 'x', y: 'own', r: radius, fill: 'var(--ours)', stroke: 'var(--card)', title: 'title' }),
        Plot.text(data, {
          x: 'x',
          y: 'own',
          text: 'number',
          fill: 'var(--card)',
          fontSize,
          fontWeight: 700,
          pointerEvents: 'none',
        }),
      ],
    });
  return both(chart(860, 440, 8, 9), chart(COLUMN, 400, 6.5, 8));
}

/** Cost along one axis over the straight line; a cliff stands out above the dashed line. */
export function scalingChart(curve: ScalingCurve): string {
  const data = fitLine(curve).map((point, i) => ({
    ...point,
    title: `${curve.axis} = ${point.x}: ${significant((point.ms * 1e6) / curve.points[i]!.outputs)} ns per output, ${point.ratio.toFixed(2)} times the line`,
  }));
  const top = Math.max(1.45, ...data.map(({ ratio }) => ratio * 1.05));
  return draw({
    ariaLabel: `Cost along ${curve.axis} over a straight line`,
    width: COLUMN,
    height: 210,
    marginLeft: 36,
    marginBottom: 34,
    marginTop: 16,
    x: { type: 'log', label: `${curve.axis} →`, ticks: [1, 10, 100, 1000], tickFormat: (value: number) => `${value}` },
    y: {
      domain: [Math.min(0.5, ...data.map(({ ratio }) => ratio * 0.95)), top],
      label: null,
      tickFormat: (y: number) => `${y}x`,
      ticks: 5,
    },
    marks: [
      Plot.gridY({ ...GRID, ticks: 5 }),
      Plot.ruleY([1], { stroke: 'currentColor' }),
      Plot.ruleY([CLIFF], { stroke: 'var(--loss)', strokeDasharray: '4 3' }),
      Plot.line(data, { x: 'x', y: 'ratio', stroke: 'var(--ours)', strokeWidth: 1.6 }),
      Plot.dot(data, {
        x: 'x',
        y: 'ratio',
        r: 2.6,
        fill: (d: { ratio: number }) => (d.ratio > CLIFF ? 'var(--loss)' : 'var(--ours)'),
        title: 'title',
      }),
    ],
  });
}

/** One drawing for a desktop and one for a phone: text does not shrink with the page. */
function both(wide: string, narrow: string): string {
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}
