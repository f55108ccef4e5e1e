import Table from 'cli-table3';
import pc from 'picocolors';
import { type Bar, overLimit } from './bars.ts';
import { geometricMean, limitOf } from './limits.ts';
import { describeProblem, nominalFlops } from './problems.ts';
import {
  type Outcome,
  others,
  ours,
  type PeerResult,
  type Results,
  type Run,
  type ScalingCurve,
  timeOf,
} from './results.ts';
import { CLIFF, fitLine } from './scaling.ts';

const BAR_CELLS = 20;

function newTable(head: readonly string[], aligns: readonly ('left' | 'right')[]): Table.Table {
  const lines = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const rows = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  return new Table({
    head: head.map((text) => pc.bold(text)),
    colAligns: [...aligns],
    chars: { ...Object.fromEntries([...lines, ...rows].map((key) => [key, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
}

/** Three digits that mean something: 0.00123, 1.23, 123, 1234. */
export function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** `1 thread of avx512: 187 GFLOP/s, copies 20.1 GB/s`. */
export function roofLine({ threads, isa, roof }: Run): string {
  const many = `${threads} thread${threads === 1 ? '' : 's'}`;
  return `${many} of ${isa}: FMA peak ${roof.peak.toFixed(0)} GFLOP/s, copying ${roof.copy.toFixed(1)} GB/s`;
}

/** Our times against the limit of the machine. */
export function formatOurs({ problems }: Results, run: Run): string {
  const table = newTable(
    ['layer', '', 'ms', 'median', 'over out', 'GFLOP/s', 'bound by', 'of the limit'],
    ['left', 'left', 'right', 'right', 'right', 'right', 'left', 'left'],
  );
  problems.forEach((problem, layer) => {
    const ms = timeOf(ours(run), layer);
    if (ms === null) {
      const outcome = ours(run).outcomes[layer]!;
      table.push([
        problem.name,
        pc.dim(describeProblem(problem)),
        pc.red('why' in outcome ? outcome.why : ''),
        '',
        '',
        '',
        '',
        '',
      ]);
      return;
    }
    const limit = limitOf(problem, run.roof);
    table.push([
      problem.name,
      pc.dim(describeProblem(problem)),
      significant(ms),
      ...medianCells(ours(run).outcomes[layer]!),
      significant(nominalFlops(problem) / ms / 1e6),
      limit.bound,
      gauge(limit.ms / ms),
    ]);
  });
  return table.toString();
}

/** The median of plain calls, and over that of calls with `out`. */
function medianCells(outcome: Outcome): [median: string, overOut: string] {
  if (!('ms' in outcome) || outcome.medianMs === undefined) return ['', ''];
  const { medianMs, outMedianMs } = outcome;
  return [significant(medianMs), outMedianMs === undefined ? '' : `${(medianMs / outMedianMs).toFixed(2)}x`];
}

/** A fraction as a bar: `█████████████████▌   88 %`. */
export function gauge(fraction: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS * 8);
  const partial = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
  const cells = ('█'.repeat(Math.floor(eighths / 8)) + partial).padEnd(BAR_CELLS);
  const color = fraction >= 0.9 ? pc.green : fraction >= 0.6 ? pc.yellow : pc.red;
  return `${color(cells)} ${(100 * fraction).toFixed(0).padStart(3)} %`;
}

/** The milliseconds of all peers, and how many times ours they are. */
export function formatPeers({ problems }: Results, run: Run): string {
  const peers = others(run);
  const table = newTable(
    ['layer', ours(run).name, ...peers.flatMap(({ name }) => [name, ''])],
    ['left', 'right', ...peers.flatMap((): ('left' | 'right')[] => ['right', 'left'])],
  );
  const all = peers.map((): number[] => []);
  problems.forEach(({ name }, layer) => {
    const own = timeOf(ours(run), layer);
    const cells = peers.flatMap((peer, i) => {
      const ms = timeOf(peer, layer);
      if (ms === null || own === null) return ['-', ''];
      all[i]!.push(ms / own);
      return [significant(ms), ratioCell(ms / own)];
    });
    table.push([name, own === null ? '-' : significant(own), ...cells]);
  });
  const means = (of: readonly number[][]) =>
    of.flatMap((values) => ['', values.length === 0 ? '' : ratioCell(geometricMean(values))]);
  table.push([pc.bold('geometric mean'), '', ...means(all)]);
  const medians = peers.map((peer) => medianRatios(problems.length, ours(run), peer));
  table.push([pc.bold('... of medians, in loops that never yield'), '', ...means(medians)]);
  const notes = peers.map(({ name, version, why }) => `${name}: ${why ?? version}`);
  return `${table.toString()}\n\n${pc.dim(notes.join('\n'))}`;
}

/** What a user's stopwatch reads: the peer's median over ours, layer by layer. */
function medianRatios(layers: number, own: PeerResult, peer: PeerResult): number[] {
  return Array.from({ length: layers }, (_, layer) => {
    const a = own.outcomes[layer];
    const b = peer.outcomes[layer];
    const known = a !== undefined && b !== undefined && 'ms' in a && 'ms' in b;
    return known && a.medianMs !== undefined && b.medianMs !== undefined ? b.medianMs / a.medianMs : Number.NaN;
  }).filter(Number.isFinite);
}

function ratioCell(ratio: number): string {
  const text = `${ratio.toFixed(2)}x`;
  return ratio >= 1 ? pc.green(text) : pc.red(text);
}

/** `time over limit, geometric mean: 1.15`. */
export function formatOverLimit(results: Results, run: Run): string {
  const values = overLimit(results, run).map(({ value }) => value);
  return values.length === 0 ? '' : `time over limit, geometric mean: ${pc.bold(geometricMean(values).toFixed(3))}`;
}

/** Nanoseconds per output and their ratio to the straight line, for all axes at once. */
export function formatScaling(curves: readonly ScalingCurve[]): string {
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
