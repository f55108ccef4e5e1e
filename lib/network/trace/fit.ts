import { rangeError } from '../../check/errors.ts';

// Finds how integers depend on the sizes of the inputs, from their values for some sizes.

/** A size on which an integer may depend. */
export interface Source {
  /** The size in each trace. */
  readonly sizes: readonly number[];
  /** Where to find it for any inputs. */
  readonly from: Origin;
}

/** Where a size comes from: the product of the dimensions [begin, end) of an input, or one of the variables. */
export type Origin =
  | { readonly input: number; readonly begin: number; readonly end: number }
  | { readonly variable: number };

/** The sizes at a call that a node may use. */
export interface SizesAtCall {
  readonly shapes: readonly (readonly number[])[];
  readonly variables: readonly number[];
}

/** How an integer depends on sizes, as data: a linear function of one size, a multiple derived from it, or a linear function with a cycle of remainders. */
export interface Fit {
  readonly from: Origin;
  readonly line: Line;
  readonly multiple?: Multiple;
  readonly cycle?: Cycle;
}

/** `floor((factor * size + added) / divisor)`; the divisor is 1 if there is no floor. */
interface Line {
  readonly factor: number;
  readonly added: number;
  readonly divisor: number;
}

/** `ofValue * (unit * line + first - ofSize * size)`. */
interface Multiple {
  readonly unit: number;
  readonly first: number;
  readonly ofValue: number;
  readonly ofSize: number;
}

/** `rate * line + rest[size mod divisor]`, where the line counts whole cycles. */
interface Cycle {
  readonly rate: number;
  readonly rest: readonly number[];
}

/** The divisors to try, among them the usual strides of networks. */
const DIVISORS = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 18, 20, 24, 25, 30, 32, 36, 40, 48, 50, 60, 64, 80, 96, 100, 120, 128, 160,
  192, 200, 240, 250, 256, 300, 320, 384, 400, 480, 500, 512, 600, 640, 768, 800, 960, 1000, 1024, 1280, 1920, 2048,
];

/** The cycle lengths to try: strides of convolutions that divide their padding between both ends. */
const CYCLES = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32];

/** A cycle needs this many traces whose remainder another trace has, too. */
const LEAST_REPEATS = 3;

/** The largest factor to try beside a divisor. */
const MOST_TIMES = 64;

/**
 * Expresses an integer as `floor((factor * size + added) / divisor)` of one of some sizes, as a multiple derived from that, such as the next
 * multiple of 16 or the distance to it, or with a cycle, such as half that distance. Undefined if no expression fits all traces. The simplest one
 * wins: the smallest divisor, then the first source.
 */
export function fitInteger(values: readonly number[], sources: readonly Source[]): Fit | undefined {
  for (const divisor of DIVISORS) {
    for (const source of sources) {
      const line = fitLine(values, source.sizes, divisor);
      if (line !== undefined) return { from: source.from, line };
    }
  }
  for (const source of sources) {
    const found = fitMultiple(values, source.sizes);
    if (found !== undefined) return { from: source.from, ...found };
  }
  for (const period of CYCLES) {
    for (const source of sources) {
      const cycle = fitCycle(values, source.sizes, period);
      if (cycle !== undefined) return { from: source.from, line: { factor: 1, added: 0, divisor: period }, cycle };
    }
  }
  return undefined;
}

/** The integer at a call. */
export function integerAt({ from, line, multiple, cycle }: Fit, place: SizesAtCall): number {
  const size = sizeAt(from, place);
  const value = Math.floor((line.factor * size + line.added) / line.divisor);
  if (cycle !== undefined) return exact(cycle.rate * value + (cycle.rest[size % line.divisor] ?? 0));
  if (multiple === undefined) return exact(value);
  const { unit, first, ofValue, ofSize } = multiple;
  return exact(ofValue * (unit * value + first - ofSize * size) + 0); // not -0
}

