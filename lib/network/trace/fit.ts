import { rangeError } from '../../check/errors.ts';

// Integers that depend on the sizes of the inputs, found from what they were for some sizes.

/** What an integer may depend on, in each trace. */
export interface Source {
  /** The size in each trace. */
  readonly sizes: readonly number[];
  /** Where it is found for any inputs. */
  readonly from: Origin;
}

/** Where a size comes from: the product of the dimensions [begin, end) of an input, or one of the variables. */
export type Origin =
  | { readonly input: number; readonly begin: number; readonly end: number }
  | { readonly variable: number };

/** The sizes at a call, as a node sees them. */
export interface SizesAtCall {
  readonly shapes: readonly (readonly number[])[];
  readonly variables: readonly number[];
}

/** How an integer depends on sizes, as data: on a line through one of them, on multiples of that, or on what comes again and again. */
export interface Fit {
  readonly from: Origin;
  readonly line: Line;
  readonly multiple?: Multiple;
  readonly cycle?: Cycle;
}

/** `floor((factor * size + added) / divisor)`; the divisor is 1 where there is no floor. */
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

/** `rate * line + rest[size mod divisor]`, of a line that counts whole cycles of sizes. */
interface Cycle {
  readonly rate: number;
  readonly rest: readonly number[];
}

/** Divisors that are tried, the strides of networks among them. */
const DIVISORS = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 18, 20, 24, 25, 30, 32, 36, 40, 48, 50, 60, 64, 80, 96, 100, 120, 128, 160,
  192, 200, 240, 250, 256, 300, 320, 384, 400, 480, 500, 512, 600, 640, 768, 800, 960, 1000, 1024, 1280, 1920, 2048,
];

/** Cycles that are tried: strides whose padding is shared between both ends. */
const CYCLES = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32];

/** How many traces must say the same as others before a cycle is believed. */
const LEAST_REPEATS = 3;

/** The largest factor that is tried beside a divisor. */
const MOST_TIMES = 64;

/**
 * An integer as `floor((factor * size + added) / divisor)` of one of some sizes, or as what that leaves: the next multiple of 16, and how far
 * it is, or half of that. Undefined where nothing gives it in all traces. The simplest one wins: the smallest divisor, the first source.
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

/** What a network was read from may say anything of how sizes grow. */
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
  // The two that are farthest apart tell most about the slope.
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

/** How a value may stand beside a size: by itself, as what is above it, or as what is below it. */
const BESIDE = [
  [1, 0],
  [1, 1],
  [-1, 1],
] as const;

/** Multiples of a floor, and what they leave of a size or lack to it. */
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

/** What is a step higher for each cycle of sizes, and the same within all of them. Sizes that no trace had are as the one before. */
function fitCycle(values: readonly number[], sizes: readonly number[], period: number): Cycle | undefined {
  // Two of one place tell how much a cycle adds.
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
