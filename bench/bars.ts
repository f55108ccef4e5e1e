import { geometricMean, KIND_BARS, KIND_NAMES, kindOf, type LayerKind, limitOf } from './limits.ts';
import { NATIVE, NATIVE_PEAK, type NativeTimes } from './natives.ts';
import { nominalFlops, SEED } from './problems.ts';
import { others, ours, type Results, type Run, timeOf } from './results.ts';
import { CLIFF, fitLine } from './scaling.ts';

/** One promise about speed, and what the harness measured. */
export interface Bar {
  readonly group: string;
  readonly text: string;
  readonly figure: string;
  readonly ok: boolean;
  /** Aimed at, not promised: `--assert` lets it fail. */
  readonly stretch?: true;
}

/**
 * Debian's PyTorch, the one we have, leaves its kernels on some layers: above this ratio it is the fault of that build, or all
 * overhead, and says nothing of PyTorch; below the other it runs as it should.
 */
export const PYTORCH_STUMBLES = 30;
export const PYTORCH_RUNS = 5;

const MIB = 2 ** 20;
const LARGE_MFLOP = 100;

/** Every bar that the results can tell about. */
export function barsOf(results: Results): Bar[] {
  const [first] = results.runs;
  const bars: Bar[] = [];
  for (const run of results.runs) {
    if (others(run).length > 0) bars.push(...peerBars(results, run));
  }
  const single = results.runs.find((run) => run.threads === 1 && run.isa === first?.isa);
  for (const run of results.runs) {
    if (single !== undefined && run.threads === 2 && run.isa === single.isa)
      bars.push(...threadBars(results, single, run));
  }
  if (single !== undefined) bars.push(...nativeBars(results, single));
  for (const run of results.runs) if (run.threads === 1) bars.push(...limitBars(results, run));
  return [...bars, ...overheadBars(results), ...memoryBars(results), ...scalingBars(results)];
}

/** A layer's name with a number. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** How many times as long as ours a peer takes, layer by layer, where both have a time. */
export function ratios({ problems }: Results, run: Run, ids: readonly string[]): Figure[] {
  return problems.flatMap(({ name }, layer) => {
    const times = ids
      .map((id) =>
        timeOf(
          run.peers.find((peer) => peer.id === id),
          layer,
        ),
      )
      .filter((time) => time !== null);
    const own = timeOf(ours(run), layer);
    return own === null || times.length === 0 ? [] : [{ name, value: Math.min(...times) / own }];
  });
}

/** Our time over the limit, layer by layer; the seed layer, all overhead, left out. */
export function overLimit({ problems }: Results, run: Run): (Figure & { readonly kind: LayerKind })[] {
  return problems.flatMap((problem, layer) => {
    const own = timeOf(ours(run), layer);
    const kind = kindOf(problem, run.roof);
    if (own === null || kind === 'overhead') return [];
    return [{ name: problem.name, value: own / limitOf(problem, run.roof).ms, kind }];
  });
}

/** Our time over that of native kernels, layer by layer, scaled by the FMA peak. */
export interface NativeRatios {
  /** Over the better of oneDNN on (N, C, L) and LIBXSMM. */
  readonly better: readonly Figure[];
  /** Over oneDNN in a layout of its own choice. */
  readonly blocked: readonly Figure[];
}

export function nativeRatios(results: Results, run: Run): NativeRatios {
  const scale = NATIVE_PEAK / run.roof.peak;
  const over = (millisecondsOf: (native: NativeTimes) => number) =>
    results.problems.flatMap(({ name }, layer) => {
      const native = NATIVE[name];
      const own = timeOf(ours(run), layer);
      // No call from JavaScript returns as soon as a native function does.
      if (native === undefined || own === null || name === SEED) return [];
      return [{ name, value: own / (scale * millisecondsOf(native)) }];
    });
  return {
    better: over(({ ncl, libxsmm }) => Math.min(ncl, libxsmm ?? Number.POSITIVE_INFINITY)),
    blocked: over(({ blocked }) => blocked),
  };
}

