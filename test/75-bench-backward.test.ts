import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { backwardBars } from '../bench/backward/bars.ts';
import { chooseCases, TRAINED } from '../bench/backward/cases.ts';
import { peakFractions, pytorchRatios, threadGains } from '../bench/backward/figures.ts';
import { openLayer } from '../bench/backward/layers.ts';
import { formatBackward } from '../bench/backward/print.ts';
import { isWide } from '../bench/backward/results.ts';
import { gradientsApart } from '../bench/backward/run.ts';
import { apartLine, layerCells, missingLines, networkCells, summaryCells } from '../bench/backward/tables.ts';
import { openTraining, writeTraining } from '../bench/backward/training.ts';
import { noise } from '../bench/inputs.ts';
import { renderBackwardPage } from '../bench/page/backward/page.ts';
import { LAYERS, outLength, parseProblems, sizes } from '../bench/problems.ts';
import { tensor } from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { backwardOutcome, backwardResults, changedBackward } from './helpers/backwardResults.ts';

describe('what is measured', () => {
  test('is 23 layers and the six networks of the examples', () => {
    const { layers, networks } = chooseCases(undefined);
    expect(layers).toEqual(LAYERS);
    expect(networks.map(({ id }) => id)).toEqual(['snac', 'hifigan', 'encodec', 'vad', 'inception', 'tcn']);
  });

  test('is chosen by name, of layers and of networks', () => {
    const { layers, networks } = chooseCases(/^(seed|TCN|vad)$/);
    expect([layers, networks].map((all) => all.map(({ name }) => name))).toEqual([['seed'], ['voice activity', 'TCN']]);
    expect(() => chooseCases(/resnet/)).toThrow(
      '--only: neither a layer nor a network matches /resnet/; there are seed,',
    );
  });

  test('has a reason where inputs are not those of the forward', () => {
    expect(TRAINED.filter(({ note }) => note !== undefined)).toMatchObject([
      { id: 'snac', shapes: [[1, 768, 16]] },
      { id: 'hifigan', shapes: [[1, 80, 32]] },
    ]);
  });

  test('wide layers are dense with 64 channels or more on both sides', () => {
    expect(LAYERS.filter(isWide).map(({ name }) => name)).toEqual([
      'wav2vec2 L1',
      'whisper 1',
      'whisper 2',
      'hifigan 256',
      'hifigan 64',
      'wavenet',
      'tasnet 1x1',
      'ecg',
    ]);
  });
});

