import { basename } from 'node:path';
import Table from 'cli-table3';
import { NO_BORDER } from '../../network/report/table.ts';
import type { FileResult } from '../batch/convolveFile.ts';
import { printable, type Terminal } from './terminal.ts';
import type { Totals } from './totals.ts';

/** The measurements as a table for the terminal, one line each. */
export function formatReport(
  measurements: readonly FileResult[],
  isa: string,
  threads: number,
  { colors }: Terminal,
): string {
  const heads = ['file', 'audio', 'output', 'implementation', 'max threads', 'ms', 'x real time', 'GFLOP/s'];
  const table = new Table({
    head: heads.map((head) => colors.bold(head)),
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', 'right', 'left', 'left', 'right', 'right', 'right', 'right'],
  });
  for (const { input, seconds, shape, milliseconds, operations } of measurements) {
    table.push([
      printable(basename(input)),
      seconds === null ? '-' : `${seconds.toFixed(2)} s`,
      shape.join(' x '),
      colors.green(isa),
      String(threads),
      significant(milliseconds),
      seconds === null ? '-' : significant((seconds * 1000) / milliseconds),
      significant(operations / milliseconds / 1e6),
    ]);
  }
  return table.toString();
}

/** Three digits that mean something: 0.123, 1.23, 12.3, 1234. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Which fast algorithms a run took for how many files, in a line; undefined when it took none. */
export function formatAlgorithms({ algorithms }: Pick<Totals, 'algorithms'>): string | undefined {
  if (algorithms.size === 0) return undefined;
  const counts = [...algorithms].map(([name, files]) => `${name} (${files} ${files === 1 ? 'file' : 'files'})`);
  return `computed by ${counts.join(', ')}; --algorithm direct keeps the order of the sum`;
}

/** What a run over many files came to, in two lines. */
export function formatSummary({ files, written, skipped, failed, audioSeconds, outputBytes, seconds }: Totals): string {
  const counts = [`${written} written`];
  if (skipped > 0) counts.push(`${skipped} done before`);
  if (failed > 0) counts.push(`${failed} failed`);
  const left = files - written - skipped - failed;
  if (left > 0) counts.push(`${left} left`);
  const work = [`${significant(outputBytes / 1e6)} MB in ${significant(seconds)} s`];
  if (written > 0) work.push(`${significant(written / seconds)} files a second`);
  if (audioSeconds > 0) work.push(`${significant(audioSeconds / seconds)} x real time`);
  return `${files} ${files === 1 ? 'file' : 'files'}: ${counts.join(', ')}\n${work.join(', ')}`;
}
