import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Code, MachineInfo, Results } from '../results.ts';
import { currentDigest } from './code.ts';
import { machineFile } from './info.ts';

/** bench/report: a file of results for each machine, and the page of all of them. */
export const REPORT_FOLDER = new URL('../report/', import.meta.url);

/** The same of networks. */
export const NETWORK_FOLDER = new URL('networks/', REPORT_FOLDER);

/** The same of gradients. */
export const BACKWARD_FOLDER = new URL('backward/', REPORT_FOLDER);

/** What every file of results says. */
interface Measurement {
  readonly date: string;
  readonly code: Code;
  readonly machine: MachineInfo;
}

/** What was measured on one machine. */
export interface MachineReport<R extends Measurement = Results> {
  readonly results: R;
  /** Whether it was measured with the code of this checkout as it stands; older results are history. */
  readonly isCurrent: boolean;
}

/** Writes a machine's file of results; returns its path, as one types it. */
export function writeMachineReport(results: Measurement, folder: URL = REPORT_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  // Six digits say more than the measurement.
  const rounded = JSON.stringify(results, (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
  const path = fileURLToPath(new URL(`${machineFile(results.machine.name)}.json`, folder));
  writeFileSync(path, `${rounded}\n`);
  return relative(process.cwd(), path);
}

export function readMachineReports(): MachineReport[] {
  const reports = readReports<Results>(REPORT_FOLDER);
  if (reports.length === 0) throw new Error('bench/report has no results: npm run bench:peers makes them');
  return reports;
}

/** The reports of a folder; none where there is no such folder. */
export function readReports<R extends Measurement>(folder: URL): MachineReport<R>[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const all = files.map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as R);
  return arrange(all, currentDigest());
}

/** Of the present code first, then the newest. */
export function arrange<R extends Measurement>(all: readonly R[], digest: string): MachineReport<R>[] {
  return all
    .map((results) => ({ results, isCurrent: results.code.digest === digest }))
    .sort(
      (a, b) =>
        Number(b.isCurrent) - Number(a.isCurrent) ||
        b.results.date.localeCompare(a.results.date) ||
        a.results.machine.name.localeCompare(b.results.machine.name),
    );
}

/** `conv1d 0.1.0, commit 8587f84`, and whether that is older than this code. */
export function codeText({
  results,
  isCurrent,
}: {
  readonly results: Measurement;
  readonly isCurrent: boolean;
}): string {
  const { version, commit } = results.code;
  return `conv1d ${version}, commit ${commit}${isCurrent ? '' : ' (older code)'}`;
}
