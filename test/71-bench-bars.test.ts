import { describe, expect, test } from 'vitest';
import { barsOf } from '../bench/bars.ts';
import { FAST_CLASSES } from '../bench/fastBars.ts';
import { meanOf, overLimit, ratios } from '../bench/figures.ts';
import { better } from '../bench/harness.ts';
import { LAYERS, MEASURED, SEED } from '../bench/problems.ts';
import { type Outcome, ours, timeOf } from '../bench/results.ts';
import { changed, outcome, results } from './helpers/benchResults.ts';

const isMissing = { why: 'a wrong result' };

describe('the bars', () => {
  test('hold when every time is at the limit, the peers are far behind and fast is fast', () => {
    const missed = barsOf(results(1, 4)).filter(({ ok, group }) => !ok && !group.includes('native'));
    expect(missed).toEqual([]);
  });

  test('fail when ours takes twice the limit, the peers less than ours and fast as long as direct', () => {
    const held = barsOf(results(2, 0.9, 1)).filter(({ ok }) => ok);
    expect(held.map(({ group }) => group)).toEqual(['two threads, AVX-512', 'two threads, AVX2', 'scaling']);
  });

  test('name the layers that fail, worst first', () => {
    const slower: Record<number, number> = { 4: 3, 7: 2 };
    const all = changed(results(1, 4), 'own', (each, layer, rank) =>
      rank === 0 && layer in slower ? outcome(slower[layer]! * timeOf({ outcomes: [each] }, 0)!) : each,
    );
    const dense = barsOf(all).find(({ group, text }) => group === 'time over limit, AVX-512' && text.includes('1.11'));
    expect(dense).toMatchObject({ ok: false, figure: 'whisper 1 3.00x, hifigan 64 2.00x' });
  });

  test.each([
    ['AVX-512', 1.1],
    ['AVX2', 1.15],
  ])('the mean over limit of %s is at most %d, with as many decimals as show on which side it is', (isa, bar) => {
    const mean = (over: number) =>
      barsOf(results(over, 4)).find(
        ({ group, text }) => group === `time over limit, ${isa}` && text.startsWith(`geometric mean at most ${bar}`),
      );
    expect(mean(1.05)).toMatchObject({ ok: true, figure: '1.05x' });
    expect(mean(bar + 0.0004)).toMatchObject({ ok: false, figure: `${(bar + 0.0004).toFixed(4)}x` });
    expect(mean(bar + 0.003)).toMatchObject({ ok: false, figure: `${(bar + 0.003).toFixed(3)}x` });
  });

  test('a layer without a time of ours is not passed over', () => {
    const bars = barsOf(changed(results(1, 4), 'own', () => isMissing));
    expect(bars[0]).toMatchObject({ ok: false, figure: expect.stringContaining('seed has no time of ours') });
  });

  test('a mean of shortest times tells that of medians beside it', () => {
    const bar = barsOf(results(1, 4)).find(({ text }) => text.includes('onnxruntime on (N, C, L)'));
    expect(bar!.figure).toBe('4.00x; of medians 4.00x');
  });

  test('native kernels are compared with on machines of their own kind only', () => {
    const all = results(1, 4);
    const groups = (cpu: string) => barsOf({ ...all, machine: { ...all.machine, cpu } }).map(({ group }) => group);
    expect(groups('Intel(R) Xeon(R) Processor').some((group) => group.includes('native'))).toBe(true);
    expect(groups('AMD EPYC').some((group) => group.includes('native'))).toBe(false);
  });
});

