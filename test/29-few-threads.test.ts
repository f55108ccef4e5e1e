import { spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, type TestContext, test } from 'vitest';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';

// A user nobody is, not even another run of this test: the system counts the threads of all processes of a user. Root it does
// not limit.
const USER = String(100_000 + process.pid);

interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly warnings: string;
}

/** Runs the script as that user, who may have that many threads. */
function run(threads: number, folder: string, script = SCRIPT): Ran {
  const limited = ['--reuid', USER, '--regid', USER, '--clear-groups', 'prlimit', `--nproc=${threads}`];
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { status, stdout, stderr } = spawnSync('setpriv', [...limited, ...node], {
    cwd: folder,
    encoding: 'utf8',
    env: { CONV1D_NUM_THREADS: '4' },
    timeout: 30_000,
  });
  return { status, output: stdout ?? '', warnings: stderr ?? '' };
}

/** Counts the threads that Node has by itself, then compares asynchronous results with synchronous ones. */
const SCRIPT = `
  import { readdirSync } from 'node:fs';
  import { Conv1d, rand } from './dist/native/conv1d.mjs';
  const threads = readdirSync('/proc/self/task').length;
  const conv = new Conv1d(8, 16, 3).eval();
  const inputs = [3, 50, 1000].map((length) => rand(8, length));
  const many = await conv.forwardMany(inputs);
  const each = await Promise.all(inputs.map((x) => conv.forwardAsync(x)));
  const same = inputs.every((x, i) => {
    const expected = Buffer.from(conv.forward(x).data.buffer);
    return [many[i], each[i]].every((y) => Buffer.from(y.data.buffer).equals(expected));
  });
  console.log(JSON.stringify({ threads, same }));
`;

/** The same after a convolution that has started the one thread that is allowed. */
const AFTER_FORWARD = SCRIPT.replace(
  'const conv =',
  `new Conv1d(64, 64, 3).forward(rand(64, 2000));
  if (readdirSync('/proc/self/task').length !== threads + 1) throw new Error('the pool has no thread');
  const conv =`,
);

/** A folder with the library in one file beside the addon, where that user may read it. */
function installed(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  buildSync({
    entryPoints: [repositoryFile('lib/index.ts')],
    outfile: join(folder, 'dist', 'native', 'conv1d.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  for (const name of ['build', 'node_modules']) symlinkSync(repositoryFile(name), join(folder, name));
  return folder;
}

/** Skips the test where no such user can be had, with the reason. */
function unlimited(context: TestContext, folder: string): { threads: number; same: boolean } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    context.skip('needs Linux and root, to become another user');
  const ran = run(1000, folder);
  if (ran.status !== 0)
    context.skip(`another user cannot run it here: ${ran.warnings.trim().split('\n')[0] || 'no setpriv'}`);
  return JSON.parse(ran.output);
}

test('asynchronous calls settle with the bits of forward, however few threads the system allows', (context) => {
  const folder = installed();
  const { threads } = unlimited(context, folder);
  for (let more = 0; more <= 5; more++) {
    const { status, output, warnings } = run(threads + more, folder);
    expect({ more, status, output, warnings }).toMatchObject({
      status: 0,
      output: `${JSON.stringify({ threads, same: true })}\n`,
    });
    // Without a single thread for the queue it says so, once.
    expect(warnings.match(/CONV1D_NO_THREAD/g) ?? [], `${more} more`).toHaveLength(more === 0 ? 1 : 0);
  }
});

test('asynchronous calls leave the event loop alone where forward has taken the last thread', (context) => {
  const folder = installed();
  const { threads } = unlimited(context, folder);
  const { status, output, warnings } = run(threads + 1, folder, AFTER_FORWARD);
  expect({ status, output, warnings }).toEqual({
    status: 0,
    output: `${JSON.stringify({ threads, same: true })}\n`,
    warnings: '',
  });
});