describe('the work', () => {
  test.each(['seed', 'small', 'encodec out'])(
    'of layer %s has gradients in all three; those of the bias are sums',
    (name) => {
      const problem = LAYERS.find((each) => each.name === name)!;
      const { gradients, ways } = openLayer(problem, addon);
      const { input, weight, bias, output } = sizes(problem);
      expect(Object.values(gradients).map(({ length }) => length)).toEqual([input, weight, bias]);
      const given = tensor(noise(output, 5), [problem.batch, problem.outChannels, outLength(problem)]);
      expect(gradientsApart({ bias: gradients.bias! }, { bias: given.sum([0, 2]).data }).worst).toBeLessThan(1e-5);
      expect(ways.map(({ id }) => id)).toEqual(['ours', 'weightGradient', 'inputGradient']);
    },
  );

  test('each way runs for its time', async () => {
    const [problem] = parseProblems([{ name: 'p', inChannels: 2, outChannels: 2, kernelSize: 3, length: 8 }]);
    for (const { turn } of openLayer(problem!, addon).ways) {
      const { minMs, medianMs } = await turn(1);
      expect(minMs).toBeGreaterThan(0);
      expect(medianMs).toBeGreaterThanOrEqual(minMs);
    }
  });

  test('of a network has gradients of all parameters, and a step to time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conv1d-test-'));
    try {
      const network = TRAINED.find(({ id }) => id === 'tcn')!;
      const { network: written } = await writeTraining(folder, { ...network, shapes: [[1, 1, 40]] });
      const { gradients, ways } = await openTraining(folder, 'tcn');
      expect(Object.keys(gradients)).toEqual(written.namedParameters().map(([name]) => name));
      expect((await ways[0]!.turn(1)).minMs).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ['the same', { a: [1, -4], b: [2] }, { b: [2], a: [1, -4] }, 0, 0],
    ['one of three is apart', { a: [1], b: [3, 5], c: [1] }, { a: [1], b: [3, 4], c: [1] }, 0, 0.2],
    ['one that only PyTorch has', { a: [1] }, { a: [1], b: [1] }, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['other names', { a: [1] }, { b: [1] }, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['not a number', { a: [Number.NaN], b: [1], c: [1] }, { a: [1], b: [1], c: [1] }, 0, Number.POSITIVE_INFINITY],
    ['of another length', { a: [1] }, { a: [1, 2] }, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('gradients are compared by name: %s', (_, ours, theirs, middle, worst) => {
    expect(gradientsApart(ours, theirs)).toEqual({ middle, worst });
  });
});

describe('the command line', () => {
  const bench = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });

  test.each([
    [['--backward', '--networks'], "option '--backward' cannot be used with option '--networks [name...]'"],
    [['--backward', '--algorithm', 'fast'], "cannot be used with option '--algorithm <list>'"],
  ])('%j is refused', (args, message) => {
    const { status, stderr } = bench(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe('figures', () => {
  const all = backwardResults(3, 0.5);
  const [single, double] = all.runs;

  test('are medians unless shortest calls are asked for', () => {
    const mixed = changedBackward(all, 'layers', 'ours', (_, name) =>
      name === 'seed' ? { times: { minMs: 1, medianMs: 2 } } : { why: 'no' },
    );
    const pytorch = mixed.runs[0]!.layers[0]!.outcomes.pytorch!;
    if ('why' in pytorch) throw new Error(pytorch.why);
    const { medianMs, minMs } = pytorch.times;
    expect(pytorchRatios(mixed, mixed.runs[0]!, 'layers')).toEqual([{ name: 'seed', value: medianMs / 2 }]);
    expect(pytorchRatios(mixed, mixed.runs[0]!, 'layers', 'shortest')).toEqual([{ name: 'seed', value: minMs }]);
  });

  test('of kernels are fractions of the peak of all threads', () => {
    for (const run of [single!, double!]) {
      for (const { value } of peakFractions(all, run, 'weightGradient')) expect(value).toBeCloseTo(0.5, 9);
      expect(peakFractions(all, run, 'inputGradient', 'shortest')[0]!.value).toBeCloseTo(0.5 / 0.9, 9);
    }
  });

  test('of threads are those of one over those of several', () => {
    expect(threadGains(all, double!, 'networks').map(({ value }) => value)).toEqual(Array(6).fill(2));
  });

  test('tables have a line for each layer and network, and a cell for each head', () => {
    for (const [cells, rows] of [
      [layerCells(all, single!), LAYERS.length],
      [networkCells(all, double!), TRAINED.length],
    ] as const) {
      expect(cells.rows).toHaveLength(rows);
      for (const row of cells.rows) expect(row).toHaveLength(cells.head.length);
    }
    expect(networkCells(all, double!).rows.at(-1)).toEqual([
      'TCN',
      '32 x 1 x 784',
      '1000',
      ...['5', '4.5', '15', '13.5', '3.00x', '2.00x'],
    ]);
    expect(summaryCells([{ head: 'one', results: all, run: single! }]).rows.map(([, cell]) => cell)).toEqual([
      '3.00x',
      expect.stringMatching(/^3\.00x \(/),
      expect.stringMatching(/^0\.50 \(/),
      expect.stringMatching(/^0\.50 \(/),
      '3.00x',
      expect.stringMatching(/^3\.00x \(/),
    ]);
  });

  test('what has no time is named with its reason, once; the gradient that is farthest too', () => {
    const missing = changedBackward(all, 'layers', 'ours', () => ({ why: 'not here' }));
    expect(missingLines(missing, missing.runs[0]!)).toEqual([
      `conv1d: not here (${LAYERS.map(({ name }) => name).join(', ')})`,
    ]);
    expect(formatBackward(missing)).toContain('conv1d: not here (seed, ');
    expect(apartLine(all, single!)).toContain('gradients at most 0.000020 from those of PyTorch');
  });

  test('say so where there is no PyTorch', () => {
    const why = 'spawn /usr/bin/python3 ENOENT';
    const alone = changedBackward({ ...all, pytorch: null }, 'layers', 'pytorch', () => ({ why }));
    expect(formatBackward(alone)).toContain('without PyTorch: nothing was compared');
    expect(formatBackward(alone)).toContain(`PyTorch: ${why} (seed, `);
    expect(new Set(backwardBars(alone).map(({ group }) => group.split(',')[0]))).toEqual(
      new Set(['kernels over the FMA peak']),
    );
  });
});

describe('the bars', () => {
  const failing = (...args: Parameters<typeof backwardBars>) => backwardBars(...args).filter(({ ok }) => !ok);

  test('hold when PyTorch is far behind and kernels are near the peak', () => {
    expect(failing(backwardResults(3, 0.9))).toEqual([]);
    expect(backwardBars(backwardResults(3, 0.9))).toHaveLength(10);
  });

  test('all fail when PyTorch is ahead and kernels are slow', () => {
    expect(backwardBars(backwardResults(0.9, 0.5)).filter(({ ok }) => ok)).toEqual([]);
  });

  test('a slower layer is named', () => {
    const slow = changedBackward(backwardResults(3, 0.9), 'layers', 'pytorch', (outcome, name) =>
      name === 'ecg' && 'times' in outcome ? backwardOutcome(outcome.times.medianMs / 6) : outcome,
    );
    expect(failing(slow)).toMatchObject([{ text: 'no layer slower', figure: 'ecg 0.500x' }]);
  });

  test('a layer or network without a time is not passed over, nor does it leave a mean of the others', () => {
    const broken = (['layers', 'networks'] as const).reduce(
      (all, kind) =>
        changedBackward(all, kind, 'ours', (outcome, name) =>
          ['ecg', 'TCN'].includes(name) ? { why: 'wrong gradients' } : outcome,
        ),
      backwardResults(3, 0.9),
    );
    expect(failing(broken).map(({ figure }) => figure)).toEqual([
      'ecg is not compared',
      expect.stringMatching(/TCN is not compared$/),
    ]);
    expect(backwardBars(broken).filter(({ text }) => text.startsWith('geometric mean'))).toHaveLength(1);
  });
});

describe('the page of gradients', () => {
  const current = { results: backwardResults(3, 0.9), isCurrent: true };

  test('is one without scripts and without anything from elsewhere', () => {
    const page = renderBackwardPage([current]);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.match(/<svg/g)).toHaveLength(2 + 2 + 2);
    expect(page.length).toBeLessThan(200_000);
  });

  test('names each machine, PyTorch and the code, and why inputs are shorter', () => {
    const page = renderBackwardPage([current, { ...current, isCurrent: false }]);
    expect(page).toContain('<h3>A &#60;fast&#62; one <b class="old">older code</b></h3>');
    expect(page).toContain('PyTorch 1.13.0.');
    expect(page).toContain('HiFi-GAN v1: 32 frames');
  });

  test('leaves out what was not measured', () => {
    const all = current.results;
    const runs = all.runs.map((run) => ({ ...run, networks: [] }));
    const page = renderBackwardPage([{ results: { ...all, networks: [], runs }, isCurrent: true }]);
    expect(page).not.toContain('<h2>A step of training');
    expect(page).toContain('<h2>Kernels');
  });

  test('refuses to show nothing', () => {
    expect(() => renderBackwardPage([])).toThrow('nothing to report');
  });
});
