import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';
import type { Command } from './quick.ts';

// Emulation takes some ten minutes; a test that hangs there must not hang the release.
const LONGEST_MS = 45 * 60_000;

const STARTS_NODE = /process\.execPath/;

/** What npm takes for the machine that it installs packages for. */
export interface Machine {
  readonly os: string;
  readonly cpu: string;
}

/** A checkout in which the test suite is run: what git has, the prebuilt binaries, packages of the tools for a machine, no build folder. */
export function makeCheckout(folder: string, { os, cpu }: Machine): string {
  mkdirSync(folder);
  for (const path of output('git', ['ls-files'], { cwd: ROOT }).trim().split('\n')) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  for (const path of ['prebuilds', 'dist']) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  const options = [`--os=${os}`, `--cpu=${cpu}`, '--libc=glibc', '--ignore-scripts', '--no-audit', '--no-fund'];
  output('npm', ['ci', ...options, '--prefer-offline'], { cwd: folder });
  return folder;
}

/** The test files that start Node, which an emulated Node cannot do. */
export function startingNode(): string[] {
  const folder = join(ROOT, 'test');
  const tests = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  return tests.filter((name) => STARTS_NODE.test(readFileSync(join(folder, name), 'utf8')));
}

/** The test suite in a checkout, without the files that are named. In threads: vitest's processes are Node started by itself. */
export function runSuite(
  checkout: string,
  [program, ...args]: Command,
  env: NodeJS.ProcessEnv,
  leftOut: readonly string[],
): string {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--pool=threads', '--testTimeout=600000'];
  const options = leftOut.flatMap((name) => ['--exclude', `test/${name}`]);
  const text = output(program, [...args, ...vitest, ...options], {
    cwd: checkout,
    env: { ...env, NO_COLOR: '1' },
    timeout: LONGEST_MS,
  });
  const summary = /Tests +(.*)/.exec(text);
  if (summary === null) throw new Error(text);
  return `${summary[1]!.trim()}; left out: ${leftOut.join(', ')}`;
}
