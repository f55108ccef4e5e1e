import { type Bar, least, most } from '../barChecks.ts';
import { type Figure, meanOf, times } from '../figures.ts';
import { isaName, threadsText } from '../results.ts';
import { networkGains, networkOverLimit, networkRatios, singleThread } from './figures.ts';
import type { NetworkResults, NetworkRun, NetworkTime } from './results.ts';

type Compiled = 'direct' | 'fast';

/** How many times as long as ours onnxruntime-node takes, geometric mean over the networks, by numbers of threads. */
const MEANS: Readonly<Record<number, Readonly<Record<Compiled, number>>>> = {
  1: { direct: 1.7, fast: 2.2 },
  2: { direct: 2.2, fast: 2.8 },
};
/** Single networks, by their ids. */
const HIFIGAN = 'hifigan';
const FAST_HIFIGAN = { overOnnxruntime: 2.4, overDirect: 0.5 };
const CHUNK = { id: 'vad', overOnnxruntime: 0.35 };
const LIMIT_MEAN = 1.5;
export const LIMITS: Readonly<Record<string, number>> = { hifigan: 1.12, snac: 1.45 };
const LARGE_GFLOP = 1;
const TWO_THREADS = 1.8;
const MEMORY_MIB = 32;
const MEMORY_SECONDS = 60;
const LATENESS_MS = 3;

const MIB = 2 ** 20;

/** Every bar that the results can tell about. Medians count; where a mean is compared, the shortest calls' stands beside it. */
export function networkBars(results: NetworkResults): Bar[] {
  return [
    ...results.runs.flatMap((run) => [
      ...onnxruntimeBars(results, run),
      ...fastBars(results, run),
      ...limitBars(results, run),
      ...threadBars(results, run),
    ]),
    ...memoryBars(results),
    ...latenessBars(results),
  ];
}

function groupOf(what: string, { isa, threads }: NetworkRun): string {
  return `${what}, ${isaName(isa)}, ${threadsText(threads)}`;
}

/** The figure of one network, if it is there. */
function only(results: NetworkResults, figures: readonly Figure[], id: string): Figure[] {
  const name = results.networks.find((network) => network.id === id)?.name;
  return figures.filter((figure) => figure.name === name);
}

/** Networks of which there are too few make no mean. */
function isWhole({ networks }: NetworkResults, figures: readonly Figure[]): boolean {
  return figures.length > 1 && figures.length === networks.length;
}

function meanBar(
  group: string,
  text: string,
  medians: readonly Figure[],
  shortest: readonly Figure[],
  holds: (mean: number) => boolean,
  bar: number,
): Bar {
  const mean = meanOf(medians);
  const figure = `${times(mean, bar)}; of shortest calls ${meanOf(shortest).toFixed(2)}x`;
  return { group, text, figure, ok: holds(mean) };
}

function onnxruntimeBars(results: NetworkResults, run: NetworkRun): Bar[] {
  const ratios = (way: Compiled, kind: NetworkTime = 'median') => networkRatios(results, run, 'onnxruntime', way, kind);
  if (!run.measured.some(({ outcomes: { onnxruntime } }) => onnxruntime !== undefined && 'times' in onnxruntime))
    return [];
  const group = groupOf('networks against onnxruntime-node', run);
  const all = ratios('direct');
  const lost = all.filter(({ value }) => value < 1).map(({ name, value }) => `${name} ${value.toFixed(3)}x`);
  const missing = results.networks.filter(({ name }) => !all.some((figure) => figure.name === name));
  const bars: Bar[] = [
    {
      group,
      text: 'no network slower',
      figure: [...lost, ...missing.map(({ name }) => `${name} is not compared`)].join(', ') || 'none is',
      ok: lost.length === 0 && missing.length === 0,
    },
  ];
  for (const way of ['direct', 'fast'] as const) {
    const bar = MEANS[run.threads]?.[way];
    const medians = ratios(way);
    if (bar === undefined || !isWhole(results, medians)) continue;
    const text = `${way}: geometric mean at least ${bar}x`;
    bars.push(meanBar(group, text, medians, ratios(way, 'shortest'), (mean) => mean >= bar, bar));
  }
  if (run.threads !== 1) return bars;
  const hifigan = only(results, ratios('fast'), HIFIGAN);
  if (hifigan.length > 0) {
    const text = `fast: HiFi-GAN at least ${FAST_HIFIGAN.overOnnxruntime}x`;
    bars.push(least(group, text, hifigan, FAST_HIFIGAN.overOnnxruntime));
  }
  const chunk = only(results, networkRatios(results, run, 'direct', 'onnxruntime'), CHUNK.id);
  if (chunk.length > 0) {
    const text = `one chunk of voice activity at most ${CHUNK.overOnnxruntime} of its time`;
    bars.push(most(group, text, chunk, CHUNK.overOnnxruntime));
  }
  return bars;
}

