/** The sizes of an axis that calls may have. */
export interface Range {
  /** Both included. */
  readonly least: number;
  readonly most: number;
  /** Those between that are apart from this one by a multiple of the step. */
  readonly one: number;
  readonly step: number;
}

/** A size that is at hand, and what is known of others. */
export interface Axle {
  readonly size: number;
  /** Where the forward takes this one, it takes all that are smaller. */
  readonly smallest: number;
  /** By how much the size may change; 0 where it may not. */
  readonly step: number;
  /** How many sizes on either side, and of the smallest, are tried one by one: floors leave holes, as `chunk(3)` of 4 elements, which makes two. */
  readonly near: number;
}

/** How many steps beyond the size at hand are tried; a forward that takes that many more is taken to have no limit. */
const FURTHEST = 4099;

/**
 * Between which sizes a forward computes as it does for the one at hand: what is shorter may be too short for it, or be another case in it.
 *
 * @param accepts  whether the forward takes a size, and the same course
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
 * The largest of the numbers from 0 to `most` that works, and all below. 0 does; the nearest, and the last, are tried one by one, and of those
 * between the ones below one that works are taken to work.
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
