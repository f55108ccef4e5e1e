import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderPage } from './page/page.ts';
import type { Results } from './results.ts';

const FOLDER = new URL('report/', import.meta.url);
export const RESULTS_FILE = fileURLToPath(new URL('results.json', FOLDER));
export const PAGE_FILE = fileURLToPath(new URL('index.html', FOLDER));

/** Writes bench/report/results.json and index.html; returns their paths, as one types them. */
export function writeReport(results: Results): string[] {
  mkdirSync(FOLDER, { recursive: true });
  // Six digits say more than the measurement.
  const rounded = JSON.stringify(results, (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
  writeFileSync(RESULTS_FILE, `${rounded}\n`);
  writeFileSync(PAGE_FILE, renderPage(results));
  return [RESULTS_FILE, PAGE_FILE].map((path) => relative(process.cwd(), path));
}

export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as Results;
}
