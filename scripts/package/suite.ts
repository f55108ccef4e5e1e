import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';
import type { Command } from './quick.ts';

const STARTS_NODE = /process\.execPath/;

/**
 * The test suite with the published arm64 binary: a copy of what git has, arm64 packages of the tools, no build folder. Threads, because
 * the emulated Node cannot start itself; test files that start Node are left out.
 */
export function runTestsOnArm64(folder: string, [program, ...args]: Command): string {
  const copy = join(folder, 'checkout');
  mkdirSync(copy);
  for (const path of output('git', ['ls-files'], { cwd: ROOT }).trim().split('\n')) {
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  }
  for (const path of ['prebuilds', 'dist']) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  const machine = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--ignore-scripts'];
  output('npm', ['ci', ...machine, '--no-audit', '--no-fund', '--prefer-offline'], { cwd: copy });
  const tests = readdirSync(join(copy, 'test')).filter((name) => name.endsWith('.test.ts'));
  const spawning = tests.filter((name) => STARTS_NODE.test(readFileSync(join(copy, 'test', name), 'utf8')));
  const excluded = spawning.flatMap((name) => ['--exclude', `test/${name}`]);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--pool=threads', '--testTimeout=600000', ...excluded];
  const text = output(program, [...args, ...vitest], { cwd: copy, env: { ...process.env, NO_COLOR: '1' } });
  const summary = /Tests +(.*)/.exec(text);
  if (summary === null) throw new Error(text);
  return `${summary[1]}; left out: ${spawning.join(', ')}`;
}
