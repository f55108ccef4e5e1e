import type { Fit } from '../trace/fit.ts';
import type { Range } from '../trace/range.ts';

type Line = Fit['line'];

/** What is known of sizes on a line, and whom to ask for more. */
interface Known {
  /** In each trace, and the number that they depend on. */
  readonly sizes: readonly number[];
  readonly numbers: readonly number[];
  /** Which numbers there may be. */
  readonly range: Range;
  /** Undefined where nobody knows. */
  sizeAt(number: number): number | undefined;
}

/**
 * The one line with a floor that all sizes lie on. Traces leave open what is added: many have the same floors at a few numbers. So it asks at
 * numbers where a floor begins for some of them and not for others, and halves what is left.
 *
 * @returns undefined where sizes are on no such line after all
 */
export function exactLine(line: Line, known: Known): Line | undefined {
  const { factor, divisor } = line;
  const { sizes, numbers, sizeAt } = known;
  const candidates = numbersFrom(numbers[0]!, divisor, known.range);
  let least = Math.max(...sizes.map((size, i) => size * divisor - factor * numbers[i]!));
  let most = Math.min(...sizes.map((size, i) => (size + 1) * divisor - 1 - factor * numbers[i]!));
  for (;;) {
    const crossing = crossingOf(factor, divisor, least, most, candidates);
    // Those that are left are equal at all numbers.
    if (crossing === undefined) return { ...line, added: least <= 0 && most >= 0 ? 0 : least };
    const { number, added } = crossing;
    const found = sizeAt(number);
    if (found === undefined) return line;
    const above = (factor * number + added) / divisor;
    if (found === above) least = added;
    else if (found === above - 1) most = added - 1;
    else return undefined;
  }
}

/** As many numbers that there may be as give all remainders. */
function numbersFrom(first: number, divisor: number, { least, most, step }: Range): number[] {
  const all = Array.from({ length: 2 * divisor + 1 }, (_, i) => first + (i - divisor) * step);
  return all.filter((number) => number >= least && number <= most);
}

/** A number at which a floor begins for what is added from `added` on, and not below, next to the middle of what is left. */
function crossingOf(
  factor: number,
  divisor: number,
  least: number,
  most: number,
  numbers: readonly number[],
): { number: number; added: number } | undefined {
  const middle = (least + 1 + most) / 2;
  let best: { number: number; added: number } | undefined;
  for (const number of numbers) {
    const behind = (((-factor * number - least - 1) % divisor) + divisor) % divisor;
    const added = least + 1 + behind;
    if (added > most) continue;
    if (best === undefined || Math.abs(added - middle) < Math.abs(best.added - middle)) best = { number, added };
  }
  return best;
}
