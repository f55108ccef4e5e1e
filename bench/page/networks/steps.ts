import * as Plot from '@observablehq/plot';
import { significant } from '../../documents/cells/table.ts';
import type { Step } from '../../networks/results.ts';
import { COLUMN, draw } from '../charts/frame.ts';

/** More bars than this make a drawing that nobody reads. */
const MOST_STEPS = 10;
const ROW = 31;

interface Row {
  /** Its place; names may occur twice. */
  readonly y: number;
  readonly name: string;
  readonly ms: number;
  readonly limitMs: number;
  readonly text: string;
}

/** The steps that take the longest, the longest first. */
export function longestSteps(steps: readonly Step[]): Step[] {
  return [...steps].sort((a, b) => b.ms - a.ms).slice(0, MOST_STEPS);
}

/** `the longest 14 of 40 steps, 84 % of 354 ms`. */
export function stepsText(steps: readonly Step[]): string {
  const sum = (some: readonly Step[]) => some.reduce((total, { ms }) => total + ms, 0);
  const longest = longestSteps(steps);
  const count = longest.length < steps.length ? `the longest ${longest.length} of ${steps.length} steps` : 'all steps';
  return `${count}, ${((100 * sum(longest)) / sum(steps)).toFixed(0)} % of ${significant(sum(steps))} ms`;
}

/** A bar for each of the longest steps of a compiled network under its name, with a mark at what the machine needs at least. */
export function stepChart(steps: readonly Step[]): string {
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  const data = longestSteps(steps).map(
    ({ name, ms, limitMs }, y): Row => ({
      y,
      name,
      ms,
      limitMs: limitMs ?? Number.NaN,
      text: `${significant(ms)} ms, ${((100 * ms) / total).toFixed(0)} %`,
    }),
  );
  const row = { y: 'y', insetTop: 15, insetBottom: 4 };
  return draw({
    ariaLabel: 'Time by step of the network',
    width: COLUMN,
    height: ROW * data.length,
    marginLeft: 1,
    marginRight: 100,
    marginTop: 0,
    marginBottom: 0,
    x: { axis: null, domain: [0, Math.max(...data.map(({ ms }) => ms))] },
    y: { axis: null, type: 'band', domain: data.map(({ y }) => y), padding: 0 },
    marks: [
      Plot.barX(data, { x: 'ms', fill: 'var(--ours)', rx: 1.5, ...row }),
      Plot.tickX(data, {
        x: 'limitMs',
        stroke: 'currentColor',
        strokeWidth: 1.5,
        ...row,
        insetTop: 13,
        insetBottom: 2,
      }),
      Plot.text(data, { x: 0, y: 'y', text: 'name', textAnchor: 'start', dy: -8 }),
      Plot.text(data, {
        x: 'ms',
        y: 'y',
        text: 'text',
        textAnchor: 'start',
        dx: 6,
        dy: 6,
        fontVariant: 'tabular-nums',
      }),
    ],
  });
}
