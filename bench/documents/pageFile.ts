import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MachineReport, REPORT_FOLDER } from '../machines/reports.ts';
import { renderPage } from '../page/page.ts';

export const PAGE_FILE = fileURLToPath(new URL('index.html', REPORT_FOLDER));

/** Writes bench/report/index.html; returns its path, as one types it. */
export function writePage(reports: readonly MachineReport[]): string {
  writeFileSync(PAGE_FILE, renderPage(reports));
  return relative(process.cwd(), PAGE_FILE);
}
