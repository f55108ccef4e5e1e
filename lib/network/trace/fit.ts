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

/** `floor((factor * size + added) / divisor)`, as data. */
export interface FittedInteger {
  readonly from: Origin;
  readonly factor: number;
  readonly added: number;
  readonly divisor: number;
}

/** The sizes at a call, as a node sees them. */
export interface SizesAtCall {
  readonly shapes: readonly (readonly number[])[];
  readonly variables: readonly number[];
}

/** Divisors that are tried, the strides of networks among them. */
const DIVISORS = [
  1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 80, 96, 100, 120, 128, 160, 200, 240, 256, 300, 320, 480, 512,
  600, 640, 960, 1024,
];

/** The largest factor that is tried beside a divisor. */
const MOST_TIMES = 64;

/**
 * An integer as `floor((factor * size + added) / divisor)` of one of some sizes; undefined where none gives it in all traces. The
 * simplest one wins: the first source, the smallest divisor.
 */
export function fitInteger(values: readonly number[], sources: readonly Source[]): FittedInteger | undefined {
  for (const divisor of DIVISORS) {
    for (const source of sources) {
      const line = fitLine(values, source.sizes, divisor);
      if (line === undefined) continue;
      return { from: source.from, ...line, divisor };
    }
  }
  return undefined;
}

/** A fitted integer at a call. */
export function integerAt({ from, factor, added, divisor }: FittedInteger, place: SizesAtCall): number {
  return Math.floor((factor * sizeAt(from, place) + added) / divisor);
}

/** A size at a call. */
function sizeAt(from: Origin, { shapes, variables }: SizesAtCall): number {
  return 'variable' in from ? variables[from.variable]! : productOf(shapes[from.input]!, from.begin, from.end);
}

/** The product of the sizes [begin, end). */
export function productOf(shape: readonly number[], begin: number, end: number): number {
  return shape.slice(begin, end).reduce((all, size) => all * size, 1);
}

function fitLine(values: readonly number[], sizes: readonly number[], divisor: number) {
  const first = sizes.findIndex((size) => size !== sizes[0]);
  if (first < 0) return undefined;
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
    if (least <= most) return { factor, added: least <= 0 && most >= 0 ? 0 : least };
  }
  return undefined;
}
