import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { DuelLayer } from '../../bench/duel/run.ts';
import { estimate, judge, judgeAll, slowerThan, type Verdict } from '../../bench/duel/verdict.ts';
import { interleave } from '../../bench/interleave.ts';

/** A layer of one run; medians are twice the shortest times. */
function layer(a: number, again: number, b: number, name = 'p'): DuelLayer {
  const times = (minMs: number) => ({ minMs, medianMs: 2 * minMs });
  return { name, algorithm: 'direct', a: times(a), again: times(again), b: times(b), sameBits: true };
}

describe('an estimate', () => {
  test('is the geometric mean of the runs, with the interval of the t distribution', () => {
    // Logarithms 0 and 2 ln 1.1: mean ln 1.1, standard error ln 1.1, 12.706 of them at one degree of freedom.
    const { ratio, low, high } = estimate([1, 1.21]);
    expect(ratio).toBeCloseTo(1.1, 12);
    expect(high).toBeCloseTo(1.1 ** 13.706, 9);
    expect(low).toBeCloseTo(1.1 ** -11.706, 9);
  });

  test('has no width where all runs agree', () => {
    const { ratio, low, high } = estimate([0.8, 0.8, 0.8]);
    for (const value of [ratio, low, high]) expect(value).toBeCloseTo(0.8, 12);
  });

  test('narrows with more runs, those beyond the table too', () => {
    const width = (runs: number) => {
      const { low, high } = estimate(Array.from({ length: runs }, (_, i) => (i % 2 === 0 ? 1 : 1.02)));
      return high / low;
    };
    const widths = [2, 4, 8, 12, 40].map(width);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
  });
});

describe('a verdict', () => {
  const quiet = [1, 1.01, 0.99, 1.005, 0.995];
  test.each([
    ['the same build', 1, 'the same'],
    ['1 % slower, which the noise hides', 1.01, 'the same'],
    ['1 % faster, which the noise hides', 0.99, 'the same'],
    ['5 % slower', 1.05, 'slower'],
    ['5 % faster', 0.95, 'faster'],
  ])('%s', (_, factor, outcome) => {
    const runs = quiet.map((ms, i) => layer(ms, quiet[(i + 2) % 5]!, factor * quiet[(i + 3) % 5]!));
    const verdict = judge(runs);
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.change.ratio).toBeCloseTo(factor, 2);
    expect(verdict.ms).toBe(0.99);
  });

  test('takes no side where A over A is as far off as B over A', () => {
    const runs = [1, 1.001, 0.999].map((ms) => layer(ms, 1.1 * ms, 1.1 * Math.sqrt(1.1) * ms));
    expect(judge(runs).outcome).toBe('the same');
    const turned = runs.map(({ a, again, b, ...rest }) => ({ ...rest, a: again, again: a, b }));
    expect(judge(turned).outcome).toBe('the same');
  });

  test('compares B with both measurements of A, in shortest times and in medians', () => {
    const { change, noise, medianChange } = judge([layer(1, 4, 6), layer(1, 4, 6)]);
    expect([change.ratio, noise.ratio, medianChange.ratio].map((value) => Number(value.toFixed(9)))).toEqual([3, 4, 3]);
  });

  test('fails a threshold when it is slower by more than that, and not by noise', () => {
    const of = (name: string, spread: number) =>
      judge([1, spread, 1 / spread].map((noise) => layer(noise, 1, 1.1, name)));
    const verdicts = [of('slower', 1.001), of('noisy', 1.2)];
    expect(slowerThan(1.05, verdicts).map(({ name }) => name)).toEqual(['slower']);
    expect(slowerThan(1.15, verdicts)).toEqual([]);
  });

  test('tells whether one run had other bits', () => {
    expect(judge([layer(1, 1, 1), { ...layer(1, 1, 1), sameBits: false }]).sameBits).toBe(false);
  });

  test('of all layers is over the geometric mean of each run', () => {
    const run = [layer(1, 1, 2, 'p'), layer(1, 1, 8, 'q')];
    expect(judgeAll([run, run]).change.ratio).toBeCloseTo(4, 12);
  });
});

describe('ways that are timed in turns', () => {
  test('each run in every round, and the first of a round is the last of the next', () => {
    const order: number[] = [];
    const ways = [0, 1, 2].map((way) => () => {
      order.push(way);
    });
    const times = interleave(ways, 3, 0);
    expect(times).toHaveLength(3);
    // Many calls make a run: only changes tell who had a turn. The first three learn how many.
    const turns = order.slice(3).filter((way, i, all) => way !== all[i - 1]);
    expect([...order.slice(0, 3), ...turns]).toEqual([0, 1, 2, 0, 1, 2, 1, 2, 0, 2, 0, 1]);
  });
});

describe('npm run bench:duel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-duel-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const build = fileURLToPath(new URL('../../build/Release/conv1d.node', import.meta.url));
  const duel = (...args: readonly string[]) => {
    const script = fileURLToPath(new URL('../../bench/duel.ts', import.meta.url));
    return spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8' });
  };

  test('compares a build with itself, layer by layer and with both algorithms', () => {
    const json = join(folder, 'duel.json');
    const quick = ['--only', '^(seed|encodec out)$', '--runs', '2', '--rounds', '1', '--budget', '1', '--json', json];
    const { status, stdout, stderr } = duel(build, build, ...quick);
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'run 1/2\nrun 2/2\n' });
    expect(stdout.match(/geometric mean/g)).toHaveLength(2);
    const { verdicts, runs } = JSON.parse(readFileSync(json, 'utf8')) as { verdicts: Verdict[]; runs: DuelLayer[][] };
    expect(verdicts.map(({ name, algorithm, sameBits }) => [name, algorithm, sameBits])).toEqual([
      ['seed', 'direct', true],
      ['seed', 'fast', true],
      ['encodec out', 'direct', true],
      ['encodec out', 'fast', true],
    ]);
    expect(runs.map((layers) => layers.length)).toEqual([4, 4]);
  });

  test.each([
    ['one build', [build], /missing required argument 'B\.node'/],
    ['an unknown layer', [build, build, '--only', 'nothing'], /no layer matches \/nothing\/; there are seed, /],
    ['an unknown algorithm', [build, build, '--algorithm', 'slow'], /it must be 'direct', 'fast' or 'direct,fast'/],
    ['a single run', [build, build, '--runs', '1'], /it must be at least 2/],
    ['a build that is not there', [build, 'none.node', '--only', 'seed'], /there is no build 'none\.node'/],
    ['a file that is no build', [build, fileURLToPath(import.meta.url), '--only', 'seed'], /exit code 1: \w*Error/],
  ])('refuses %s', (_, args, message) => {
    const { status, stderr } = duel(...args);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
