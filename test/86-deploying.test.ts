import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';

const { resolve } = createRequire(import.meta.url);

const SAVE = `import { readdirSync } from 'node:fs';
import { loadNpy, ones, saveNpy, zeros } from 'conv1d';
await saveNpy('x.npy', zeros(2));
await saveNpy('x.npy', ones(2));
console.log(String(await loadNpy('x.npy')), readdirSync('.').filter((name) => /npy|mjs/.test(name)).length, 'files');
`;

const PROGRAM = "import { ones } from 'conv1d';\nconsole.log(String(ones(2)));\n";

/** A project that has the package and these files. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(temporaryFolder());
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repositoryFile(''), join(folder, 'node_modules', 'conv1d'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{}');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs a program that uses the package with flags of Node's. */
function run(...flags: string[]): Outcome {
  return runProgram(PROGRAM, flags);
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runProgram(program: string, flags: readonly string[]): Outcome {
  const cwd = project({ 'main.mjs': program });
  const args = flags.map((flag) => flag.replace('FOLDER', cwd));
  return spawnSync(process.execPath, [...args, 'main.mjs'], { cwd, encoding: 'utf8' });
}

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

describe('a process that may load no addon', () => {
  test.each([
    ['--no-addons', ['--no-addons']],
    ['the permission model', [PERMISSION, '--allow-fs-read=*']],
  ])('for %s is told which flag allows it, and nothing of compilers', (_, flags) => {
    const { status, stderr } = run(...flags);
    expect(status).toBe(1);
    expect(stderr).toContain('conv1d is a native addon, and this process may load none: ');
    expect(stderr).toContain('--allow-addons beside --permission');
    expect(stderr).toContain('without --no-addons');
    expect(stderr).toContain("code: 'ERR_CONV1D_ADDON'");
    expect(stderr).not.toContain('cmake-js');
    expect(stderr).not.toContain('was bundled');
  });
});

describe('the permission model with --allow-addons', () => {
  const FOLDERS = ['--allow-fs-read=FOLDER', `--allow-fs-read=${repositoryFile('')}`];

  test('runs, with two folders and the file that tells of Alpine to read', () => {
    const { status, stdout } = run(PERMISSION, '--allow-addons', '--allow-fs-read=/etc/alpine-release', ...FOLDERS);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'tensor([1., 1.])\n' });
  });

  test('saves files where it may write, by a name of their own first', () => {
    const flags = ['--allow-addons', '--allow-fs-read=*', '--allow-fs-write=FOLDER/'];
    const { status, stdout } = runProgram(SAVE, [PERMISSION, ...flags]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'tensor([1., 1.]) 2 files\n' });
  });

  test.runIf(process.platform === 'linux')('is told what else it has to be allowed to read', () => {
    const { status, stderr } = run(PERMISSION, '--allow-addons', ...FOLDERS);
    expect(status).toBe(1);
    expect(stderr).toContain('this process may not read /etc/alpine-release');
    expect(stderr).toContain('--allow-fs-read=/etc/alpine-release');
    expect(stderr).toContain("code: 'ERR_CONV1D_ADDON'");
  });
});

test('a server that Vite bundles, with the package outside, runs', () => {
  const vite = pathToFileURL(createRequire(resolve('vitest')).resolve('vite')).href;
  const cwd = project({
    'package.json': '{ "type": "module" }',
    'server.js': PROGRAM,
    'build.js': `import { build } from ${JSON.stringify(vite)};
await build({ logLevel: 'error', configFile: false, build: { ssr: 'server.js' }, ssr: { external: ['conv1d'] } });
`,
  });
  const outputs = ['build.js', 'dist/server.js'].map((file) => {
    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd, encoding: 'utf8' });
    return stdout + stderr;
  });
  expect(outputs).toEqual(['', 'tensor([1., 1.])\n']);
});

// Windows has no SIGTERM: it ends the process.
test.skipIf(process.platform === 'win32')('a server that is told to end answers what is under way first', async () => {
  const cwd = project({
    'server.mjs': `import { createServer } from 'node:http';
import { Conv1d, ones } from 'conv1d';

const conv = new Conv1d(16, 32, 3).eval();
const server = createServer(async (_, response) => {
  const work = conv.forwardAsync(ones(16, 50_000));
  process.kill(process.pid, 'SIGTERM');
  response.end(String((await work).shape));
});
process.once('SIGTERM', async () => {
  server.close();
  await conv.idle();
  process.send('idle with ' + conv.pending);
  process.disconnect();
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
`,
  });
  const child = spawn(process.execPath, ['server.mjs'], { cwd, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const [port] = (await once(child, 'message')) as [number];
  const told = once(child, 'message');
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  expect(await response.text()).toBe('32,49998');
  expect(await told).toEqual(['idle with 0', undefined]);
  expect(await exited).toEqual([0, null]);
});
