import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Results } from '../results.ts';
import { currentDigest } from './code.ts';
import { machineFile } from './info.ts';

/** bench/report: a file of results for each machine, and the page of all of them. */
export const REPORT_FOLDER = new URL('../report/', import.meta.url);

/** What was measured on one machine. */
export interface MachineReport {
  readonly results: Results;
  /** Whether it was measured with the code of this checkout as it stands; older results are history. */
  readonly isCurrent: boolean;
}

/** Writes bench/report/<machine>.json; returns its path, as one types it. */
export function writeMachineReport(results: Results): string {
  mkdirSync(REPORT_FOLDER, { recursive: true });
  // Six digits say more than the measurement.
  const rounded = JSON.stringify(results, (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
  const path = fileURLToPath(new URL(`${machineFile(results.machine.name)}.json`, REPORT_FOLDER));
  writeFileSync(path, `${rounded}\n`);
  return relative(process.cwd(), path);
}

export function readMachineReports(): MachineReport[] {
  const files = readdirSync(REPORT_FOLDER).filter((name) => name.endsWith('.json'));
  if (files.length === 0) throw new Error('bench/report has no results: npm run bench:peers makes them');
  const all = files.map((file) => JSON.parse(readFileSync(new URL(file, REPORT_FOLDER), 'utf8')) as Results);
  return arrange(all, currentDigest());
}

/** Of the present code first, then the newest. */
export function arrange(all: readonly Results[], digest: string): MachineReport[] {
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
export function codeText({ results, isCurrent }: MachineReport): string {
  const { version, commit } = results.code;
  return `conv1d ${version}, commit ${commit}${isCurrent ? '' : ' (older code)'}`;
}
