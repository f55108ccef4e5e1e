/** The sizes that an axis may have in calls. */
export interface Range {
  /** Both included. */
  readonly least: number;
  readonly most: number;
  /** Of the sizes between, only those that differ from this one by a multiple of the step. */
  readonly one: number;
  readonly step: number;
}

/** A size that the forward takes, and what is known about others. */
export interface Axle {
  readonly size: number;
  /** If the forward takes this size, it takes all smaller ones. */
  readonly smallest: number;
  /** The step in which the size may change; 0 if it may not. */
  readonly step: number;
  /** How many sizes on either side, and from the smallest on, to try one by one: floors leave gaps, as `chunk(3)` of 4 elements makes two chunks. */
  readonly near: number;
}

/** How many steps beyond the known size to try; if the forward takes all of them, we assume that it has no limit. */
const FURTHEST = 4099;

/**
 * The range of sizes for which a forward computes as for the known one: a shorter input may be too short, or another case of the forward.
 *
 * @param accepts  whether the forward takes a size, and calls the same operations
 */
export function findRange({ size, smallest, step, near }: Axle, accepts: (size: number) => boolean): Range {
  if (step === 0) return { least: 0, most: Number.POSITIVE_INFINITY, one: 0, step: 1 };
  const below = Math.floor(Math.max(size - smallest, 0) / step);
  const down = furthest(below, near, Math.max(near, 1), (steps) => accepts(size - steps * step));
  const up = furthest(FURTHEST, near, 0, (steps) => accepts(size + steps * step));
  return {
    least: down === below ? 0 : size - down * step,
    most: up === FURTHEST ? Number.POSITIVE_INFINITY : size + up * step,
    one: size,
    step,
  };
}

/**
 * The largest number from 0 to `most` up to which all work. 0 works. It tries the nearest numbers, and the last ones, one by one. Between these,
 * it assumes that all numbers below one that works do work.
 */
function furthest(most: number, near: number, last: number, works: (steps: number) => boolean): number {
  const failing = (from: number, to: number): number | undefined => {
    for (let steps = from; steps <= to; steps++) if (!works(steps)) return steps;
    return undefined;
  };
  const begin = Math.min(near, most);
  const end = Math.max(most - last, begin);
  const first = failing(1, begin);
  if (first !== undefined) return first - 1;
  if (end > begin && !works(end)) {
    let [good, bad] = [begin, end];
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if (works(middle)) good = middle;
      else bad = middle;
    }
    return good;
  }
  return (failing(end + 1, most) ?? most + 1) - 1;
}
