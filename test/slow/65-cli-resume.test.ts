import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryName } from '../../lib/io/temporary.ts';
import { contents, jsonLines, numbered, recordings, signalAfter, smallLayer, startConv1d } from '../helpers/batch.ts';
import { conv1d, temporaryFolder, tone, wavFile } from '../helpers/cli.ts';

const MANIFEST = 'conv1d-manifest.jsonl';

/** A folder of recordings and a layer, and the command line that convolves them. */
async function scene(count: number, length?: number) {
  const folder = temporaryFolder();
  const { weights } = await smallLayer(folder);
  const paths = recordings(join(folder, 'in'), numbered(count), length);
  const out = join(folder, 'out');
  const argv = (to = out) => ['run', weights, join(folder, 'in'), '--out', to, '--json'];
  /** Runs, and gives back how many files were written and how many were done before. */
  const run = async (...flags: string[]) => {
    const { stdout } = await conv1d(...argv(), ...flags);
    const { written, skipped } = jsonLines(stdout).at(-1)!;
    return { written, skipped };
  };
  return { folder, weights, paths, out, argv, run };
}

describe('--resume', () => {
  test('leaves out what is done', async () => {
    const { run, out } = await scene(25);
    expect(await run()).toEqual({ written: 25, skipped: 0 });
    const before = statSync(join(out, '007.npy'));
    expect(await run('--resume')).toEqual({ written: 0, skipped: 25 });
    expect(statSync(join(out, '007.npy'))).toEqual(before);
    expect(await run()).toEqual({ written: 25, skipped: 0 });
  });

  test('keeps a manifest of a few files, too', async () => {
    const { run } = await scene(3);
    expect(await run('--resume')).toEqual({ written: 3, skipped: 0 });
    expect(await run('--resume')).toEqual({ written: 0, skipped: 3 });
  });

  test('convolves again what has changed: an input, an output, the layer, the format', async () => {
    const { run, paths, out, argv, folder } = await scene(25);
    await run();
    // Of the same size, and the same time: a file that was rewritten within the clock's tick is another matter.
    writeFileSync(paths[3]!, wavFile(8000, tone(999, 8000, 203)));
    utimesSync(paths[3]!, 1, 1);
    rmSync(join(out, '005.npy'));
    truncateSync(join(out, '006.npy'), 100);
    expect(await run('--resume')).toEqual({ written: 3, skipped: 22 });
    expect(await run('--resume', '--stride', '3')).toEqual({ written: 25, skipped: 0 });
    expect(await run('--resume', '--stride', '3', '--format', 'safetensors')).toEqual({ written: 25, skipped: 0 });
    await smallLayer(folder);
    expect(await run('--resume', '--stride', '3')).toEqual({ written: 25, skipped: 0 });
    const fresh = join(folder, 'fresh');
    await conv1d(...argv(fresh), '--stride', '3');
    for (const [name, bytes] of Object.entries(contents(fresh))) expect(contents(out)[name]).toBe(bytes);
  });

  test('an input that was touched or moved, and is the same, is not convolved again', async () => {
    const { run, paths, out, folder, weights } = await scene(25);
    await run();
    for (const path of paths) utimesSync(path, 1, 1);
    expect(await run('--resume')).toEqual({ written: 0, skipped: 25 });
    const moved = recordings(join(folder, 'elsewhere'), numbered(25));
    const { stdout } = await conv1d('run', weights, ...moved, '--out', out, '--json', '--resume');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ written: 0, skipped: 25 });
  });

  test('files that failed are tried again', async () => {
    const { run, paths } = await scene(25);
    const good = readFileSync(paths[4]!);
    writeFileSync(paths[4]!, 'RIFF');
    expect(await run()).toEqual({ written: 24, skipped: 0 });
    writeFileSync(paths[4]!, good);
    expect(await run('--resume')).toEqual({ written: 1, skipped: 24 });
  });

  test.each([
    ['is torn', (text: string) => text.slice(0, -20), 1],
    ['has no end', (text: string) => text.slice(0, -1), 1],
    ['is followed by noise', (text: string) => `${text}\0\0\0{"output":`, 0],
    ['is of another kind', (text: string) => `${text}[1, 2]\n{"output": 3}\nnull\n`, 0],
    ['is missing, with all others', () => '', 25],
  ])('a manifest whose last line %s is read as far as it goes', async (_, damage, again) => {
    const { run, out } = await scene(25);
    await run();
    const manifest = join(out, MANIFEST);
    writeFileSync(manifest, damage(readFileSync(manifest, 'utf8')));
    expect(await run('--resume')).toEqual({ written: again, skipped: 25 - again });
    expect(await run('--resume')).toEqual({ written: 0, skipped: 25 });
  });

  test('a manifest that cannot be written ends the run', async () => {
    const { argv, out } = await scene(25);
    mkdirSync(join(out, MANIFEST), { recursive: true });
    const { code, stderr } = await conv1d(...argv());
    expect(stderr).toContain(`conv1d: cannot write ${join(out, MANIFEST)}: `);
    expect(code).toBe(1);
    expect(readdirSync(out)).toEqual([MANIFEST]);
  });

  test('of several lines for an output, the last holds', async () => {
    const { run, out } = await scene(25);
    await run();
    const manifest = join(out, MANIFEST);
    const [line] = readFileSync(manifest, 'utf8').split('\n');
    appendFileSync(manifest, `${JSON.stringify({ ...JSON.parse(line!), layer: 'another' })}\n`);
    expect(await run('--resume')).toEqual({ written: 1, skipped: 24 });
  });
});