function fastBars(results: NetworkResults, run: NetworkRun): Bar[] {
  if (run.threads !== 1) return [];
  const hifigan = only(results, networkRatios(results, run, 'fast', 'direct'), HIFIGAN);
  const bar = FAST_HIFIGAN.overDirect;
  const group = groupOf('fast networks over direct ones', run);
  return hifigan.length === 0 ? [] : [most(group, `HiFi-GAN at most ${bar}`, hifigan, bar)];
}

function limitBars(results: NetworkResults, run: NetworkRun): Bar[] {
  if (run.threads !== 1) return [];
  const group = groupOf('time of direct networks over limit', run);
  const over = networkOverLimit(results, run, 'direct');
  const shortest = networkOverLimit(results, run, 'direct', 'shortest');
  const text = `geometric mean at most ${LIMIT_MEAN}`;
  const means = isWhole(results, over)
    ? [meanBar(group, text, over, shortest, (mean) => mean <= LIMIT_MEAN, LIMIT_MEAN)]
    : [];
  const single = Object.entries(LIMITS).flatMap(([id, bar]) => {
    const figures = only(results, over, id);
    return figures.length === 0 ? [] : [most(group, `${figures[0]!.name} at most ${bar}`, figures, bar)];
  });
  return [...means, ...single];
}

function threadBars(results: NetworkResults, run: NetworkRun): Bar[] {
  const single = singleThread(results, run);
  if (run.threads !== 2 || single === undefined) return [];
  const large = results.networks.filter(({ flops }) => flops > LARGE_GFLOP * 1e9).map(({ name }) => name);
  const gains = networkGains(results, single, run, 'direct').filter(({ name }) => large.includes(name));
  const text = `at least ${TWO_THREADS}x one thread on the networks above ${LARGE_GFLOP} GFLOP`;
  return gains.length === 0 ? [] : [least(groupOf('direct networks', run), text, gains, TWO_THREADS)];
}

function memoryBars({ memory }: NetworkResults): Bar[] {
  return (memory ?? [])
    .filter(({ way, seconds }) => way === 'direct' && seconds === MEMORY_SECONDS)
    .map(({ threads, extraBytes }) => {
      const mib = extraBytes / MIB;
      return {
        group: 'memory of networks',
        text: `HiFi-GAN over ${MEMORY_SECONDS} s, ${threadsText(threads)}: at most ${MEMORY_MIB} MiB beyond weights, input and output`,
        figure: `${mib.toFixed(1)} MiB`,
        ok: mib <= MEMORY_MIB,
      };
    });
}

function latenessBars({ lateness }: NetworkResults): Bar[] {
  return (lateness ?? []).map(({ threads, p50, p99, max }) => ({
    group: 'the event loop while HiFi-GAN runs in the background',
    text: `a timer of 1 ms, ${threadsText(threads)}: the 99th of 100 under ${LATENESS_MS} ms late`,
    figure: `${p99.toFixed(2)} ms; median ${p50.toFixed(2)} ms, latest ${max.toFixed(2)} ms`,
    ok: p99 < LATENESS_MS,
  }));
}
