import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { output } from '../run.ts';
import { binaryOf, ROOT, TARGETS } from '../targets.ts';
import type { Project } from './project.ts';
import { type Command, checkRuntime } from './quick.ts';
import { runtime } from './runtimes.ts';
import type { Steps } from './steps.ts';
import { makeCheckout, runSuite } from './suite.ts';
import { compileForWindows, compileWithZig, zigBinary } from './zig.ts';

const WINE = join(ROOT, 'scripts', 'package', 'wine.sh');

const PUBLISHED = binaryOf(TARGETS.find(({ platform }) => platform === 'win32')!);

const NOT_UNDER_WINE = [
  '67-server-example.test.ts', // sockets, which Node cannot connect there
  '82-bundling.test.ts', // links, which drive C: does not have
  '84-realms.test.ts', // the same
  '85-commonjs.test.ts', // the same
  '86-deploying.test.ts', // the same
];

/** The package under Wine, with a binary that Zig makes, and with the one that MSVC made on Windows where the tarball has it. */
export function checkWindows(steps: Steps, project: Project, digest: string): void {
  const folder = dirname(project.folder);
  const prefix = join(folder, 'wine');
  const env = { WINEPREFIX: prefix, WINEDEBUG: '-all' };
  steps.run('Wine is Windows 10', () => {
    setUp(prefix, { ...process.env, ...env });
    return undefined;
  });
  if (existsSync(join(project.folder, 'node_modules/conv1d', PUBLISHED))) {
    checkRuntime(steps, 'Wine, Node 22, the published binary', project, node('22'), digest, env);
  }
  steps.run('win32-x64: Zig compiles and links it without a warning', () => {
    compileWithZig('win32-x64');
    addBinary(join(project.folder, 'node_modules/conv1d'));
    return undefined;
  });
  for (const major of ['20', '22'] as const) {
    checkRuntime(steps, `Wine, Node ${major}`, project, node(major), digest, env);
  }
  steps.run('Wine: the test suite', () => {
    const checkout = makeCheckout(join(folder, 'checkout-windows'), { os: 'win32', cpu: 'x64' });
    addBinary(checkout);
    return runSuite(checkout, node('22'), { ...project.env, ...env }, NOT_UNDER_WINE);
  });
  // What Wine keeps running for the prefix: it writes there to its end.
  for (const flag of ['--kill', '--wait']) {
    spawnSync('/usr/lib/wine/wineserver', [flag], { env: { ...process.env, ...env } });
  }
}

function node(major: '20' | '22'): Command {
  return ['/bin/sh', WINE, runtime(`node${major}-windows/bin/node.exe`)];
}

/** Puts Zig's binary where the package in `root` looks for it. */
function addBinary(root: string): void {
  const published = join(root, PUBLISHED);
  mkdirSync(dirname(published), { recursive: true });
  copyFileSync(zigBinary('win32-x64'), published);
}

/** Makes the folder with drive C:, of Windows 10. */
function setUp(prefix: string, env: NodeJS.ProcessEnv): void {
  mkdirSync(prefix);
  const key = 'HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion';
  // Wine's own number is not one that Node knows.
  output('/bin/sh', [WINE, 'reg', 'add', key, '/v', 'CurrentBuildNumber', '/d', '19045', '/f'], { env });
  output('/bin/sh', [WINE, 'winecfg', '/v', 'win10'], { env });
  const library = join(prefix, 'drive_c/windows/system32/bcryptprimitives.dll');
  compileForWindows(join(ROOT, 'scripts', 'package', 'bcryptprimitives.c'), library);
}
