import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FileResult } from '../lib/command/batch/convolveFile.ts';
import { fingerprint } from '../lib/command/batch/fingerprint.ts';
import { loadLayer } from '../lib/command/batch/layer.ts';
import { formatAlgorithms } from '../lib/command/cli/report.ts';
import { Totals } from '../lib/command/cli/totals.ts';
import { readFileResult } from '../lib/command/queue/fileJob.ts';
import { loadNpy, saveNpy } from '../lib/io/npy.ts';
import { saveSafetensors } from '../lib/io/safetensors.ts';
import { Conv1d } from '../lib/nn/conv1d.ts';
import { rand, tensor } from '../lib/tensor/factories.ts';
import { jsonLines, numbered, recordings, smallLayer } from './helpers/batch.ts';
import { conv1d, temporaryFolder } from './helpers/cli.ts';
import { queueIsTestable, type RedisServer, startRedis } from './helpers/redis.ts';

const ALGORITHMS = ['direct', 'fast'] as const;

/** A layer of long kernels and many channels in a file, one of each algorithm in memory, and a signal. */
async function scene() {
  const folder = temporaryFolder();
  const sizes = [16, 24, 15] as const;
  const conv = new Conv1d(...sizes, { padding: 'same' });
  const fast = new Conv1d(...sizes, { padding: 'same', algorithm: 'fast' });
  fast.loadStateDict(conv.stateDict());
  const weights = join(folder, 'layer.safetensors');
  // Metadata says nothing about the algorithm, whatever is written there.
  await saveSafetensors(weights, conv.stateDict(), { padding: 'same', algorithm: 'direct' });
  const input = join(folder, 'x.npy');
  const x = rand(16, 3000);
  await saveNpy(input, x);
  const out = join(folder, 'out');
  const run = (...flags: string[]) => conv1d('run', weights, input, '--out', out, ...flags);
  const features = async () => (await loadNpy(join(out, 'x.npy'))).data;
  const expected = { direct: conv.forward(x).data, fast: fast.eval().forward(x).data };
  return { folder, input, out, run, features, expected, layers: { direct: conv, fast } };
}

describe('--algorithm', () => {
  test('chooses the layer whose bits are written; without it that is the fast one', async () => {
    const { run, features, expected } = await scene();
    for (const algorithm of ALGORITHMS) {
      expect((await run('--algorithm', algorithm)).code).toBe(0);
      expect(await features(), algorithm).toEqual(expected[algorithm]);
    }
    await run('--algorithm', 'direct');
    expect((await run()).code).toBe(0);
    expect(await features()).toEqual(expected.fast);
  });

  test.each(['winograd', 'Fast', ''])('%j makes no sense', async (algorithm) => {
    const { code, stderr } = await conv1d('run', 'w', 'x.wav', '--out', 'o', '--algorithm', algorithm);
    expect(stderr).toMatch(/--algorithm.*expected one of direct, fast/);
    expect(code).toBe(2);
  });

  test.each(ALGORITHMS)('%s: --json and the lines below the table say which one computed a file', async (algorithm) => {
    const { run, layers } = await scene();
    const { exact, algorithm: name } = layers[algorithm].eval().explain(3000);
    const [file] = jsonLines((await run('--json', '--algorithm', algorithm)).stdout);
    expect(file).toMatchObject({ algorithm: exact ? 'direct' : name });
    const { stdout } = await run('--algorithm', algorithm);
    const line = `computed by ${name} (1 file); --algorithm direct keeps the order of the sum\n`;
    if (exact) expect(stdout).not.toContain('computed by');
    else expect(stdout).toContain(line);
  });
});

describe('the line about fast algorithms', () => {
  test('stands below the table of a few files and below the summary of many', async () => {
    const explanation = {
      algorithm: 'winograd',
      description: '',
      exact: false,
      weightBytes: 0,
      scratchBytes: 0,
      reason: '',
    };
    const explain = vi.spyOn(Conv1d.prototype, 'explain').mockReturnValue(explanation);
    onTestFinished(() => explain.mockRestore());
    const { run } = await scene();
    const line =
      /\n.*GFLOP\/s\n.*x\.npy.*\ncomputed by winograd \(1 file\); --algorithm direct keeps the order of the sum\n$/;
    expect((await run()).stdout).toMatch(line);
    const { stdout } = await run('--resume');
    expect(stdout.trim().split('\n').slice(-3)).toEqual([
      '1 file: 1 written',
      expect.stringContaining('files a second'),
      'computed by winograd (1 file); --algorithm direct keeps the order of the sum',
    ]);
    expect(jsonLines((await run('--json')).stdout)[0]).toMatchObject({ algorithm: 'winograd' });
  });

  /** What a run comes to whose files were computed by these. */
  function totalsOf(...algorithms: string[]): Totals {
    const totals = new Totals(algorithms.length + 1);
    for (const algorithm of algorithms) {
      const result: FileResult = readFileResult({ input: 'x', output: 'y' }, { algorithm });
      totals.add({ status: 'written', input: 'x', output: 'y', result });
    }
    totals.add({ status: 'skipped', input: 'x', output: 'y' });
    return totals;
  }

  test.each<[algorithms: string[], line: string | undefined]>([
    [[], undefined],
    [['direct', 'direct'], undefined],
    [['winograd', 'direct'], 'computed by winograd (1 file); --algorithm direct keeps the order of the sum'],
    [
      ['winograd', 'overlap-save', 'direct', 'winograd'],
      'computed by winograd (2 files), overlap-save (1 file); --algorithm direct keeps the order of the sum',
    ],
  ])('counts %j', (algorithms, line) => {
    expect(formatAlgorithms(totalsOf(...algorithms))).toBe(line);
  });
});

