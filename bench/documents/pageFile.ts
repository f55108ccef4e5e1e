import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MachineReport, REPORT_FOLDER } from '../machines/reports.ts';
import type { NetworkResults } from '../networks/results.ts';
import { renderNetworkPage } from '../page/networks/page.ts';
import { renderPage } from '../page/page.ts';

export const PAGE_FILE = fileURLToPath(new URL('index.html', REPORT_FOLDER));
export const NETWORK_PAGE_FILE = fileURLToPath(new URL('networks.html', REPORT_FOLDER));

/** Writes bench/report/index.html, and networks.html where networks were measured; returns their paths, as one types them. */
export function writePages(
  reports: readonly MachineReport[],
  networks: readonly MachineReport<NetworkResults>[],
): string[] {
  const hasNetworks = networks.length > 0;
  return [
    writePage(PAGE_FILE, renderPage(reports, hasNetworks)),
    ...(hasNetworks ? [writePage(NETWORK_PAGE_FILE, renderNetworkPage(networks))] : []),
  ];
}

function writePage(path: string, page: string): string {
  writeFileSync(path, page);
  return relative(process.cwd(), path);
}
