import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { cpuInfo, getNumThreads, setNumThreads } from '../lib/index.ts';
import { curveOf } from './helpers/curves/curve.ts';
import { TASKS } from './helpers/curves/tasks.ts';

// Four networks learn for 200 steps what they learned in PyTorch, from the same seed: test/golden/generate_curves.py.

interface Golden {
  readonly name: string;
  readonly seed: number;
  readonly float32: readonly number[];
  readonly float64: readonly number[];
}

const file = readFileSync(new URL('golden/curves.json.gz', import.meta.url));
const golden = JSON.parse(gunzipSync(file).toString()) as Golden[];

/** The largest distance of two curves, and the mean of all. */
function distances(one: readonly number[], other: readonly number[]): { largest: number; mean: number } {
  const each = one.map((loss, step) => Math.abs(loss - other[step]!));
  return { largest: Math.max(...each), mean: each.reduce((sum, one) => sum + one, 0) / each.length };
}

describe.each(TASKS.map((task, i) => [task.name, task, golden[i]!] as const))('%s', (name, task, torchs) => {
  test('is the task of the golden file', () => expect(torchs.name).toBe(name));

  test('in float64 follows the curve of PyTorch within 1e-8', () => {
    expect(distances(curveOf(task, torchs.seed, 'float64'), torchs.float64).largest).toBeLessThan(1e-8);
  });

  test("in float32 is no farther from PyTorch's float64 than three times its own float32", () => {
    const ours = distances(curveOf(task, torchs.seed, 'float32'), torchs.float64);
    const theirs = distances(torchs.float32, torchs.float64);
    expect(ours.largest).toBeLessThanOrEqual(3 * theirs.largest);
    expect(ours.mean).toBeLessThanOrEqual(3 * theirs.mean);
  });

  test('has the same bits on any number of threads', () => {
    const before = getNumThreads();
    const [one, ...others] = [1, 2, 7].map((threads) => {
      setNumThreads(threads);
      return curveOf(task, torchs.seed, 'float32');
    });
    setNumThreads(before);
    for (const other of others) expect(other).toEqual(one);
  });
});

/** The curves of all tasks in a process of its own that takes another implementation. */
async function curvesOn(isa: string): Promise<number[][]> {
  const main = fileURLToPath(new URL('helpers/curves/main.ts', import.meta.url));
  const seeds = golden.map(({ seed }) => String(seed));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', main, ...seeds], {
    env: { ...process.env, CONV1D_ISA: isa },
  });
  return JSON.parse(stdout) as number[][];
}

describe('the same bits on every implementation', () => {
  // Where the best one is AVX2, there is the portable one to compare with: it takes four times as long.
  const other = { avx512: 'avx2', avx2: 'scalar', neon: 'scalar', scalar: 'scalar' }[cpuInfo().isa];
  test(`${cpuInfo().isa} and ${other}`, { timeout: 120_000 }, async () => {
    const here = TASKS.map((task, i) => curveOf(task, golden[i]!.seed, 'float32'));
    expect(await curvesOn(other)).toEqual(here);
  });
});
