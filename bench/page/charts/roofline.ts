import * as Plot from '@observablehq/plot';
import { significant } from '../../documents/cells/table.ts';
import { bytes, nominalFlops, SEED, usefulFlops } from '../../problems.ts';
import { bestOther, isasOf, ours, type Results, type Run, roofOf, timeOf } from '../../results.ts';
import { between, COLUMN, draw, GRID, plainText } from './frame.ts';

/** GFLOP/s of the direct sum against the work for each byte, under the roof of the machine; the numbers are those of the tables. */
export function rooflineChart(results: Results, run: Run, isa: string): string {
  const { peak, copy } = roofOf(run, isa);
  const data = results.problems.flatMap((problem, layer) => {
    const own = timeOf(ours(run, 'direct', isa), layer);
    if (own === null || problem.name === SEED) return [];
    const best = isa === isasOf(run)[0] ? bestOther(run, layer) : null;
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
  return draw({
    ariaLabel: 'Roofline: GFLOP/s against floating point operations for each byte',
    width: COLUMN,
    height: 380,
    marginLeft: 40,
    marginRight: 14,
    marginTop: 24,
    marginBottom: 38,
    x: { type: 'log', domain: [left, right] },
    y: { type: 'log', domain: [lowest, highest] },
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
      Plot.dot(data, { x: 'x', y: 'own', r: 6.5, fill: 'var(--ours)', stroke: 'var(--card)', title: 'title' }),
      Plot.text(data, {
        x: 'x',
        y: 'own',
        text: 'number',
        fill: 'var(--card)',
        fontSize: 8,
        fontWeight: 700,
        pointerEvents: 'none',
      }),
    ],
  });
}
