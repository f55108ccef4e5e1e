import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackwardResults } from '../backward/results.ts';
import { type MachineReport, REPORT_FOLDER } from '../machines/reports.ts';
import type { NetworkResults } from '../networks/results.ts';
import { renderBackwardPage } from '../page/backward/page.ts';
import { renderNetworkPage } from '../page/networks/page.ts';
import { renderPage } from '../page/page.ts';

export const PAGE_FILE = fileURLToPath(new URL('index.html', REPORT_FOLDER));
export const NETWORK_PAGE_FILE = fileURLToPath(new URL('networks.html', REPORT_FOLDER));
export const BACKWARD_PAGE_FILE = fileURLToPath(new URL('backward.html', REPORT_FOLDER));

/** Writes bench/report/index.html, networks.html where networks and backward.html where gradients were measured; returns their paths, as one types them. */
export function writePages(
  reports: readonly MachineReport[],
  networks: readonly MachineReport<NetworkResults>[],
  backward: readonly MachineReport<BackwardResults>[],
): string[] {
  const has = { networks: networks.length > 0, backward: backward.length > 0 };
  return [
    writePage(PAGE_FILE, renderPage(reports, has)),
    ...(has.networks ? [writePage(NETWORK_PAGE_FILE, renderNetworkPage(networks))] : []),
    ...(has.backward ? [writePage(BACKWARD_PAGE_FILE, renderBackwardPage(backward))] : []),
  ];
}

function writePage(path: string, page: string): string {
  writeFileSync(path, page);
  return relative(process.cwd(), path);
}
