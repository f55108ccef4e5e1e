import { type Cells, significant, timeCell } from '../documents/cells/table.ts';
import { type Figure, meanOf } from '../figures.ts';
import { nominalFlops } from '../problems.ts';
import { isaName, threadsText } from '../results.ts';
import { peakFractions, pytorchRatios, threadGains } from './figures.ts';
import {
  type BackwardResults,
  type BackwardRun,
  backwardTime,
  isWide,
  KERNEL_NAMES,
  KERNELS,
  type Kind,
  type WayId,
} from './results.ts';

const WAY_NAMES: Readonly<Record<WayId, string>> = { ours: 'conv1d', pytorch: 'PyTorch', ...KERNEL_NAMES };

/** Median and shortest call, PyTorch's over ours, and the kernels with the fraction of the FMA peak. */
export function layerCells(results: BackwardResults, run: BackwardRun): Cells {
  const { layers } = results;
  const ratios = valuesOf(pytorchRatios(results, run, 'layers'));
  const fractions = KERNELS.map((kernel) => valuesOf(peakFractions(results, run, kernel)));
  const rows = layers.map((problem, i) => {
    const measured = run.layers[i];
    return [
      problem.name,
      significant(nominalFlops(problem) / 1e6),
      ...timePair(measured, 'ours'),
      ...timePair(measured, 'pytorch'),
      timesCell(ratios.get(problem.name)),
      ...KERNELS.flatMap((kernel, k) => [
        timeCell(backwardTime(measured, kernel)),
        plainCell(fractions[k]!.get(problem.name)),
      ]),
    ];
  });
  return {
    head: [
      'layer',
      'MFLOP',
      'conv1d, ms',
      'shortest',
      'PyTorch, ms',
      'shortest',
      'PyTorch over conv1d',
      ...KERNELS.flatMap((kernel) => [`${KERNEL_NAMES[kernel]}, ms`, 'of FMA peak']),
    ],
    rows,
    words: 1,
  };
}

/** Median and shortest step, PyTorch's over ours, and one thread over several. */
export function networkCells(results: BackwardResults, run: BackwardRun): Cells {
  const ratios = valuesOf(pytorchRatios(results, run, 'networks'));
  const gains = valuesOf(run.threads === 1 ? [] : threadGains(results, run, 'networks'));
  const rows = results.networks.map(({ name, shapes, flops }, i) => [
    name,
    shapes[0]!.join(' x '),
    significant(flops / 1e6),
    ...timePair(run.networks[i], 'ours'),
    ...timePair(run.networks[i], 'pytorch'),
    timesCell(ratios.get(name)),
    ...(gains.size === 0 ? [] : [timesCell(gains.get(name))]),
  ]);
  return {
    head: [
      'network',
      'input',
      'forward, MFLOP',
      'conv1d, ms',
      'shortest',
      'PyTorch, ms',
      'shortest',
      'PyTorch over conv1d',
      ...(gains.size === 0 ? [] : ['1 thread over conv1d']),
    ],
    rows,
    words: 2,
  };
}

/** A run as a column of the summary. */
interface SummaryColumn {
  readonly head: string;
  readonly results: BackwardResults;
  readonly run: BackwardRun;
}

/** Means over layers and over networks, what is nearest to PyTorch, and the kernels; runs side by side. */
export function summaryCells(columns: readonly SummaryColumn[]): Cells {
  const row = (label: string, cell: (column: SummaryColumn) => string) => [label, ...columns.map(cell)];
  const ofKind = (kind: Kind, one: string, of: string) => [
    row(`PyTorch over conv1d, ${of}, geometric mean`, ({ results, run }) =>
      meanCell(pytorchRatios(results, run, kind)),
    ),
    row(`the slowest ${one}`, ({ results, run }) => slowest(pytorchRatios(results, run, kind))),
  ];
  const rows = [
    ...ofKind('layers', 'layer', 'forward and backward of a layer'),
    ...KERNELS.map((kernel) =>
      row(`${KERNEL_NAMES[kernel]} over the FMA peak, wide layers, least`, ({ results, run }) => {
        const wide = results.layers.filter(isWide).map(({ name }) => name);
        return lowest(peakFractions(results, run, kernel).filter(({ name }) => wide.includes(name)));
      }),
    ),
    ...ofKind('networks', 'network', 'a step of training'),
  ];
  const measured = rows.filter(([, ...cells]) => cells.some((cell) => cell !== '-'));
  return { head: ['', ...columns.map(({ head }) => head)], rows: measured, words: 1 };
}

function leastOf(figures: readonly Figure[]): Figure | undefined {
  return figures.toSorted((a, b) => a.value - b.value)[0];
}

function slowest(figures: readonly Figure[]): string {
  const least = leastOf(figures);
  return least === undefined ? '-' : `${least.value.toFixed(2)}x (${least.name})`;
}

function lowest(figures: readonly Figure[]): string {
  const least = leastOf(figures);
  return least === undefined ? '-' : `${least.value.toFixed(2)} (${least.name})`;
}

function meanCell(figures: readonly Figure[]): string {
  return figures.length === 0 ? '-' : `${meanOf(figures).toFixed(2)}x`;
}

function timePair(measured: BackwardRun['layers'][number] | undefined, way: WayId): [string, string] {
  return [timeCell(backwardTime(measured, way)), timeCell(backwardTime(measured, way, 'shortest'))];
}

function valuesOf(figures: readonly Figure[]): Map<string, number> {
  return new Map(figures.map(({ name, value }) => [name, value]));
}

function timesCell(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(2)}x`;
}

function plainCell(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(2);
}

/** `1 thread of AVX-512: FMA peak 187 GFLOP/s`. */
export function peakLine({ threads, isa, peak }: BackwardRun): string {
  return `${threadsText(threads)} of ${isaName(isa)}: FMA peak ${peak.toFixed(0)} GFLOP/s`;
}

/** How far the gradients of a run are from PyTorch's in float64: `gradients at most 1.2e-5 from ... (TCN, PyTorch itself 1.0e-5)`; none without PyTorch. */
export function apartLine({ layers, networks }: BackwardResults, run: BackwardRun): string | null {
  const all = [
    ...layers.map(({ name }, i) => [name, run.layers[i]] as const),
    ...networks.map(({ name }, i) => [name, run.networks[i]] as const),
  ]
    .flatMap(([name, measured]) =>
      measured?.apart === undefined ? [] : [{ name, value: measured.apart, torchs: measured.pytorchApart ?? 0 }],
    )
    .sort((a, b) => b.value - a.value);
  const [worst] = all;
  if (worst === undefined) return null;
  return `gradients at most ${worst.value.toPrecision(2)} from those of PyTorch in float64, the middle one of each layer or network (${worst.name}, PyTorch itself ${worst.torchs.toPrecision(2)})`;
}

/** Why ways have no times: `conv1d: the reason (TCN, seed)`, a line for each reason. */
export function missingLines({ layers, networks }: BackwardResults, run: BackwardRun): string[] {
  const names = new Map<string, string[]>();
  const look = (all: readonly { readonly name: string }[], measured: BackwardRun['layers']) => {
    measured.forEach(({ outcomes }, i) => {
      for (const [way, outcome] of Object.entries(outcomes)) {
        if (!('why' in outcome)) continue;
        const reason = `${WAY_NAMES[way as WayId]}: ${outcome.why}`;
        names.set(reason, [...(names.get(reason) ?? []), all[i]!.name]);
      }
    });
  };
  look(layers, run.layers);
  look(networks, run.networks);
  return [...names].map(([reason, those]) => `${reason} (${those.join(', ')})`);
}
