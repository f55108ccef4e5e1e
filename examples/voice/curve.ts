import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Steps whose losses are averaged for the line. */
const SMOOTH = 25;

/** The loss of every step, and its average over the last of them, as an SVG. */
export function drawCurve(losses: readonly number[]): string {
  const points = losses.map((loss, i) => {
    const last = losses.slice(Math.max(0, i + 1 - SMOOTH), i + 1);
    return { step: i + 1, loss, mean: last.reduce((total, each) => total + each, 0) / last.length };
  });
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  return Plot.plot({
    document: document as unknown as Plot.PlotOptions['document'],
    width: 720,
    height: 320,
    style: { fontFamily: 'system-ui, sans-serif', fontSize: '12px', background: 'white', color: '#404040' },
    x: { label: 'step' },
    y: { label: 'loss', type: 'log', grid: true, tickFormat: '.2f' },
    marks: [
      Plot.line(points, { x: 'step', y: 'loss', stroke: '#9ecae1', strokeWidth: 0.5 }),
      Plot.line(points, { x: 'step', y: 'mean', stroke: '#08519c', strokeWidth: 1.5 }),
    ],
  }).outerHTML.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');
}
