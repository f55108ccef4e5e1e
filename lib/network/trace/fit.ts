// Integers that depend on the sizes of the inputs, found from what they were for some sizes.

/** What an integer may depend on, in each trace. */
export interface Source {
  /** The size in each trace. */
  readonly sizes: readonly number[];
  /** The same for any inputs. */
  at(place: SizesAtCall): number;
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
export function fitInteger(
  values: readonly number[],
  sources: readonly Source[],
): ((place: SizesAtCall) => number) | undefined {
  for (const divisor of DIVISORS) {
    for (const source of sources) {
      const line = fitLine(values, source.sizes, divisor);
      if (line === undefined) continue;
      const { factor, added } = line;
      return (place) => Math.floor((factor * source.at(place) + added) / divisor);
    }
  }
  return undefined;
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
