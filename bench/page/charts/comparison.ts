import * as Plot from '@observablehq/plot';
import type { Run } from '../../results.ts';
import { between, type Case, COLUMN, type Domain, draw, GRID, NAMES, timesText } from './frame.ts';
import { type Series, seriesText, shownSeries } from './series.ts';

/** A drawing by itself is larger, has a title and a legend; on the page both stand beside it. */
interface Layout {
  readonly width: number;
  readonly names: number;
  readonly row: number;
  readonly radius: number;
  /** Null where the page has the title and the legend. */
  readonly title: string | null;
}

const LEGEND_ROW = 22;

/** Time over that of conv1d's direct sum: a line for each of the layers `names`, a mark for each implementation. */
export function comparisonCharts(cases: readonly Case[], names: readonly string[]): string[] {
  const domain = domainOf(cases, names);
  return cases.map((one) =>
    chart(one, names, domain, { width: COLUMN, names: NAMES, row: 20, radius: 4, title: null }),
  );
}

/** The same with title and legend, as wide as a column on a phone, with text that can be read there. */
export function comparisonPicture(one: Case, names: readonly string[], title: string): string {
  return chart(one, names, domainOf([one], names), { width: 480, names: 116, row: 24, radius: 5.5, title });
}

interface Mark {
  readonly series: Series;
  readonly name: string;
  readonly value: number;
  readonly title: string;
}

function marksOf({ results, run }: Case, names: readonly string[]): Mark[] {
  return shownSeries(results, run).flatMap((series) =>
    series
      .figures(results, run)
      .filter(({ name }) => names.includes(name))
      .map(({ name, value }) => ({ series, name, value, title: `${name}: ${series.name} ${value.toFixed(2)}x` })),
  );
}

function domainOf(cases: readonly Case[], names: readonly string[]): Domain {
  const values = cases.flatMap((one) => marksOf(one, names).map(({ value }) => value));
  return [Math.min(1, ...values) * 0.9, Math.max(2, ...values) * 1.15];
}

function chart(one: Case, names: readonly string[], domain: Domain, layout: Layout): string {
  const { results, run } = one;
  const shown = shownSeries(results, run);
  const data = marksOf(one, names);
  const ticks = between(...domain);
  const head = layout.title === null ? 22 : 40 + LEGEND_ROW * (shown.length + 1);
  return draw({
    ariaLabel: 'Time relative to conv1d, by layer',
    width: layout.width,
    height: head + 8 + layout.row * names.length,
    marginLeft: layout.names,
    marginRight: 16,
    marginTop: head,
    marginBottom: 8,
    x: { type: 'log', domain: [...domain] },
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
      ...shown.map((series) =>
        Plot.dot(
          data.filter((each) => each.series === series),
          { x: 'value', y: 'name', title: 'title', ...markOf(series, layout.radius) },
        ),
      ),
      ...(layout.title === null ? [] : legend(layout.title, shown, run, layout, head)),
    ],
  });
}

function markOf({ symbol, colour, isHollow }: Series, radius: number): Plot.DotOptions {
  const ink = `var(--${colour})`;
  return isHollow
    ? { symbol, r: radius, stroke: ink, strokeWidth: 1.8 }
    : { symbol, r: radius, fill: ink, stroke: 'var(--plot-background)', strokeWidth: 0.6 };
}

/** The title and, below it, a line for each implementation, from the top of the drawing. */
function legend(title: string, shown: readonly Series[], run: Run, layout: Layout, head: number): Plot.Markish[] {
  const left = 8 - layout.names;
  const y = (line: number) => 14 - head + LEGEND_ROW * line;
  return [
    Plot.text([title], { frameAnchor: 'top-left', lineAnchor: 'middle', dx: left, dy: y(0) }),
    ...shown.flatMap((series, i) => [
      Plot.dot([series.name], {
        frameAnchor: 'top-left',
        dx: left + 8,
        dy: y(i + 1),
        ...markOf(series, layout.radius),
      }),
      Plot.text([seriesText(series, run)], {
        frameAnchor: 'top-left',
        lineAnchor: 'middle',
        dx: left + 20,
        dy: y(i + 1),
      }),
    ]),
  ];
}
