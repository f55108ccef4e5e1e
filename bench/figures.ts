import { geometricMean, kindOf, type LayerKind, limitOf } from './limits.ts';
import { NATIVE, NATIVE_MACHINE, NATIVE_PEAK, type NativeTimes } from './natives.ts';
import { SEED, STFT } from './problems.ts';
import { type Algorithm, ours, type Results, type Run, roofOf, type Timed, type TimeKind, timeOf } from './results.ts';

/**
 * Debian's PyTorch, the one we have, leaves its kernels on some layers: above this ratio it is the fault of that build, or all
 * overhead, and says nothing of PyTorch; below the other it runs as it should.
 */
export const PYTORCH_STUMBLES = 30;
export const PYTORCH_RUNS = 5;

/** A layer's name with a number. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** The geometric mean; the Fourier transform, a class of its own, does not count. NaN of nothing. */
export function meanOf(figures: readonly Figure[]): number {
  return geometricMean(counted(figures).map(({ value }) => value));
}

/** Those that a mean counts. */
export function counted(figures: readonly Figure[]): readonly Figure[] {
  return figures.filter(({ name }) => name !== STFT.name);
}

/** The time of some implementation over that of another, layer by layer, where both have one. */
export function timeRatios(
  { problems }: Results,
  over: Timed | undefined,
  under: Timed | undefined,
  kind: TimeKind = 'shortest',
): Figure[] {
  return problems.flatMap(({ name }, layer) => {
    const [a, b] = [timeOf(over, layer, kind), timeOf(under, layer, kind)];
    return a === null || b === null ? [] : [{ name, value: a / b }];
  });
}

/** How many times as long as ours the fastest of some peers takes, layer by layer. */
export function ratios(
  results: Results,
  run: Run,
  ids: readonly string[],
  kind: TimeKind = 'shortest',
  algorithm: Algorithm = 'direct',
): Figure[] {
  const own = ours(run, algorithm);
  const all = run.peers
    .filter(({ id }) => ids.includes(id))
    .map((peer) => new Map(timeRatios(results, peer, own, kind).map(({ name, value }) => [name, value])));
  return results.problems.flatMap(({ name }) => {
    const values = all.map((one) => one.get(name)).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [{ name, value: Math.min(...values) }];
  });
}

/** The fast algorithms' time over that of the direct sum. */
export function fastRatios(results: Results, run: Run, isa?: string, kind: TimeKind = 'shortest'): Figure[] {
  return timeRatios(results, ours(run, 'fast', isa), ours(run, 'direct', isa), kind);
}

/** The direct sum's time over the limit, layer by layer; the seed layer, all overhead, left out. */
export function overLimit(
  { problems }: Results,
  run: Run,
  isa?: string,
): (Figure & { readonly kind: Exclude<LayerKind, 'overhead'> })[] {
  const roof = roofOf(run, isa);
  return problems.flatMap((problem, layer) => {
    const own = timeOf(ours(run, 'direct', isa), layer);
    const kind = kindOf(problem, roof);
    if (own === null || kind === 'overhead') return [];
    return [{ name: problem.name, value: own / limitOf(problem, roof).ms, kind }];
  });
}

/** Our time over that of native kernels, layer by layer, scaled by the FMA peak. */
export interface NativeRatios {
  /** Over the better of oneDNN on (N, C, L) and LIBXSMM. */
  readonly better: readonly Figure[];
  /** Over oneDNN in a layout of its own choice. */
  readonly blocked: readonly Figure[];
}

/** Null on machines of another kind than the one on which the native kernels ran. */
export function nativeRatios(results: Results, run: Run): NativeRatios | null {
  if (!NATIVE_MACHINE.test(results.machine.cpu)) return null;
  const scale = NATIVE_PEAK / roofOf(run).peak;
  const over = (millisecondsOf: (native: NativeTimes) => number) =>
    results.problems.flatMap(({ name }, layer) => {
      const native = NATIVE[name];
      const own = timeOf(ours(run), layer);
      // No call from JavaScript returns as soon as a native function does.
      if (native === undefined || own === null || name === SEED) return [];
      return [{ name, value: own / (scale * millisecondsOf(native)) }];
    });
  const better = over(({ ncl, libxsmm }) => Math.min(ncl, libxsmm ?? Number.POSITIVE_INFINITY));
  if (better.length === 0) return null;
  return { better, blocked: over(({ blocked }) => blocked) };
}

/** Two decimals, or more where two would hide on which side of the bar the value lies. */
export function times(value: number, bar: number): string {
  const side = Math.sign(value - bar);
  const digits = [2, 3].find((count) => Math.sign(Number(value.toFixed(count)) - bar) === side) ?? 4;
  return `${value.toFixed(digits)}x`;
}
