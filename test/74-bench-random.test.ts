import { describe, expect, test } from 'vitest';
import { bytes, nominalFlops, outLength, parseProblems, sizes } from '../bench/problems.ts';
import { FAMILIES, randomLayers } from '../bench/random/layers.ts';
import { measureRandom } from '../bench/random/measure.ts';
import { type RandomResult, ratioOf, summarizeRandom } from '../bench/random/summary.ts';
import { addon } from '../lib/native/addon.ts';

describe('random layers', () => {
  const layers = randomLayers(500, 1);

  test('are the same for the same seed, however many there are', () => {
    expect(randomLayers(20, 1)).toEqual(layers.slice(0, 20));
    expect(randomLayers(20, 2)).not.toEqual(layers.slice(0, 20));
  });

  test('are of all families, as many of each', () => {
    for (const family of Object.keys(FAMILIES)) {
      expect(layers.filter((layer) => layer.family === family)).toHaveLength(500 / Object.keys(FAMILIES).length);
    }
  });

  test('are layers that a shapes file could hold, with bounded work and memory', () => {
    for (const { problem } of layers) {
      const { padLeft, padRight, ...rest } = problem;
      expect(parseProblems([{ ...rest, padding: [padLeft, padRight] }])).toEqual([problem]);
      expect(outLength(problem)).toBeGreaterThanOrEqual(1);
      expect(nominalFlops(problem)).toBeLessThanOrEqual(400e6);
      expect(bytes(problem)).toBeLessThanOrEqual(32 * 2 ** 20);
      expect(sizes(problem).weight).toBeLessThanOrEqual(2 ** 21);
    }
  });

  test('cover what their families are called after', () => {
    const of = (family: string) => layers.filter((layer) => layer.family === family).map(({ problem }) => problem);
    expect(of('depthwise').every(({ groups, inChannels }) => groups === inChannels && groups >= 16)).toBe(true);
    expect(of('grouped').every(({ groups, inChannels }) => groups > 1 && groups < inChannels)).toBe(true);
    expect(of('dilated').every(({ dilation }) => dilation > 1)).toBe(true);
    expect(of('strided').every(({ stride }) => stride > 1)).toBe(true);
    expect(of('long kernel').every(({ kernelSize }) => kernelSize > 16)).toBe(true);
    expect(of('windowed DFT').every(({ weights }) => weights === 'dft')).toBe(true);
    expect(of('batches').filter(({ batch }) => batch > 1).length).toBeGreaterThan(40);
    expect(of('long').filter(({ length }) => length >= 10_000).length).toBeGreaterThan(40);
  });
});

test.each(randomLayers(10, 3).map((layer) => [layer.family, layer] as const))(
  'a %s layer is measured with both algorithms, and is right',
  (_, layer) => {
    const result = measureRandom(addon, layer, 1, 0);
    expect(result.disagreement).toBeLessThanOrEqual(1);
    expect(result.estimated).toBeLessThanOrEqual(1);
    expect(ratioOf(result)).toBeGreaterThan(0);
  },
);

describe('a summary', () => {
  const { problem } = randomLayers(1, 1)[0]!;
  const result = (fields: Partial<RandomResult>, ms: number): RandomResult => ({
    ...{ family: 'dense', problem, algorithm: 'direct', exact: true, estimated: 1, disagreement: 0.1 },
    direct: { minMs: 1, medianMs: 2 },
    fast: { minMs: ms, medianMs: 4 * ms },
    ...fields,
  });
  const results = [
    result({}, 1),
    result({ family: 'short' }, 1.1),
    result({ algorithm: 'winograd', exact: false, estimated: 0.5 }, 0.25),
    result({ algorithm: 'winograd', exact: false, estimated: 0.9, disagreement: 3 }, 1.2),
    result({ family: 'short', disagreement: Number.NaN }, 1.04),
  ];
  const summary = summarizeRandom(results, 1.05);

  test('has means of all, of those that keep to direct and of those that do not', () => {
    const { whole } = summary;
    expect(whole.map(({ name, layers }) => [name, layers])).toEqual([
      ['all', 5],
      ['keep to direct', 3],
      ['take a fast algorithm', 2],
    ]);
    expect(whole[2]!.shortest).toBeCloseTo(Math.sqrt(0.25 * 1.2), 12);
    expect(whole[2]!.medians).toBeCloseTo(2 * Math.sqrt(0.25 * 1.2), 12);
    expect(whole[2]!.estimated).toBeCloseTo(Math.sqrt(0.45), 12);
  });

  test('tells how often each algorithm is taken, and how each family does', () => {
    expect(summary.algorithms.map(({ name, layers }) => [name, layers])).toEqual([
      ['direct', 3],
      ['winograd', 2],
    ]);
    expect(summary.families.map(({ name, layers }) => [name, layers])).toEqual([
      ['dense', 3],
      ['short', 2],
    ]);
  });

  test('lists what is slower, the worst first, and what is wrong', () => {
    expect(summary.losses.map(ratioOf)).toEqual([1.2, 1.1]);
    expect(summary.wrong).toEqual([results[3], results[4]]);
  });

  test('leaves out what no layer does', () => {
    expect(summarizeRandom(results.slice(0, 2), 1.05).whole.map(({ name }) => name)).toEqual(['all', 'keep to direct']);
  });
});