describe('a manifest', () => {
  /** A folder of recordings; runs give back how many were written and how many were done before. */
  async function batch() {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), numbered(25));
    const out = join(folder, 'out');
    const run = async (...flags: string[]) => {
      const { stdout } = await conv1d('run', weights, join(folder, 'in'), '--out', out, '--json', ...flags);
      const { written, skipped } = jsonLines(stdout).at(-1)!;
      return { written, skipped };
    };
    return { run, manifest: join(out, 'conv1d-manifest.jsonl') };
  }
  const lines = (path: string) => jsonLines(readFileSync(path, 'utf8'));

  test('names the algorithm, and --resume convolves again what another one made', async () => {
    const { run, manifest } = await batch();
    const all = { written: 25, skipped: 0 };
    const none = { written: 0, skipped: 25 };
    expect(await run()).toEqual(all);
    expect(new Set(lines(manifest).map(({ algorithm }) => algorithm))).toEqual(new Set(['fast']));
    expect(await run('--resume')).toEqual(none);
    expect(await run('--resume', '--algorithm', 'fast')).toEqual(none);
    expect(await run('--resume', '--algorithm', 'direct')).toEqual(all);
    expect(lines(manifest).at(-1)).toMatchObject({ algorithm: 'direct' });
    expect(await run('--resume', '--algorithm', 'direct')).toEqual(none);
    expect(await run('--resume')).toEqual(all);
  });

  test('from before there was a choice holds for the direct sum', async () => {
    const { run, manifest } = await batch();
    await run('--algorithm', 'direct');
    const older = lines(manifest).map(({ algorithm: _, ...others }) => `${JSON.stringify(others)}\n`);
    writeFileSync(manifest, older.join(''));
    expect(await run('--resume', '--algorithm', 'direct')).toEqual({ written: 0, skipped: 25 });
    expect(await run('--resume')).toEqual({ written: 25, skipped: 0 });
  });

  test('has the fingerprints that it had then', async () => {
    const weights = join(temporaryFolder(), 'layer.safetensors');
    const weight = tensor([[[1, 2, 3]], [[4, 5, 6]]]);
    await saveSafetensors(weights, { weight }, { stride: '2', padding: '1' });
    const of = async (algorithm: 'direct' | 'fast') =>
      fingerprint(await loadLayer(weights, undefined, { algorithm }), { format: 'npy', plot: false });
    // Of version 0.1.0 before the option.
    expect(await of('direct')).toBe('f99a9d237fd960d7154af6240b31ed4d5815c3e4334c255de972d024b6cdcc0d');
    expect(await of('fast')).not.toBe(await of('direct'));
  });
});

describe.skipIf(!queueIsTestable())('a queue', () => {
  let redis: RedisServer;
  let databases = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('carries the algorithm, and what another one made is not done', async () => {
    const { run, features, expected } = await scene();
    const url = redis.url(databases++);
    const work = async () => expect((await conv1d('worker', '--queue', url, '--until-empty')).code).toBe(0);
    for (const algorithm of [...ALGORITHMS, 'direct'] as const) {
      const argv = ['--queue', url, '--algorithm', algorithm];
      expect((await run(...argv, '--detach')).stdout).toContain('1 file: 0 written, 1 left\n');
      await work();
      expect(await features(), algorithm).toEqual(expected[algorithm]);
      expect((await run(...argv)).stdout).toContain('1 file: 0 written, 1 done before\n');
    }
    expect((await run('--queue', url, '--detach')).stdout).toContain('1 file: 0 written, 1 left\n');
    await work();
    expect(await features()).toEqual(expected.fast);
  });

  test('gives back which one computed a file', async () => {
    const { run, layers } = await scene();
    const url = redis.url(databases++);
    const [{ stdout }] = await Promise.all([run('--queue', url, '--json'), workFor(url)]);
    const { exact, algorithm } = layers.fast.explain(3000);
    expect(jsonLines(stdout)[0]).toMatchObject({ status: 'written', algorithm: exact ? 'direct' : algorithm });
  });

  /** A worker that begins once a file is there. */
  async function workFor(url: string): Promise<void> {
    const status = async () => JSON.parse((await conv1d('queue', 'status', '--queue', url, '--json')).stdout);
    await vi.waitUntil(async () => (await status()).waiting === 1, { timeout: 10_000 });
    await conv1d('worker', '--queue', url, '--until-empty');
  }
});
