import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { apart, errorsOf } from '../bench/networks/accuracy.ts';
import { networkBars } from '../bench/networks/bars.ts';
import { chooseNetworks, NETWORKS } from '../bench/networks/cases.ts';
import { networkOverLimit, networkRatios } from '../bench/networks/figures.ts';
import { countFlops } from '../bench/networks/flops.ts';
import { formatNetworks } from '../bench/networks/print.ts';
import { inTurns } from '../bench/networks/rounds.ts';
import { missingLines, ratioCells, timeCells } from '../bench/networks/tables.ts';
import { outputsOf } from '../bench/networks/ways.ts';
import { renderNetworkPage } from '../bench/page/networks/page.ts';
import { longestSteps, stepsText } from '../bench/page/networks/steps.ts';
import { nn, rand, tensor } from '../lib/index.ts';
import { changedNetworks, networkOutcome, networkResults } from './helpers/networkResults.ts';

describe('the networks', () => {
  test.each([
    ['snac', 8545.3],
    ['hifigan', 52_813.0],
    ['hifigan128', 3311.9],
    ['encodec', 2979.5],
    ['vad', 1.4],
    ['inception', 7835.7],
    ['tcn', 3315.4],
  ])('%s does %d million operations', async (id, mflop) => {
    const { make, shapes } = NETWORKS.find((each) => each.id === id)!;
    const network = (await make()).eval();
    const inputs = shapes.map((shape) => rand(...shape));
    expect(countFlops(network, inputs) / 1e6).toBeCloseTo(mflop, 1);
  });

  test.each([
    ['a convolution', new nn.Conv1d(4, 6, 3, { groups: 2, padding: 1 }), [2, 4, 10], 2 * (2 * 6 * 10) * 2 * 3],
    ['a transposed one', new nn.ConvTranspose1d(4, 6, 5, { groups: 2, stride: 3 }), [2, 4, 7], 2 * 56 * 3 * 5],
    ['a linear layer', new nn.Linear(8, 5), [3, 2, 8], 2 * 30 * 8],
    ['an LSTM', new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }), [5, 2, 3], 2 * 10 * 2 * 16 * (3 + 4 + 8 + 4)],
    ['what else there is', new nn.GELU(), [8], 0],
  ])('operations of %s', (_, layer, shape, flops) => {
    const { forward } = layer;
    expect(countFlops(new nn.Sequential(layer as nn.TensorModule), [rand(...shape)])).toBe(flops);
    expect(layer.forward).toBe(forward);
  });

  test('are chosen by name, in their own order; an unknown name is refused with those that there are', () => {
    expect(chooseNetworks([])).toBe(NETWORKS);
    expect(chooseNetworks(['tcn', 'snac']).map(({ id }) => id)).toEqual(['snac', 'tcn']);
    expect(() => chooseNetworks(['tcn', 'resnet'])).toThrow(
      "there is no 'resnet'; there are snac, hifigan, hifigan128",
    );
  });
});

