import { type Cells, significant, timeCell } from '../documents/cells/table.ts';
import { type Figure, meanOf } from '../figures.ts';
import { isaName, threadsText } from '../results.ts';
import { errorRatios, networkGains, networkLimit, networkOverLimit, networkRatios, singleThread } from './figures.ts';
import { type NetworkResults, type NetworkRun, networkTime, OWN_WAYS, WAY_NAMES, type WayId } from './results.ts';

/** The ways that a run has times of, in the order in which they are shown. */
export function waysOf({ measured }: NetworkRun): WayId[] {
  const all = Object.keys(WAY_NAMES) as WayId[];
  return all.filter((way) => measured.some(({ outcomes }) => outcomes[way] !== undefined && 'times' in outcomes[way]));
}

/** Median and shortest call of each way, in milliseconds. */
export function timeCells(results: NetworkResults, run: NetworkRun): Cells {
  const ways = waysOf(run);
  return {
    head: ['network', 'MFLOP', 'limit, ms', ...ways.flatMap((way) => [`${WAY_NAMES[way]}, ms`, 'shortest'])],
    rows: results.networks.map((network, i) => [
      network.name,
      significant(network.flops / 1e6),
      significant(networkLimit(network, run)),
      ...ways.flatMap((way) => [timeCell(networkTime(run, i, way)), timeCell(networkTime(run, i, way, 'shortest'))]),
    ]),
    words: 1,
  };
}

/** A column of ratios, with their geometric mean at the end. */
interface Column {
  readonly head: string;
  readonly figures: readonly Figure[];
}

/** Medians over the limit, over ours and, where there are several threads, one thread over them. */
export function ratioCells(results: NetworkResults, run: NetworkRun): Cells {
  const own = waysOf(run).filter((way) => way !== 'onnxruntime' && way !== 'pytorch');
  const others = waysOf(run).filter((way) => way === 'onnxruntime' || way === 'pytorch');
  const single = singleThread(results, run);
  const columns: Column[] = [
    ...waysOf(run).map((way) => ({
      head: `${WAY_NAMES[way]} over limit`,
      figures: networkOverLimit(results, run, way),
    })),
    ...others.flatMap((other) =>
      own.map((way) => ({
        head: `${WAY_NAMES[other]} over ${WAY_NAMES[way]}`,
        figures: networkRatios(results, run, other, way),
      })),
    ),
    ...(single === undefined || run.threads === 1
      ? []
      : own.map((way) => ({
          head: `1 thread over ${WAY_NAMES[way]}`,
          figures: networkGains(results, single, run, way),
        }))),
  ];
  return columnCells(results, columns);
}

/** A run as a column of the summary. */
interface SummaryColumn {
  readonly head: string;
  readonly results: NetworkResults;
  readonly run: NetworkRun;
}

/** The time of each way over that of the compiled network, geometric means over the networks, runs side by side. */
export function summaryCells(columns: readonly SummaryColumn[]): Cells {
  const rows = (Object.keys(WAY_NAMES) as WayId[]).flatMap((way) => {
    const cells = columns.map(({ results, run }) => {
      const figures = networkRatios(results, run, way, 'direct');
      return figures.length === 0 ? '-' : `${meanOf(figures).toFixed(2)}x`;
    });
    return cells.every((cell) => cell === '-') ? [] : [[WAY_NAMES[way], ...cells]];
  });
  return { head: ['', ...columns.map(({ head }) => head)], rows, words: 1 };
}

/** The errors of each way over those of onnxruntime; null where PyTorch has made no reference. */
export function errorCells(results: NetworkResults, run: NetworkRun): Cells | null {
  const columns = OWN_WAYS.flatMap((way) =>
    (['mean', 'max'] as const).map((which) => ({
      head: `${WAY_NAMES[way]}, ${which}`,
      figures: errorRatios(results, run, way, which),
    })),
  ).filter(({ figures }) => figures.length > 0);
  return columns.length === 0 ? null : columnCells(results, columns);
}

function columnCells({ networks }: NetworkResults, columns: readonly Column[]): Cells {
  const cell = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(2)}x`);
  const rows = networks.map(({ name }) => [
    name,
    ...columns.map(({ figures }) => cell(figures.find((figure) => figure.name === name)?.value)),
  ]);
  const means = columns.map(({ figures }) => (figures.length === 0 ? '-' : cell(meanOf(figures))));
  return {
    head: ['network', ...columns.map(({ head }) => head)],
    rows: [...rows, ['geometric mean', ...means]],
    words: 1,
  };
}

/** `1 thread of AVX-512: FMA peak 187 GFLOP/s`. */
export function peakLine({ threads, isa, peak }: NetworkRun): string {
  return `${threadsText(threads)} of ${isaName(isa)}: FMA peak ${peak.toFixed(0)} GFLOP/s`;
}

/** Why ways have no times: `compiled: the reason (TCN, HiFi-GAN v1)`, a line for each reason. */
export function missingLines({ networks }: NetworkResults, run: NetworkRun): string[] {
  const names = new Map<string, string[]>();
  run.measured.forEach(({ outcomes }, i) => {
    for (const [way, outcome] of Object.entries(outcomes)) {
      if (!('why' in outcome)) continue;
      const reason = `${WAY_NAMES[way as WayId]}: ${outcome.why}`;
      names.set(reason, [...(names.get(reason) ?? []), networks[i]!.name]);
    }
  });
  return [...names].map(([reason, those]) => `${reason} (${those.join(', ')})`);
}
