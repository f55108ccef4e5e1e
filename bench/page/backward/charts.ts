import * as Plot from '@observablehq/plot';
import { KERNEL_PEAK } from '../../backward/bars.ts';
import { peakFractions, pytorchRatios } from '../../backward/figures.ts';
import {
  type BackwardResults,
  type BackwardRun,
  isWide,
  KERNEL_NAMES,
  KERNELS,
  type KernelId,
  type Kind,
} from '../../backward/results.ts';
import { between, COLUMN, type Domain, draw, GRID, layerChart, NAMES } from '../charts/frame.ts';

/** A run of a machine: what one drawing is of. */
export interface BackwardCase {
  readonly results: BackwardResults;
  readonly run: BackwardRun;
}

/** Room for the longest name of a network. */
const NETWORK_NAMES = 112;

/** PyTorch's time over ours, a bar from 1 for each layer or network: to the right we are faster. */
export function ratioCharts(cases: readonly BackwardCase[], kind: Kind, names: readonly string[]): string[] {
  const all = cases.map(({ results, run }) => pytorchRatios(results, run, kind));
  const values = all.flat().map(({ value }) => value);
  const domain: Domain = [Math.min(0.5, ...values) / 1.1, Math.max(4, ...values) * 1.1];
  return all.map((figures) => {
    const data = figures.map(({ name, value }) => ({
      name,
      value,
      text: `${value >= 100 ? value.toFixed(0) : value.toFixed(2)}x`,
      title: `${name}: PyTorch takes ${value.toFixed(2)} times as long`,
    }));
    return layerChart(
      `Time of PyTorch over that of conv1d, by ${kind === 'layers' ? 'layer' : 'network'}`,
      names,
      domain,
      between(...domain),
      48,
      [
        Plot.barX(data, {
          x1: 1,
          x2: 'value',
          y: 'name',
          fill: (d: { value: number }) => (d.value < 1 ? 'var(--loss)' : 'var(--ours)'),
          title: 'title',
          rx: 1.5,
        }),
        Plot.ruleX([1], { stroke: 'currentColor' }),
        Plot.text(data, {
          x: domain[1],
          y: 'name',
          text: 'text',
          textAnchor: 'start',
          dx: 6,
          fontVariant: 'tabular-nums',
        }),
      ],
      kind === 'layers' ? NAMES : NETWORK_NAMES,
    );
  });
}

/** What a drawing shows of a kernel: its own shape and fill, so that neither alone must tell them apart. */
export const KERNEL_MARKS: Readonly<Record<KernelId, { readonly glyph: string; readonly dot: Plot.DotOptions }>> = {
  weightGradient: { glyph: '●', dot: { symbol: 'circle', fill: 'var(--ours)', stroke: 'var(--card)' } },
  inputGradient: { glyph: '◇', dot: { symbol: 'diamond', stroke: 'var(--ours)', strokeWidth: 1.8 } },
};

/** The fraction of the FMA peak that both kernels reach on wide layers, with a line at what they should. */
export function peakCharts(cases: readonly BackwardCase[]): string[] {
  return cases.map(({ results, run }) => {
    const names = results.layers.filter(isWide).map(({ name }) => name);
    const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
    return draw({
      ariaLabel: 'Fraction of the FMA peak, by layer',
      width: COLUMN,
      height: 30 + 22 * names.length,
      marginLeft: NAMES,
      marginRight: 16,
      marginTop: 22,
      marginBottom: 4,
      x: { domain: [0, 1.05] },
      y: { domain: names, label: null, tickSize: 0, padding: 0.3 },
      marks: [
        Plot.axisX(ticks, { anchor: 'top', label: null, text: String }),
        Plot.gridX(ticks, GRID),
        Plot.ruleX([KERNEL_PEAK], { stroke: 'currentColor', strokeWidth: 1.5 }),
        ...KERNELS.map((kernel) =>
          Plot.dot(
            peakFractions(results, run, kernel)
              .filter(({ name }) => names.includes(name))
              .map(({ name, value }) => ({
                name,
                value,
                title: `${name}, ${KERNEL_NAMES[kernel]}: ${value.toFixed(2)} of the peak`,
              })),
            { x: 'value', y: 'name', r: 4, title: 'title', ...KERNEL_MARKS[kernel].dot },
          ),
        ),
      ],
    });
  });
}
