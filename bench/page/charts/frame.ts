import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Results, Run } from '../../results.ts';

// Observable Plot draws into a small DOM; what comes out is plain SVG. Colours are CSS variables, so that one drawing serves
// light and dark.

const DOM = parseHTML('<!doctype html><html><body></body></html>').document as unknown as Plot.PlotOptions['document'];

/** A chart that fills a column of the page, and a whole phone. */
export const COLUMN = 400;

/** Room for the longest name of a layer. */
export const NAMES = 92;

const STYLE = { background: 'transparent', color: 'inherit', fontFamily: 'inherit', fontSize: '11px' };

export function draw(options: Plot.PlotOptions): string {
  return Plot.plot({ document: DOM, style: STYLE, ...options }).outerHTML;
}

export const GRID = { stroke: 'var(--line)', strokeOpacity: 1 };

/** A run of a machine: what one drawing is of. */
export interface Case {
  readonly results: Results;
  readonly run: Run;
}

export interface IsaCase extends Case {
  readonly isa: string;
}

/** The ends of an axis. Drawings beside each other share theirs, so that an eye can compare them. */
export type Domain = readonly [least: number, largest: number];

/** More marks than this run into each other on a phone. */
const MAX_TICKS = 9;

/** The marks of a logarithmic axis. Given as data, with a text for each: Plot thins out logarithmic ticks. */
export function between(least: number, largest: number): number[] {
  const marks = (digits: readonly number[]) =>
    [-2, -1, 0, 1, 2, 3, 4]
      .flatMap((power) => digits.map((digit) => Number((digit * 10 ** power).toPrecision(1))))
      .filter((tick) => tick >= least && tick <= largest);
  const fine = marks([1, 2, 5]);
  return fine.length <= MAX_TICKS ? fine : marks([1]);
}

export const timesText = (value: number) => `${value}x`;
export const plainText = (value: number) => `${value}`;

/** A chart with a line for each layer and a logarithmic axis of ratios above them; `marginRight` has room for the largest one. */
export function layerChart(
  ariaLabel: string,
  names: readonly string[],
  domain: Domain,
  ticks: readonly number[],
  marginRight: number,
  marks: Plot.Markish[],
  marginLeft = NAMES,
): string {
  return draw({
    ariaLabel,
    width: COLUMN,
    height: 30 + 19 * names.length,
    marginLeft,
    marginRight,
    marginTop: 22,
    marginBottom: 4,
    x: { type: 'log', domain: [...domain] },
    y: { domain: names, label: null, tickSize: 0, padding: 0.3 },
    marks: [Plot.axisX(ticks, { anchor: 'top', text: timesText, label: null }), Plot.gridX(ticks, GRID), ...marks],
  });
}
