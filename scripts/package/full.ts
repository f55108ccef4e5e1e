import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { output } from '../run.ts';
import { makeSysroot, sysrootOf } from '../sysroot.ts';
import { checkMusl } from './musl.ts';
import type { Project } from './project.ts';
import { type Command, checkRuntime, runIn, type Smoke, smoke } from './quick.ts';
import { BUN, DENO, installElsewhere, installHere, NODES, node, runtime } from './runtimes.ts';
import type { Steps } from './steps.ts';
import { makeCheckout, runSuite, startingNode } from './suite.ts';
import { checkWindows } from './windows.ts';
import { compileWithZig } from './zig.ts';

/** The package under every Node, Bun and Deno of this machine. */
export function checkRuntimes(steps: Steps, project: Project, digest: string): void {
  steps.run('Node, Bun and Deno install', () => void installHere());
  for (const version of NODES) {
    checkRuntime(steps, `Node ${version}`, project, [node(version)], digest);
  }
  checkRuntime(steps, 'Bun', project, [BUN], digest);
  checkRuntime(steps, 'Deno', project, [DENO, 'run', '--allow-all'], digest);
}

/**
 * The package on an older system and on other machines, after checkRuntimes.
 * Debian: qemu-user-static, musl-tools, libunwind-14-dev, wine64.
 */
export function checkEverywhere(steps: Steps, project: Project, digest: string): void {
  steps.run('the programs for other machines install', () => void installElsewhere());
  checkMachine(steps, 'glibc 2.31', project, digest, onOldGlibc, ({ glibc }) => glibc === '2.31');
  checkMachine(steps, 'x86-64 without AVX', project, digest, withoutAvx, ({ isa }) => isa === 'scalar');
  checkMachine(steps, 'arm64', project, digest, onArm64, ({ isa }) => isa === 'neon');
  steps.run('arm64: the test suite', () => {
    const checkout = makeCheckout(join(dirname(project.folder), 'checkout-arm64'), { os: 'linux', cpu: 'arm64' });
    return runSuite(checkout, onArm64(), process.env, startingNode());
  });
  checkMusl(steps, project, digest);
  for (const target of ['darwin-arm64', 'darwin-x64'] as const) {
    steps.run(`${target}: Zig compiles and links it without a warning`, () => void compileWithZig(target));
  }
  checkWindows(steps, project, digest);
  steps.run('the command that the error names builds from source', () => buildFromSource(project, digest));
}

function checkMachine(
  steps: Steps,
  name: string,
  project: Project,
  digest: string,
  command: () => Command,
  isThere: (result: Smoke) => boolean,
): void {
  steps.run(`${name}: is what runs`, () => {
    const result = smoke(project, command(), digest);
    if (!isThere(result)) throw new Error(JSON.stringify(result));
    return undefined;
  });
  checkRuntime(steps, name, project, command(), digest);
}

function onOldGlibc(): Command {
  makeSysroot('x86_64-linux-gnu');
  const root = sysrootOf('x86_64-linux-gnu');
  const libraries = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'].map((path) => join(root, path)).join(':');
  return [join(root, 'lib64/ld-linux-x86-64.so.2'), '--library-path', libraries, node('22')];
}

function withoutAvx(): Command {
  return ['/usr/bin/qemu-x86_64-static', '-cpu', 'Nehalem', node('22')];
}

function onArm64(): Command {
  makeSysroot('aarch64-linux-gnu');
  return ['/usr/bin/qemu-aarch64-static', '-L', sysrootOf('aarch64-linux-gnu'), runtime('node-arm64/bin/node')];
}

/** In an installed package from which the binaries are gone. */
function buildFromSource(project: Project, digest: string): undefined {
  const copy = { folder: `${project.folder}-source`, env: { ...process.env, PREBUILDS_ONLY: '' } };
  cpSync(project.folder, copy.folder, { recursive: true });
  rmSync(join(copy.folder, 'node_modules/conv1d/prebuilds'), { recursive: true });
  const report = "import('conv1d').catch((error) => console.log(error.message))";
  const message = runIn(copy, [process.execPath], ['--eval', report]);
  const command = message.split('\n').find((line) => line.startsWith('  npx '));
  if (command === undefined) throw new Error(message);
  output('sh', ['-c', command.trim().replace('npx ', 'npx --yes ')], { cwd: copy.folder });
  smoke(copy, [process.execPath], digest);
  return undefined;
}