function peerBars(results: Results, run: Run): Bar[] {
  const group = `against the peers, ${run.threads} thread${run.threads === 1 ? '' : 's'}`;
  const lost = others(run).flatMap((peer) =>
    ratios(results, run, [peer.id])
      .filter(({ value }) => value < 1)
      .map(({ name, value }) => `${name} ${value.toFixed(3)}x (${peer.name})`),
  );
  const untimed = results.problems.filter((_, layer) => timeOf(ours(run), layer) === null).map(({ name }) => name);
  const bars: Bar[] = [
    {
      group,
      text: 'no layer slower than any peer',
      figure: [...lost, ...untimed.map((name) => `${name} has no time of ours`)].join(', ') || 'none is',
      ok: lost.length === 0 && untimed.length === 0,
    },
  ];
  const mean = (ids: readonly string[], what: string, least: number) => {
    const values = ratios(results, run, ids).map(({ value }) => value);
    if (values.length === 0) return;
    const value = geometricMean(values);
    const text = `geometric mean over ${what} at least ${least}x`;
    bars.push({ group, text, figure: times(value, least), ok: value >= least });
  };
  mean(['ort'], 'onnxruntime on (N, C, L)', 2.4);
  mean(['ort', 'ort-h1'], 'the better form of onnxruntime', 1.9);
  mean(['torch'], 'PyTorch, its slow paths included,', 3.7);
  return bars;
}

function threadBars(results: Results, single: Run, double: Run): Bar[] {
  const gains = results.problems.flatMap((problem, layer) => {
    const [one, two] = [timeOf(ours(single), layer), timeOf(ours(double), layer)];
    if (one === null || two === null || nominalFlops(problem) <= LARGE_MFLOP * 1e6) return [];
    return [{ name: problem.name, value: one / two }];
  });
  if (gains.length === 0) return [];
  return [least('two threads', `at least 1.8x one thread on the layers above ${LARGE_MFLOP} MFLOP`, gains, 1.8)];
}

function nativeBars(results: Results, run: Run): Bar[] {
  const { better, blocked } = nativeRatios(results, run);
  if (better.length === 0) return [];
  const group = 'against the best native kernels, scaled by the FMA peak, without the seed layer';
  const mean = geometricMean(blocked.map(({ value }) => value));
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

function limitBars(results: Results, run: Run): Bar[] {
  const figures = overLimit(results, run);
  if (figures.length === 0) return [];
  const group = `time over limit, ${run.isa}`;
  const mean = geometricMean(figures.map(({ value }) => value));
  const text = 'geometric mean at most 1.25, without the seed layer';
  const bars: Bar[] = [{ group, text, figure: times(mean, 1.25), ok: mean <= 1.25 }];
  for (const [kind, bar] of Object.entries(KIND_BARS) as [keyof typeof KIND_BARS, number][]) {
    const those = figures.filter((figure) => figure.kind === kind);
    if (those.length > 0) bars.push(most(group, `at most ${bar} (${KIND_NAMES[kind]})`, those, bar));
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
      text: 'the seed layer under 1.5 us per forward(x)',
      figure: `${forwardMicroseconds.toFixed(2)} us`,
      ok: forwardMicroseconds < 1.5,
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
  if (memory === undefined || memory.length === 0) return [];
  const over = memory.map(({ name, threads, extraBytes }) => ({ name, value: extraBytes / threads / MIB }));
  const bar = most(
    'memory',
    'at most 2 MiB per thread beyond input and output, every layer, L = 10 million too',
    over,
    2,
  );
  return [{ ...bar, figure: bar.figure.replace(/x\b/g, ' MiB') }];
}

function scalingBars({ scaling }: Results): Bar[] {
  return (scaling ?? []).map((curve) => {
    const over = fitLine(curve).map(({ x, ratio }) => ({ name: `${curve.axis} = ${x}`, value: ratio }));
    return most('scaling', `cost along ${curve.axis} at most ${CLIFF}x a straight line`, over, CLIFF);
  });
}

function most(group: string, text: string, figures: readonly Figure[], bar: number): Bar {
  const failing = figures.filter(({ value }) => !(value <= bar)).sort((a, b) => b.value - a.value);
  return { group, text, figure: list(failing, figures, Math.max, bar), ok: failing.length === 0 };
}

function least(group: string, text: string, figures: readonly Figure[], bar: number): Bar {
  const failing = figures.filter(({ value }) => !(value >= bar)).sort((a, b) => a.value - b.value);
  return { group, text, figure: list(failing, figures, Math.min, bar), ok: failing.length === 0 };
}

/** What fails; when nothing does, what comes nearest to it. */
function list(
  failing: readonly Figure[],
  all: readonly Figure[],
  pick: (...values: number[]) => number,
  bar: number,
): string {
  if (failing.length > 0) return failing.map(({ name, value }) => `${name} ${times(value, bar)}`).join(', ');
  const worst = pick(...all.map(({ value }) => value));
  return `${times(worst, bar)} (${all.find(({ value }) => value === worst)!.name})`;
}

/** Two decimals, or more where two would hide on which side of the bar the value lies. */
export function times(value: number, bar: number): string {
  const side = Math.sign(value - bar);
  const digits = [2, 3].find((count) => Math.sign(Number(value.toFixed(count)) - bar) === side) ?? 4;
  return `${value.toFixed(digits)}x`;
}
