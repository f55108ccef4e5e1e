import type { Bar } from './barChecks.ts';
import { counted, type Figure, fastRatios, meanOf, times } from './figures.ts';
import { geometricMean } from './limits.ts';
import type { Problem } from './problems.ts';
import { isaName, ours, type Results, type Run, threadsText, timeOf } from './results.ts';

/** What the fast algorithms must bring for a class of layers: their time over that of the direct sum, geometric mean. */
interface FastClass {
  readonly text: string;
  readonly bar: number;
  has(problem: Problem): boolean;
}

const narrowest = ({ inChannels, outChannels }: Problem) => Math.min(inChannels, outChannels);
const isDense = ({ groups }: Problem) => groups === 1;
const isTransform = ({ weights }: Problem) => weights === 'dft';
const LONG_KERNEL = 128;

export const FAST_CLASSES: readonly FastClass[] = [
  {
    text: 'dense, K = 3, 64 or more channels in and out',
    bar: 0.6,
    has: (p) => isDense(p) && p.kernelSize === 3 && narrowest(p) >= 64,
  },
  {
    text: `dense, K from 7 below ${LONG_KERNEL}, 32 or more channels in and out`,
    bar: 0.4,
    has: (p) => isDense(p) && p.kernelSize >= 7 && p.kernelSize < LONG_KERNEL && narrowest(p) >= 32,
  },
  { text: `K >= ${LONG_KERNEL}`, bar: 0.3, has: (p) => p.kernelSize >= LONG_KERNEL && !isTransform(p) },
  { text: 'windowed DFT', bar: 0.2, has: isTransform },
];

/** All layers of real networks as a whole. */
const WHOLE_BAR = 0.65;

/** Every bar about 'fast' that a run can tell about with an instruction set. */
export function fastBars(results: Results, run: Run, isa: string): Bar[] {
  const all = fastRatios(results, run, isa);
  if (all.length === 0) return [];
  const group = `fast over direct, ${isaName(isa)}, ${threadsText(run.threads)}`;
  const problems = new Map(results.problems.map((problem) => [problem.name, problem]));
  const classes = FAST_CLASSES.flatMap(({ text, bar, has }): Bar[] => {
    const those = all.filter(({ name }) => has(problems.get(name)!));
    if (those.length === 0) return [];
    const mean = geometricMean(those.map(({ value }) => value));
    const each = those.map(({ name, value }) => `${name} ${value.toFixed(2)}`).join(', ');
    return [{ group, text: `at most ${bar}: ${text}`, figure: `${times(mean, bar)} (${each})`, ok: mean <= bar }];
  });
  const layers = counted(all).length;
  if (layers === 0) return classes;
  const mean = meanOf(all);
  const figure = `${times(mean, WHOLE_BAR)}; all times added up ${sumRatio(results, run, isa, all).toFixed(2)}x`;
  const text = `at most ${WHOLE_BAR}: geometric mean of ${layers} layers`;
  return [...classes, { group, text, figure, ok: mean <= WHOLE_BAR }];
}

/** One call of each layer, fast, over the same direct. */
function sumRatio({ problems }: Results, run: Run, isa: string, compared: readonly Figure[]): number {
  const names = new Set(counted(compared).map(({ name }) => name));
  const sum = (algorithm: 'fast' | 'direct') =>
    problems.reduce((total, { name }, layer) => {
      return names.has(name) ? total + timeOf(ours(run, algorithm, isa), layer)! : total;
    }, 0);
  return sum('fast') / sum('direct');
}
