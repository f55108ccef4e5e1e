/** A stretch of the arena, and the time for which it is needed: from the first step that writes it to the last that reads it. */
export interface Lifetime {
  readonly length: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Gives each stretch an offset, so that stretches needed at the same time do not overlap: the largest first, each at the lowest free
 * place. (Y. Pisarchyk and J. Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020: greedy by size.)
 *
 * @param alignment  of the beginnings, in elements
 */
export function placeInArena(lifetimes: readonly Lifetime[], alignment: number): number[] {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const order = [...lifetimes.keys()].sort((a, b) => lifetimes[b]!.length - lifetimes[a]!.length);
  const placed: number[] = []; // ascending by offset
  for (const i of order) {
    const { length, first, last } = lifetimes[i]!;
    let offset = 0;
    for (const j of placed) {
      const other = lifetimes[j]!;
      if (other.last < first || last < other.first) continue;
      if (offsets[j]! >= offset + length) break;
      offset = Math.max(offset, roundUp(offsets[j]! + other.length, alignment));
    }
    offsets[i] = offset;
    const at = placed.findIndex((j) => offsets[j]! > offset);
    placed.splice(at < 0 ? placed.length : at, 0, i);
  }
  return offsets;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