/** A file may say anything about how sizes grow: refuses integers that are not exact. */
function exact(integer: number): number {
  if (Number.isSafeInteger(integer)) return integer;
  throw rangeError('ERR_CONV1D_SHAPE', `a number that depends on the sizes of the inputs is ${integer} for these`);
}

function sizeAt(from: Origin, { shapes, variables }: SizesAtCall): number {
  return 'variable' in from ? variables[from.variable]! : productOf(shapes[from.input]!, from.begin, from.end);
}

/** The product of the sizes [begin, end). */
export function productOf(shape: readonly number[], begin: number, end: number): number {
  return shape.slice(begin, end).reduce((all, size) => all * size, 1);
}

function fitLine(values: readonly number[], sizes: readonly number[], divisor: number): Line | undefined {
  if (sizes.every((size) => size === sizes[0])) return undefined;
  // The two sizes that are farthest apart bound the slope best.
  const smallest = sizes.indexOf(Math.min(...sizes));
  const largest = sizes.indexOf(Math.max(...sizes));
  const slope = (values[largest]! - values[smallest]!) / (sizes[largest]! - sizes[smallest]!);
  const middle = Math.round(slope * divisor);
  for (const factor of divisor === 1 ? [middle] : [middle, middle - 1, middle + 1]) {
    if (factor === 0 || Math.abs(factor) > MOST_TIMES * divisor) continue;
    // value <= (factor * size + added) / divisor < value + 1, for every trace.
    const least = Math.max(...values.map((value, i) => value * divisor - factor * sizes[i]!));
    const most = Math.min(...values.map((value, i) => (value + 1) * divisor - 1 - factor * sizes[i]!));
    if (least > most) continue;
    return { factor, added: least <= 0 && most >= 0 ? 0 : least, divisor };
  }
  return undefined;
}

/** Possible relations of a value to a size: the value itself, the excess over the size, or the rest below it. */
const BESIDE = [
  [1, 0],
  [1, 1],
  [-1, 1],
] as const;

/** Multiples of a floor, and their distances from a size. */
function fitMultiple(
  values: readonly number[],
  sizes: readonly number[],
): { line: Line; multiple: Multiple } | undefined {
  for (const [ofValue, ofSize] of BESIDE) {
    const multiples = values.map((value, i) => ofValue * value + ofSize * sizes[i]!);
    const [first] = multiples as [number];
    const unit = multiples.reduce((all, each) => greatestDivisor(all, Math.abs(each - first)), 0);
    if (unit < 2) continue;
    const steps = multiples.map((each) => (each - first) / unit);
    for (const divisor of DIVISORS) {
      const line = fitLine(steps, sizes, divisor);
      if (line !== undefined) return { line, multiple: { unit, first, ofValue, ofSize } };
    }
  }
  return undefined;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Finds a value that grows by `rate` from cycle to cycle, with the same remainders in each. A remainder that no trace has is that of the size before. */
function fitCycle(values: readonly number[], sizes: readonly number[], period: number): Cycle | undefined {
  // Two sizes at the same place of their cycles tell the rate.
  const places = new Map<number, number>();
  const second = sizes.findIndex((size, i) => {
    const first = places.get(size % period);
    if (first === undefined) places.set(size % period, i);
    return first !== undefined && size !== sizes[first];
  });
  if (second < 0) return undefined;
  const first = places.get(sizes[second]! % period)!;
  const rate = ((values[second]! - values[first]!) * period) / (sizes[second]! - sizes[first]!);
  if (!Number.isInteger(rate) || Math.abs(rate) > MOST_TIMES * period) return undefined;
  const rest = new Map<number, number>();
  for (const [i, size] of sizes.entries()) {
    const left = values[i]! - rate * Math.floor(size / period);
    const known = rest.get(size % period) ?? left;
    if (known !== left) return undefined;
    rest.set(size % period, left);
  }
  if (new Set(sizes).size - rest.size < LEAST_REPEATS) return undefined;
  let last = [...rest.values()][0]!;
  return {
    rate,
    rest: Array.from({ length: period }, (_, place) => {
      last = rest.get(place) ?? last;
      return last;
    }),
  };
}
