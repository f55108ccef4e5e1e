import { RecurrentModule } from '../../nn/layers/recurrent.ts';
import type { Module } from '../../nn/module.ts';
import type { Meta } from '../../tensor/operation.ts';
import { viewOf } from '../../tensor/tensor.ts';
import type { Graph } from '../graph.ts';
import { type Attempt, type Axes, findAxes, resized } from './axes.ts';
import { type Compared, compare } from './compare.ts';
import { isCourseOf } from './course.ts';
import type { Source } from './fit.ts';
import { findRange, type Range } from './range.ts';
import { follow, type Tape } from './tape.ts';
import type { Form } from './tree.ts';

/** A forward as a graph, for inputs of all sizes that it takes. */
export interface Traced {
  readonly graph: Graph;
  readonly axes: Axes;
  readonly outputForm: Form;
  /** The shapes of the inputs in the first trace. */
  readonly metas: readonly Meta[];
  /** The ranges of N and L. */
  readonly batchRange: Range;
  readonly lengthRange: Range;
}

/**
 * The traces: by how much N, and by how many steps L, are larger. A floor shows only in several lengths; a limit, or the floor of a
 * large divisor, only in lengths that are far apart.
 */
const SIZES = [
  [0, 0],
  [1, 1],
  [2, 3],
  [0, 6],
  [1, 11],
  [3, 2],
  [0, 29],
  [37, 64],
  [1, 173],
  [0, 1009],
  [5, 4099],
] as const;

/** The most successive lengths to follow in search of the next step of a floor. */
const MOST_LENGTHS = 128;

/** How often to trace again with what the ends of ranges have shown. */
const MOST_ROUNDS = 4;

/** The tape of a forward with inputs of some sizes. */
interface Trace {
  readonly tape: Tape;
  readonly metas: readonly Meta[];
}

/**
 * Follows the forward of a module with several sizes of its inputs.
 *
 * @param varying  the dimensions of each input whose sizes may differ. Default: all
 */
export function traceGraph(
  module: Module,
  argumentForms: readonly Form[],
  metas: readonly Meta[],
  varying: readonly (readonly number[])[] = metas.map(({ shape }) => [...shape.keys()]),
): Traced {
  const first = follow(module, argumentForms, metas); // what it throws here, it throws for any reader of the message
  const attempt = remembering((other) => {
    try {
      return follow(module, argumentForms, other);
    } catch {
      return undefined; // the forward does not take such sizes, so they are fixed
    }
  });
  const axes = findAxes(metas, varying, first, attempt);
  const followed = (more: number, longer: number): Trace[] => {
    const sized = resized(resized(metas, axes.batch, more), axes.length, longer * axes.lengthStep);
    const tape = more === 0 && longer === 0 ? first : attempt(sized);
    return tape === undefined ? [] : [{ tape, metas: sized }];
  };
  const names = namesByWeights(module);
  const graphOf = (traces: readonly Trace[]) => {
    const tapes = traces.map(({ tape }) => tape);
    return compare(tapes, variablesOf(axes, traces), names);
  };
  const traces = SIZES.flatMap(([more, longer]) => followed(more, longer));
  let seen = 1;
  let last: Traced | undefined;
  for (let round = 0; ; ) {
    // Traces from the ends may fit a rule only until more lengths follow; they are a case of their own then.
    if (last !== undefined && !isGraph(() => graphOf(traces))) return last;
    const compared = graphOf(traces);
    const { graph, divisor } = compared;
    if (divisor > seen) {
      for (let i = seen; i < Math.min(divisor, MOST_LENGTHS); i++) traces.push(...followed(i, i));
      seen = divisor;
      continue;
    }
    const { ranges, others } = rangesOf(compared, { axes, metas, outputForm: first.outputForm }, attempt);
    round += 1;
    last = { graph, axes, outputForm: first.outputForm, metas, ...ranges };
    if (others.length === 0 || round > MOST_ROUNDS || !isGraph(() => graphOf([...traces, ...others]))) return last;
    traces.push(...others);
  }
}

/** The most entries of tapes to keep, of some hundred bytes each. */
const MOST_REMEMBERED = 2 ** 17;

/** Remembers tapes, since each round tries the same sizes again. */
function remembering(attempt: Attempt): Attempt {
  const known = new Map<string, Tape | undefined>();
  let entries = 0;
  return (metas) => {
    const key = metas.map(({ shape }) => shape.join()).join(' ');
    if (known.has(key)) return known.get(key);
    const tape = attempt(metas);
    entries += 1 + (tape?.entries.length ?? 0);
    if (entries <= MOST_REMEMBERED) known.set(key, tape);
    return tape;
  };
}

function isGraph(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

/** The sizes for which the forward is this graph, and its tapes beyond them. */
function rangesOf(
  { graph, divisor }: Compared,
  { axes, metas, outputForm }: Pick<Traced, 'axes' | 'metas' | 'outputForm'>,
  attempt: Attempt,
): { ranges: Pick<Traced, 'batchRange' | 'lengthRange'>; others: Trace[] } {
  const others: Trace[] = [];
  const accepts = (sized: readonly Meta[]): boolean => {
    const tape = attempt(sized);
    if (tape === undefined) return false;
    const shapes = sized.map(({ shape }) => shape);
    const isSame = isCourseOf(graph, outputForm, tape, variablesAt(axes, shapes));
    if (!isSame) others.push({ tape, metas: sized });
    return isSame;
  };
  const { batch, length, batchSize, lengthSize, lengthStep } = axes;
  const near = Math.min(divisor === 1 ? 0 : divisor ** 2, MOST_LENGTHS);
  // Treat an empty batch as a batch of one.
  const batchAxle = { size: batchSize, smallest: 1, step: Math.sign(batchSize), near };
  const lengthAxle = { size: lengthSize, smallest: 0, step: lengthStep, near };
  const ranges = {
    batchRange: findRange(batchAxle, (n) => accepts(resized(metas, batch, n - batchSize))),
    lengthRange: findRange(lengthAxle, (l) => accepts(resized(metas, length, l - lengthSize))),
  };
  return { ranges, others };
}

/** The names of modules, by the memory of their weights, and by the cells into which recurrent layers have packed theirs. */
function namesByWeights(module: Module): Map<unknown, string> {
  return new Map(
    module.namedModules().flatMap(([name, each]) => {
      const weight = viewOf((each as { weight?: unknown }).weight);
      const weights: readonly unknown[] = weight === undefined ? RecurrentModule.cellsOf(each) : [weight.storage];
      return weights.map((memory) => [memory, name] as const);
    }),
  );
}

/** N and L as sources, read from the inputs. */
function variablesOf(axes: Axes, traces: readonly Trace[]): Source[] {
  return [axes.length, axes.batch].map((places, i) => ({
    sizes: traces.map(({ metas }) =>
      numberAt(
        places,
        metas.map(({ shape }) => shape),
      ),
    ),
    from: { variable: i },
  }));
}

/** L and N of inputs with these shapes, in the order of the trace; 0 for one that does not exist. */
export function variablesAt({ length, batch, isSwapped }: Axes, shapes: readonly (readonly number[])[]): number[] {
  return (isSwapped ? [batch, length] : [length, batch]).map((places) => numberAt(places, shapes));
}

function numberAt(places: Axes['batch'], shapes: readonly (readonly number[])[]): number {
  const i = places.findIndex((axis) => axis !== null);
  return i < 0 ? 0 : shapes[i]![places[i]!.dim]! / places[i]!.times;
}