describe('the bars of the fast algorithms', () => {
  const inClass = (text: string) =>
    MEASURED.filter(FAST_CLASSES.find((each) => each.text.startsWith(text))!.has).map(({ name }) => name);

  test.each([
    ['dense, K = 3', ['wav2vec2 L1', 'whisper 1', 'whisper 2']],
    ['dense, K from 7', ['hifigan 256', 'hifigan 64', 'ecg']],
    ['K >= 128', ['wav2vec2 pos', 'sincnet']],
    ['windowed DFT', ['stft']],
  ])('%s: %j', (text, names) => {
    expect(inClass(text)).toEqual(names);
  });

  test('stand for each instruction set and number of threads', () => {
    const groups = new Set(barsOf(results(1, 4)).map(({ group }) => group));
    for (const isa of ['AVX-512', 'AVX2']) {
      for (const threads of ['1 thread', '2 threads']) expect(groups).toContain(`fast over direct, ${isa}, ${threads}`);
    }
  });

  test.each([
    [0.59, true],
    [0.61, false],
  ])('at %d of the direct time dense layers of K = 3: %j', (fast, ok) => {
    const bar = barsOf(results(1, 4, fast)).find(({ text }) => text.startsWith('at most 0.6: dense, K = 3'));
    expect(bar).toMatchObject({ ok, figure: expect.stringMatching(/^0\.\d+x \(wav2vec2 L1 0\.\d\d, /) });
  });

  test('the whole is over the 23 layers, which the Fourier transform is not of', () => {
    const slowTransform = changed(results(1, 4, 0.5), 'own', (each, layer, rank) =>
      MEASURED[layer]!.weights === 'dft' && rank === 1 ? outcome(1e9) : each,
    );
    const bar = barsOf(slowTransform).find(({ text }) => text === 'at most 0.65: geometric mean of 23 layers');
    expect(bar).toMatchObject({ ok: true, figure: '0.50x; all times added up 0.50x' });
  });

  test('say nothing where fast was not measured', () => {
    const all = results(1, 4);
    const runs = all.runs.map((run) => ({ ...run, own: run.own.filter(({ algorithm }) => algorithm === 'direct') }));
    const texts = barsOf({ ...all, runs }).map(({ group, text }) => `${group}: ${text}`);
    expect(texts.filter((text) => text.includes('fast') && !text.startsWith('memory'))).toEqual([]);
  });
});

describe('figures', () => {
  const all = results(1.2, 3);
  const [run] = all.runs;

  test('a time is the shortest of both loops, or the median of one', () => {
    const timed = { outcomes: [outcome(2), isMissing, { tight: { minMs: 5, medianMs: 6 }, disagreement: 0 }] };
    expect([timeOf(timed, 0), timeOf(timed, 0, 'tight'), timeOf(timed, 0, 'yielding')]).toEqual([2, 2.2, 4]);
    expect(timeOf(timed, 1)).toBeNull();
    // A library without an event loop has one loop, which stands for both.
    expect(timeOf(timed, 2, 'yielding')).toBe(6);
    expect(timeOf(timed, 3)).toBeNull();
    expect(timeOf(undefined, 0)).toBeNull();
  });

  test('ours is the direct sum with the best instruction set unless something else is asked for', () => {
    expect(ours(run!)).toBe(run!.own[0]);
    expect(ours(run!, 'fast', 'avx2')).toBe(run!.own[3]);
    expect(ours(run!, 'direct', 'neon')).toBeUndefined();
  });

  test('means leave out the Fourier transform, times over limit the seed layer as well', () => {
    const over = ratios(all, run!, ['ort']).map(({ name }) => name);
    expect(over).toEqual(MEASURED.map(({ name }) => name));
    expect(
      meanOf([
        { name: 'a', value: 4 },
        { name: 'b', value: 9 },
        { name: 'stft', value: 1e9 },
      ]),
    ).toBeCloseTo(6, 12);
    expect(overLimit(all, run!).map(({ name }) => name)).not.toContain(SEED);
    expect(overLimit(all, run!)).toHaveLength(LAYERS.length);
  });
});

describe('two rounds', () => {
  const round = (ms: number): Outcome =>
    ({ ...(outcome(ms) as object), out: { minMs: ms, medianMs: 3 * ms } }) as Outcome;

  test('keep the shortest times and the medians of the quieter one', () => {
    const noisy = { ...(round(1) as object), tight: { minMs: 1, medianMs: 9 } } as Outcome;
    const both = better(noisy, round(2));
    expect(both).toMatchObject({
      tight: { minMs: 1, medianMs: 2.2 },
      yielding: { minMs: 1.05, medianMs: 2 },
      out: { minMs: 1, medianMs: 6 },
    });
    expect(better(round(2), noisy)).toEqual(both);
  });

  test('have failed when one has', () => {
    expect(better(round(1), isMissing)).toBe(isMissing);
    expect(better(isMissing, round(1))).toBe(isMissing);
    expect(better(undefined, round(1))).toEqual(round(1));
  });
});