describe('temporary files', () => {
  test('of processes that run no more are removed, and those of processes that run are left', async () => {
    const { run, out } = await scene(2);
    mkdirSync(out);
    const ended: SpawnSyncReturns<Buffer> = spawnSync(process.execPath, ['--version']);
    const named = (pid: number) => temporaryName().replace(`-${process.pid}-`, `-${pid}-`);
    const [dead, running, elsewhere] = [named(ended.pid), named(process.ppid), '.conv1d-00000000-1-12345678.tmp'];
    const [abandoned, other] = ['.conv1d-00000000-2-12345678.tmp', '.conv1d-notes.tmp'];
    for (const name of [dead, running, elsewhere, abandoned, other]) writeFileSync(join(out, name), '');
    utimesSync(join(out, abandoned), 1, 1);
    await run();
    expect(readdirSync(out).sort()).toEqual([running, elsewhere, other, '000.npy', '001.npy'].sort());
  });
});

// Windows has no signals but in name: each of them ends a process at once.
describe.skipIf(process.platform === 'win32')('a run that is ended', () => {
  /** A run that sends itself a signal once so many files are written, with others under way. */
  async function runUntil(count: number, signal: NodeJS.Signals, argv: readonly string[]) {
    const child = startConv1d(['--import', signalAfter(count, signal)], ...argv);
    const stderr = child.stderr.setEncoding('utf8').toArray();
    child.stdout.resume();
    const [code, ended] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, ended, stderr: (await stderr).join('') };
  }

  test('with kill -9, again and again, leaves only complete outputs, and --resume ends like a run in one go', async () => {
    const { argv, out, folder } = await scene(60, 4000);
    const whole = join(folder, 'whole');
    expect((await conv1d(...argv(whole))).code).toBe(0);
    const expected = contents(whole);

    for (const count of [1, 2, 7, 13]) {
      expect((await runUntil(count, 'SIGKILL', [...argv(), '--resume'])).ended).toBe('SIGKILL');
      for (const [name, bytes] of Object.entries(contents(out))) {
        if (!name.endsWith('.tmp')) expect(bytes === expected[name], `${name} is complete`).toBe(true);
      }
    }
    const { stdout } = await conv1d(...argv(), '--resume');
    const { written, skipped } = jsonLines(stdout).at(-1)! as Record<string, number>;
    expect(written! + skipped!).toBe(60);
    expect(skipped).toBeGreaterThanOrEqual(1 + 2 + 7 + 13);
    expect(contents(out)).toEqual(expected);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('with %s finishes what is under way and exits with %i; --resume does the rest', async (name, exit) => {
    const { argv, run, out, folder } = await scene(120, 4000);
    const { code, stderr } = await runUntil(5, name, argv());
    expect(code).toBe(exit);
    expect(stderr).toMatch(
      new RegExp(
        `^conv1d: ${name}: finishing the files under way; once more ends at once\nconv1d: \\d+ of 120 files are left; the same command with --resume does them\n$`,
      ),
    );
    const done = Object.keys(contents(out)).length;
    expect(done).toBeGreaterThanOrEqual(5);
    expect(readdirSync(out).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect(await run('--resume')).toEqual({ written: 120 - done, skipped: done });
    await conv1d(...argv(join(folder, 'whole')));
    expect(contents(out)).toEqual(contents(join(folder, 'whole')));
  });
});
