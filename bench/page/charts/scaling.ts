import * as Plot from '@observablehq/plot';
import { significant } from '../../documents/cells/table.ts';
import type { ScalingCurve } from '../../results.ts';
import { CLIFF, fitLine } from '../../scaling.ts';
import { COLUMN, draw, GRID } from './frame.ts';

/** How many machines have colours of their own: the variables --machine-0, --machine-1, ... of the page. */
const MACHINE_COLOURS = 4;

export function machineColour(rank: number): string {
  return `var(--machine-${rank % MACHINE_COLOURS})`;
}

/** Cost along one axis over the straight line, a curve for each machine; a cliff stands out above the dashed line. */
export function scalingChart(curves: readonly (ScalingCurve | undefined)[]): string {
  const axis = curves.find((curve) => curve !== undefined)!.axis;
  const data = curves.flatMap((curve, rank) =>
    curve === undefined
      ? []
      : fitLine(curve).map((point, i) => ({
          ...point,
          colour: machineColour(rank),
          title: `${axis} = ${point.x}: ${significant((point.ms * 1e6) / curve.points[i]!.outputs)} ns per output, ${point.ratio.toFixed(2)} times the line`,
        })),
  );
  const top = Math.max(1.45, ...data.map(({ ratio }) => ratio * 1.05));
  return draw({
    ariaLabel: `Cost along ${axis} over a straight line`,
    width: COLUMN,
    height: 210,
    marginLeft: 36,
    marginBottom: 34,
    marginTop: 16,
    x: { type: 'log', label: `${axis} →`, ticks: [1, 10, 100, 1000], tickFormat: (value: number) => `${value}` },
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
      Plot.line(data, { x: 'x', y: 'ratio', z: 'colour', stroke: 'colour', strokeWidth: 1.4 }),
      Plot.dot(data, { x: 'x', y: 'ratio', r: 2.4, fill: 'colour', title: 'title' }),
    ],
  });
}