describe('the command line', () => {
  const bench = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });

  test.each([
    [['--networks', '--only', 'x'], "option '--networks [name...]' cannot be used with option '--only <regex>'"],
    [['--networks', '--scaling'], "cannot be used with option '--scaling'"],
    [['--networks', '--threads', '0'], 'it must be a positive integer'],
  ])('%j is refused', (args, message) => {
    const { status, stderr } = bench(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe('results', () => {
  test('of any nesting are one list of outputs', () => {
    const [a, b, c] = [tensor([1]), tensor([2]), tensor([3])];
    const lists = [[1], [2], [3]].map((values) => Float32Array.from(values));
    expect(outputsOf([a, [b, c]])).toEqual(lists);
    expect(outputsOf({ y: a, h: b, c })).toEqual(lists);
    expect(outputsOf(tensor([[1, 2]]).transpose(0, 1))).toEqual([Float32Array.of(1, 2)]);
  });

  test.each([
    ['the same', [[1, -4]], [[1, -4]], 0],
    ['zeros', [[0, 0]], [[0, 0]], 0],
    ['one value off', [[1, -4.5]], [[1, -4]], 0.125],
    ['the worst output', [[1], [2, 3]], [[1], [2, 4]], 0.25],
    ['not a number', [[1, Number.NaN]], [[1, 1]], Number.POSITIVE_INFINITY],
    ['a value too few', [[1]], [[1, 1]], Number.POSITIVE_INFINITY],
    ['an output too few', [[1]], [[1], [1]], Number.POSITIVE_INFINITY],
    ['where there are zeros', [[1]], [[0]], Number.POSITIVE_INFINITY],
  ])('are apart by the largest difference over the largest value: %s', (_, got, expected, distance) => {
    expect(apart(got, expected)).toBe(distance);
  });

  test('errors are those of all outputs together', () => {
    expect(errorsOf([[1, 2], [5]], [[1, 3], [3]])).toEqual({ mean: 1, max: 2 });
  });
});

test('ways take turns, whoever was first comes last in the next round; the median is that of the rounds', async () => {
  const order: string[] = [];
  const turn = (name: string, medians: number[]) => async (ms: number) => {
    order.push(`${name} ${ms}`);
    const medianMs = medians.shift()!;
    return { minMs: medianMs - 1, medianMs };
  };
  const rest = async () => void order.push('rest');
  expect(await inTurns([turn('a', [9, 4, 5]), turn('b', [2, 3, 8])], 3, 7, rest)).toEqual([
    { minMs: 3, medianMs: 5 },
    { minMs: 1, medianMs: 3 },
  ]);
  expect(order.filter((_, i) => i % 2 === 1)).toEqual(['a 7', 'b 7', 'b 7', 'a 7', 'a 7', 'b 7']);
  expect(new Set(order.filter((_, i) => i % 2 === 0))).toEqual(new Set(['rest']));
});

describe('figures', () => {
  const all = networkResults(1.2, 2, 0.5);

  test('are medians unless shortest calls are asked for', () => {
    const mixed = changedNetworks(all, 'onnxruntime', (_, id) => (id === 'tcn' ? networkOutcome(1) : { why: 'no' }));
    const [run] = mixed.runs;
    expect(networkRatios(mixed, run!, 'onnxruntime', 'onnxruntime')).toEqual([{ name: 'TCN', value: 1 }]);
    expect(networkOverLimit(mixed, run!, 'onnxruntime')[0]!.value).toBeCloseTo(1 / 33.15, 9);
    expect(networkOverLimit(mixed, run!, 'onnxruntime', 'shortest')[0]!.value).toBeCloseTo(0.9 / 33.15, 9);
  });

  test('tables have a line for each network, and ratios a mean', () => {
    const [single, double] = all.runs;
    expect(timeCells(all, single!).rows[0]!.slice(0, 5)).toEqual(['SNAC decoder', '8545', '85.5', '154', '138']);
    const { head, rows } = ratioCells(all, double!);
    const column = head.indexOf('1 thread over compiled');
    expect(rows.map((row) => row[column])).toEqual(Array(8).fill('2.00x'));
    expect(rows.at(-1)![head.indexOf('onnxruntime over compiled fast')]).toBe('4.00x');
    for (const row of rows) expect(row).toHaveLength(head.length);
  });

  test('what has no time is named with its reason, once', () => {
    const missing = changedNetworks(all, 'fast', () => ({ why: 'not here' }));
    expect(missingLines(missing, missing.runs[0]!)).toEqual([
      `compiled fast: not here (${NETWORKS.map(({ name }) => name).join(', ')})`,
    ]);
    expect(formatNetworks(missing)).toContain('compiled fast: not here (SNAC decoder, ');
  });
});

describe('the bars', () => {
  const failing = (...args: Parameters<typeof networkBars>) => networkBars(...args).filter(({ ok }) => !ok);

  test('hold when networks are near the limit, onnxruntime is far behind and fast is fast', () => {
    expect(failing(networkResults(1, 3, 0.5)).map(({ text }) => text)).toEqual([]);
  });

  test('fail when onnxruntime is ahead, networks are far from the limit and fast is as slow as direct', () => {
    const held = networkBars(networkResults(2, 0.9, 1)).filter(({ ok }) => ok);
    expect(held.map(({ group }) => group)).toEqual(['direct networks, AVX-512, 2 threads']);
  });

  test.each([
    [1.71, true],
    [1.69, false],
  ])('onnxruntime at %d times the time of direct networks in the mean: %j', (ahead, ok) => {
    const bars = networkBars(networkResults(1, ahead, 0.5));
    const mean = bars.find(({ text }) => text === 'direct: geometric mean at least 1.7x');
    expect(mean).toMatchObject({
      ok,
      figure: `${ahead}x; of shortest calls ${ahead}x`,
      group: 'networks against onnxruntime-node, AVX-512, 1 thread',
    });
  });

  test('a network without a time is not passed over, nor does it leave a mean of the others', () => {
    const bars = networkBars(
      changedNetworks(networkResults(1, 3, 0.5), 'direct', (outcome, id) => (id === 'tcn' ? { why: 'no' } : outcome)),
    );
    expect(bars[0]).toMatchObject({ ok: false, figure: 'TCN is not compared' });
    expect(bars.map(({ text }) => text).filter((text) => text === 'direct: geometric mean at least 1.7x')).toEqual([]);
  });

  test('a slower network is named', () => {
    const slow = changedNetworks(networkResults(1, 3, 0.5), 'direct', (outcome, id) =>
      id === 'encodec' ? networkOutcome(200) : outcome,
    );
    expect(failing(slow)[0]).toMatchObject({ text: 'no network slower', figure: 'EnCodec decoder 0.447x' });
  });

  test('say nothing about onnxruntime where it did not run', () => {
    const all = networkResults(1, 3, 0.5);
    const runs = all.runs.map((run) => ({
      ...run,
      measured: run.measured.map((one) => ({ ...one, outcomes: { ...one.outcomes, onnxruntime: { why: 'no' } } })),
    }));
    const groups = networkBars({ ...all, runs }).map(({ group }) => group);
    expect(groups.filter((group) => group.includes('onnxruntime'))).toEqual([]);
    expect(groups).toContain('time of direct networks over limit, AVX-512, 1 thread');
  });

  test.each([
    ['vad', 'direct', 'one chunk of voice activity at most 0.35 of its time'],
    ['hifigan', 'fast', 'HiFi-GAN at most 0.5'],
    ['hifigan', 'direct', 'HiFi-GAN v1 at most 1.12'],
    ['snac', 'direct', 'SNAC decoder at most 1.45'],
  ] as const)('%s has a bar of its own when it runs as %s: %s', (slow, way, text) => {
    const all = changedNetworks(networkResults(1, 3, 0.5), way, (outcome, id) =>
      id === slow && 'times' in outcome ? networkOutcome(1.6 * outcome.times.medianMs) : outcome,
    );
    expect(failing(all).map((bar) => bar.text)).toContain(text);
  });

  test('memory and lateness have theirs', () => {
    const bars = networkBars(networkResults(1.3, 3, 0.5)).slice(-2);
    expect(bars).toMatchObject([
      { ok: false, figure: '39.0 MiB' },
      { ok: false, figure: '3.25 ms; median 0.10 ms, latest 5.00 ms' },
    ]);
  });
});

describe('the page of networks', () => {
  const current = { results: networkResults(1.2, 2, 0.5), isCurrent: true };

  test('is one without scripts and without anything from elsewhere', () => {
    const page = renderNetworkPage([current]);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.match(/<svg/g)).toHaveLength(2 + 2 + NETWORKS.length);
  });

  test('names each machine, its peers and the code that it measured', () => {
    const page = renderNetworkPage([current, { results: networkResults(1.5, 2, 0.5), isCurrent: false }]);
    expect(page).toContain('<h3>A &#60;fast&#62; one</h3>');
    expect(page).toContain('<h3>A &#60;fast&#62; one <b class="old">older code</b></h3>');
    expect(page).toContain('onnxruntime 1.30.0, PyTorch 1.13.0');
  });

  test('leaves out what was not measured', () => {
    const { memory, lateness, ...all } = networkResults(1.2, 2, 0.5);
    const runs = all.runs.map((run) => ({
      ...run,
      measured: run.measured.map(({ outcomes: { eager } }) => ({ outcomes: { eager: eager! }, versions: {} })),
    }));
    const page = renderNetworkPage([{ results: { ...all, runs }, isCurrent: true }]);
    for (const title of ['In short', 'Against', 'Steps', 'Errors']) expect(page).not.toContain(`<h2>${title}`);
    expect(page).toContain('no other library');
    expect(page).toContain('<h2>All times');
  });

  test('shows the longest steps, and how much of the time they are', () => {
    const steps = Array.from({ length: 20 }, (_, i) => ({ name: `s${i}`, ms: i }));
    expect(longestSteps(steps).map(({ ms }) => ms)).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10]);
    expect(stepsText(steps)).toBe('the longest 10 of 20 steps, 76 % of 190 ms');
    expect(stepsText(steps.slice(0, 10))).toBe('all steps, 100 % of 45 ms');
  });

  test('refuses to show nothing', () => {
    expect(() => renderNetworkPage([])).toThrow('nothing to report');
  });
});
