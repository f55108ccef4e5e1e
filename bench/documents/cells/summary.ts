import { counted, type Figure, meanOf, PYTORCH_RUNS, PYTORCH_STUMBLES, ratios, timeRatios } from '../../figures.ts';
import type { MachineReport } from '../../machines/reports.ts';
import { isaName, isasOf, ours, type Results, type Run, type TimeKind, threadsText } from '../../results.ts';
import type { Cells } from './table.ts';

/** A machine with a number of threads: a column. */
export interface Column {
  readonly results: Results;
  readonly run: Run;
  /** `AMD EPYC (Zen 4), 1 thread`. */
  readonly head: string;
}

/** A row: something that takes time, and its times over those of ours, direct, with the best instruction set. */
export interface Row {
  readonly label: string;
  figures(column: Column, kind: TimeKind): readonly Figure[];
}

export function columnsOf(reports: readonly MachineReport[]): Column[] {
  return reports.flatMap(({ results }) =>
    results.runs.map((run) => ({ results, run, head: `${results.machine.name}, ${threadsText(run.threads)}` })),
  );
}

/** Our forms but the direct sum with the best instruction set, which all are compared with. */
function formRows(columns: readonly Column[]): Row[] {
  const beyondBest = [...new Set(columns.flatMap(({ run }) => isasOf(run).slice(1)))];
  const row = (label: string, form: (run: Run) => ReturnType<typeof ours>): Row => ({
    label,
    figures: ({ results, run }, kind) => timeRatios(results, form(run), ours(run), kind),
  });
  return [
    row('conv1d, fast', (run) => ours(run, 'fast')),
    ...beyondBest.flatMap((isa) => [
      row(`conv1d on ${isaName(isa)}`, (run) => (isasOf(run)[0] === isa ? undefined : ours(run, 'direct', isa))),
      row(`conv1d on ${isaName(isa)}, fast`, (run) => (isasOf(run)[0] === isa ? undefined : ours(run, 'fast', isa))),
    ]),
  ];
}

/** The other libraries, PyTorch also without the layers on which the build we have is not itself. */
function peerRows(columns: readonly Column[]): Row[] {
  const ids = [...new Set(columns.flatMap(({ run }) => run.peers.map(({ id }) => id)))];
  return ids.flatMap((id) => {
    const those = columns.flatMap(({ run }) => run.peers.filter((peer) => peer.id === id));
    const label = [those[0]!.name, ...versionsOf(those)].join(' ');
    const row = (text: string, counts: (ratio: number) => boolean): Row => ({
      label: text,
      figures: ({ results, run }, kind) => ratios(results, run, [id], kind).filter(({ value }) => counts(value)),
    });
    const all = row(label, () => true);
    if (id !== 'torch') return [all];
    return [
      all,
      row(`... without the layers above ${PYTORCH_STUMBLES}x`, (ratio) => ratio <= PYTORCH_STUMBLES),
      row(`... on the layers below ${PYTORCH_RUNS}x`, (ratio) => ratio < PYTORCH_RUNS),
    ];
  });
}

/** `1.30.0`, or several where machines had different ones. */
export function versionsOf(peers: readonly { readonly version: string }[]): string[] {
  const versions = [...new Set(peers.map(({ version }) => version).filter((version) => version !== ''))];
  return versions.length === 0 ? [] : [versions.join(' and ')];
}

/** Geometric means of times over ours, all machines side by side; null where no machine has any. */
export function summaryCells(reports: readonly MachineReport[], kind: TimeKind): Cells | null {
  const all = columnsOf(reports);
  const rows = [...formRows(all), ...peerRows(all)];
  const has = (row: Row, column: Column) => counted(row.figures(column, kind)).length > 0;
  const columns = all.filter((column) => rows.some((row) => has(row, column)));
  if (columns.length === 0) return null;
  const measured = rows.filter((row) => columns.some((column) => has(row, column)));
  return {
    head: ['', ...columns.map(({ head }) => head)],
    rows: [
      ['conv1d', ...columns.map(() => '1')],
      ...measured.map(({ label, figures }) => [
        label,
        ...columns.map((column) => meanCell(figures(column, kind), column.results)),
      ]),
    ],
    words: 1,
  };
}

/** `2.60x`, with the number of layers where some are left out. */
export function meanCell(figures: readonly Figure[], { problems }: Results): string {
  const values = counted(figures);
  if (values.length === 0) return '-';
  const all = counted(problems.map(({ name }) => ({ name, value: 1 }))).length;
  return `${meanOf(values).toFixed(2)}x${values.length < all ? ` (${values.length})` : ''}`;
}
