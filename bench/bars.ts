import { type Bar, least, meanBar, most } from './barChecks.ts';
import { fastBars } from './fastBars.ts';
import { counted, meanOf, nativeRatios, overLimit, ratios, timeRatios, times } from './figures.ts';
import { KIND_BARS, KIND_NAMES } from './limits.ts';
import { nominalFlops } from './problems.ts';
import { type Algorithm, isaName, isasOf, ours, type Results, type Run, threadsText, timeOf } from './results.ts';
import { CLIFF, fitLine } from './scaling.ts';

/** How far from the limit the direct sum may be in the mean. */
const LIMIT_MEANS: Readonly<Record<string, number>> = { avx512: 1.1, avx2: 1.15 };
const OTHER_LIMIT_MEAN = 1.25;

const MIB = 2 ** 20;
const LARGE_MFLOP = 100;
/** MiB per thread beyond input and output. */
const MEMORY_BARS: Readonly<Record<Algorithm, number>> = { direct: 2, fast: 4 };

/** Every bar that the results can tell about. */
export function barsOf(results: Results): Bar[] {
  const { runs } = results;
  const single = runs.find(({ threads }) => threads === 1);
  const double = runs.find(({ threads }) => threads === 2);
  return [
    ...runs.flatMap((run) => peerBars(results, run)),
    ...runs.flatMap((run) => isasOf(run).flatMap((isa) => fastBars(results, run, isa))),
    ...(single !== undefined && double !== undefined ? threadBars(results, single, double) : []),
    ...(single === undefined ? [] : nativeBars(results, single)),
    ...(single === undefined ? [] : isasOf(single).flatMap((isa) => limitBars(results, single, isa))),
    ...overheadBars(results),
    ...memoryBars(results),
    ...scalingBars(results),
  ];
}

function peerBars(results: Results, run: Run): Bar[] {
  if (run.peers.length === 0) return [];
  const group = `against the peers, ${threadsText(run.threads)}`;
  const lost = run.peers.flatMap((peer) =>
    ratios(results, run, [peer.id])
      .filter(({ value }) => value < 1)
      .map(({ name, value }) => `${name} ${value.toFixed(3)}x (${peer.name})`),
  );
  const untimed = results.problems.filter((_, layer) => timeOf(ours(run), layer) === null).map(({ name }) => name);
  const mean = (ids: readonly string[], what: string, bar: number, algorithm: Algorithm = 'direct'): Bar[] => {
    const shortest = ratios(results, run, ids, 'shortest', algorithm);
    if (counted(shortest).length === 0) return [];
    const medians = ratios(results, run, ids, 'tight', algorithm);
    const who = algorithm === 'fast' ? "'fast': " : '';
    const text = `${who}geometric mean over ${what} at least ${bar}x`;
    return [meanBar(group, text, { shortest, medians }, (value) => value >= bar, bar)];
  };
  return [
    {
      group,
      text: 'no layer slower than any peer',
      figure: [...lost, ...untimed.map((name) => `${name} has no time of ours`)].join(', ') || 'none is',
      ok: lost.length === 0 && untimed.length === 0,
    },
    ...mean(['ort'], 'onnxruntime on (N, C, L)', 2.4),
    ...mean(['ort', 'ort-h1'], 'the better form of onnxruntime', 1.9),
    ...mean(['ort', 'ort-h1'], 'the better form of onnxruntime', 2.8, 'fast'),
    ...mean(['torch'], 'PyTorch, its slow paths included,', 3.7),
  ];
}

function threadBars(results: Results, single: Run, double: Run): Bar[] {
  const large = new Set(results.problems.filter((p) => nominalFlops(p) > LARGE_MFLOP * 1e6).map(({ name }) => name));
  return isasOf(double).flatMap((isa) => {
    const gains = timeRatios(results, ours(single, 'direct', isa), ours(double, 'direct', isa));
    const those = gains.filter(({ name }) => large.has(name));
    const text = `at least 1.8x one thread on the layers above ${LARGE_MFLOP} MFLOP`;
    return those.length === 0 ? [] : [least(`two threads, ${isaName(isa)}`, text, those, 1.8)];
  });
}

function nativeBars(results: Results, run: Run): Bar[] {
  const native = nativeRatios(results, run);
  if (native === null) return [];
  const { better, blocked } = native;
  const group = 'against the best native kernels, scaled by the FMA peak, without the seed layer';
  const mean = meanOf(blocked);
  return [
    most(group, 'no longer than the better of oneDNN ncl and LIBXSMM', better, 1),
    {
      group,
      text: 'no longer than oneDNN blocked, geometric mean',
      figure: times(mean, 1),
      ok: mean <= 1,
      stretch: true,
    },
    { ...most(group, 'at most 1.15x oneDNN blocked', blocked, 1.15), stretch: true },
  ];
}

function limitBars(results: Results, run: Run, isa: string): Bar[] {
  const figures = overLimit(results, run, isa);
  if (figures.length === 0) return [];
  const group = `time over limit, ${isaName(isa)}`;
  const bar = LIMIT_MEANS[isa] ?? OTHER_LIMIT_MEAN;
  const mean = meanOf(figures);
  const text = `geometric mean at most ${bar}, without the seed layer`;
  const bars: Bar[] = counted(figures).length === 0 ? [] : [{ group, text, figure: times(mean, bar), ok: mean <= bar }];
  for (const [kind, kindBar] of Object.entries(KIND_BARS) as [keyof typeof KIND_BARS, number][]) {
    const those = figures.filter((figure) => figure.kind === kind);
    if (those.length > 0) bars.push(most(group, `at most ${kindBar} (${KIND_NAMES[kind]})`, those, kindBar));
  }
  return bars;
}

function overheadBars({ overhead }: Results): Bar[] {
  if (overhead === undefined) return [];
  const group = 'overhead';
  const { forwardMicroseconds, outMicroseconds, newLengthRatio } = overhead;
  return [
    {
      group,
      text: 'the seed layer under 1.0 us per forward(x)',
      figure: `${forwardMicroseconds.toFixed(2)} us`,
      ok: forwardMicroseconds < 1,
    },
    {
      group,
      text: 'the seed layer under 0.8 us with out',
      figure: `${outMicroseconds.toFixed(2)} us`,
      ok: outMicroseconds < 0.8,
    },
    {
      group,
      text: 'a new length on every call at most 1.1x the same length',
      figure: times(newLengthRatio, 1.1),
      ok: newLengthRatio <= 1.1,
    },
  ];
}

function memoryBars({ memory }: Results): Bar[] {
  return (['direct', 'fast'] as const).flatMap((algorithm) => {
    const over = (memory ?? [])
      .filter((use) => (use.algorithm ?? 'direct') === algorithm)
      .map(({ name, threads, extraBytes }) => ({ name, value: extraBytes / threads / MIB }));
    if (over.length === 0) return [];
    const mib = MEMORY_BARS[algorithm];
    const text = `${algorithm}: at most ${mib} MiB per thread beyond input and output, every layer, L = 10 million too`;
    const bar = most('memory', text, over, mib);
    return [{ ...bar, figure: bar.figure.replace(/x\b/g, ' MiB') }];
  });
}

function scalingBars({ scaling }: Results): Bar[] {
  return (scaling ?? []).map((curve) => {
    const over = fitLine(curve).map(({ x, ratio }) => ({ name: `${curve.axis} = ${x}`, value: ratio }));
    return most('scaling', `cost along ${curve.axis} at most ${CLIFF}x a straight line`, over, CLIFF);
  });
}
