import Table from 'cli-table3';
import pc from 'picocolors';
import type { Bar } from './barChecks.ts';
import { significant, timeCell } from './documents/cells/table.ts';
import { counted, type Figure, fastRatios, meanOf, overLimit, ratios } from './figures.ts';
import { limitOf } from './limits.ts';
import { describeProblem, nominalFlops } from './problems.ts';
import {
  isaName,
  isasOf,
  type Measured,
  ours,
  type Results,
  type Run,
  roofOf,
  type ScalingCurve,
  threadsText,
  timeOf,
} from './results.ts';
import { CLIFF, fitLine } from './scaling.ts';

const BAR_CELLS = 20;

/** Fast over direct above this is a loss, and not noise. */
export const FAST_LOSS = 1.05;

/** A table without lines, for a terminal. */
export function newTable(head: readonly string[], aligns: readonly ('left' | 'right')[]): Table.Table {
  const lines = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const rows = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  return new Table({
    head: head.map((text) => pc.bold(text)),
    colAligns: [...aligns],
    chars: { ...Object.fromEntries([...lines, ...rows].map((key) => [key, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
}

/** `1 thread of AVX-512: FMA peak 187 GFLOP/s, copying 20.1 GB/s`. */
export function roofLine(run: Run, isa: string): string {
  const { peak, copy } = roofOf(run, isa);
  return `${threadsText(run.threads)} of ${isaName(isa)}: FMA peak ${peak.toFixed(0)} GFLOP/s, copying ${copy.toFixed(1)} GB/s`;
}

/** Everything that was measured, as a terminal shows it. */
export function formatResults(results: Results): string {
  const runs = results.runs.flatMap((run) => [
    ...isasOf(run).flatMap((isa) => [
      `${pc.bold(roofLine(run, isa))}\n\n${formatOurs(results, run, isa)}\n${formatOverLimit(results, run, isa)}`,
    ]),
    ...(run.peers.length === 0 ? [] : [formatPeers(results, run)]),
  ]);
  const scaling = results.scaling === undefined ? [] : [formatScaling(results.scaling)];
  return [...runs, ...scaling].map((text) => `\n${text}`).join('\n');
}

/** Our times with an instruction set: the direct sum against the limit of the machine, and the fast algorithms beside it. */
function formatOurs(results: Results, run: Run, isa: string): string {
  const table = newTable(
    [
      'layer',
      '',
      'ms',
      'median',
      'yielding',
      'over out',
      'GFLOP/s',
      'bound by',
      'of the limit',
      'fast, ms',
      'median',
      '',
    ],
    ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left', 'left', 'right', 'right', 'right'],
  );
  const [direct, fast] = [ours(run, 'direct', isa), ours(run, 'fast', isa)];
  const over = fastRatios(results, run, isa);
  results.problems.forEach((problem, layer) => {
    const row = [problem.name, pc.dim(describeProblem(problem))];
    const outcome = direct?.outcomes[layer];
    const ms = timeOf(direct, layer);
    if (ms === null) {
      row.push(outcome !== undefined && 'why' in outcome ? pc.red(outcome.why) : '-', '', '', '', '', '', '');
    } else {
      const limit = limitOf(problem, roofOf(run, isa));
      row.push(
        significant(ms),
        timeCell(timeOf(direct, layer, 'tight')),
        timeCell(timeOf(direct, layer, 'yielding')),
        overOut(outcome as Measured),
        significant(nominalFlops(problem) / ms / 1e6),
        limit.bound,
        gauge(limit.ms / ms),
      );
    }
    const fastOutcome = fast?.outcomes[layer];
    const ratio = over.find(({ name }) => name === problem.name);
    row.push(
      fastOutcome !== undefined && 'why' in fastOutcome ? pc.red(fastOutcome.why) : timeCell(timeOf(fast, layer)),
      timeCell(timeOf(fast, layer, 'tight')),
      ratio === undefined ? '' : fastCell(ratio.value),
    );
    table.push(row);
  });
  return table.toString();
}

/** The median of plain calls over that of calls with `out`. */
function overOut({ tight, out }: Measured): string {
  return tight.medianMs === undefined || out?.medianMs === undefined
    ? ''
    : `${(tight.medianMs / out.medianMs).toFixed(2)}x`;
}

/** A fraction as a bar: `█████████████████▌   88 %`. */
export function gauge(fraction: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS * 8);
  const partial = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
  const cells = ('█'.repeat(Math.floor(eighths / 8)) + partial).padEnd(BAR_CELLS);
  const color = fraction >= 0.9 ? pc.green : fraction >= 0.6 ? pc.yellow : pc.red;
  return `${color(cells)} ${(100 * fraction).toFixed(0).padStart(3)} %`;
}

/** The milliseconds of all peers, and how many times those of our direct sum they are. */
function formatPeers(results: Results, run: Run): string {
  const { peers } = run;
  const table = newTable(
    ['layer', 'conv1d', 'fast', ...peers.flatMap(({ name }) => [name, ''])],
    ['left', 'right', 'right', ...peers.flatMap((): ('left' | 'right')[] => ['right', 'left'])],
  );
  const all = peers.map(({ id }) => ratios(results, run, [id]));
  results.problems.forEach(({ name }, layer) => {
    const cells = peers.flatMap((peer, i) => {
      const ratio = all[i]!.find((each) => each.name === name);
      return [timeCell(timeOf(peer, layer)), ratio === undefined ? '' : ratioCell(ratio.value)];
    });
    table.push([name, timeCell(timeOf(ours(run), layer)), timeCell(timeOf(ours(run, 'fast'), layer)), ...cells]);
  });
  const means = (title: string, fast: readonly Figure[], of: readonly (readonly Figure[])[]) => {
    const mean = (figures: readonly Figure[], cell: (ratio: number) => string) =>
      counted(figures).length === 0 ? '' : cell(meanOf(figures));
    return [pc.bold(title), '', mean(fast, fastCell), ...of.flatMap((figures) => ['', mean(figures, ratioCell)])];
  };
  const [isa] = isasOf(run);
  table.push(means('geometric mean', fastRatios(results, run, isa), all));
  for (const [kind, title] of [
    ['tight', '... of medians, in loops that never yield'],
    ['yielding', '... of medians, in loops that yield'],
  ] as const) {
    const medians = peers.map(({ id }) => ratios(results, run, [id], kind));
    table.push(means(title, fastRatios(results, run, isa, kind), medians));
  }
  const notes = peers.map(({ name, version, why }) => `${name}: ${why ?? version}`);
  return `${table.toString()}\n\n${pc.dim(notes.join('\n'))}`;
}

function ratioCell(ratio: number): string {
  const text = `${ratio.toFixed(2)}x`;
  return ratio >= 1 ? pc.green(text) : pc.red(text);
}

/** Fast over direct, in red where it is a loss. */
export function fastCell(ratio: number, digits = 2): string {
  const text = `${ratio.toFixed(digits)}x`;
  if (ratio > FAST_LOSS) return pc.red(text);
  return ratio < 1 / FAST_LOSS ? pc.green(text) : text;
}

/** `time over limit, geometric mean: 1.15; fast over direct: 0.65`. */
function formatOverLimit(results: Results, run: Run, isa: string): string {
  const means = [
    ['time over limit', overLimit(results, run, isa)],
    ['fast over direct', fastRatios(results, run, isa)],
  ] as const;
  return means
    .filter(([, figures]) => counted(figures).length > 0)
    .map(([name, figures]) => `${name}, geometric mean: ${pc.bold(meanOf(figures).toFixed(3))}`)
    .join('; ');
}

/** Nanoseconds per output and their ratio to the straight line, for all axes at once. */
function formatScaling(curves: readonly ScalingCurve[]): string {
  const table = newTable(
    ['', ...curves.flatMap(({ axis }) => [`along ${axis}`, ''])],
    ['right', ...curves.flatMap((): ('left' | 'right')[] => ['right', 'right'])],
  );
  const fits = curves.map((curve) => fitLine(curve));
  curves[0]?.points.forEach(({ x }, row) => {
    const cells = curves.flatMap(({ points }, i) => {
      const { ratio } = fits[i]![row]!;
      const { ms, outputs } = points[row]!;
      const text = `${ratio.toFixed(2)}x`;
      return [`${significant((ms * 1e6) / outputs)} ns`, ratio > CLIFF ? pc.red(text) : text];
    });
    table.push([String(x), ...cells]);
  });
  return `${pc.bold('time per output, and over the straight line')} (red: a cliff, above ${CLIFF}x)\n${table.toString()}`;
}

/** Every bar with its figure, one line each. */
export function formatBars(bars: readonly Bar[]): string {
  const lines: string[] = [];
  let group = '';
  for (const bar of bars) {
    if (bar.group !== group) lines.push(pc.bold(bar.group));
    group = bar.group;
    const mark = bar.ok ? pc.green('ok    ') : bar.stretch ? pc.yellow('missed') : pc.red('FAILED');
    lines.push(`  ${mark} ${bar.text}${bar.stretch ? ' (stretch)' : ''}: ${bar.figure}`);
  }
  return lines.join('\n');
}
