/**
 * Random numbers that a seed decides: xorshift128 (G. Marsaglia, "Xorshift RNGs", 2003). Each part of the program has a generator of its
 * own, so that a change of one leaves the numbers of the others alone.
 */
export class Random {
  #a: number;
  #b = 362436069;
  #c = 521288629;
  #d = 88675123;

  /** @param seed  a whole number from 0 to 2 ** 31 */
  constructor(seed: number) {
    this.#a = 123456789 ^ seed;
    // Seeds that differ in one bit have given different numbers by then.
    for (let i = 0; i < 50; i++) this.next();
  }

  /** From 0 to 1, without 1. */
  next(): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8);
    return (this.#d >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** As `between`, for frequencies and gains: each octave is as likely as another. */
  betweenOctaves(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.next());
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!;
  }

  /** Of mean 0 and variance 1, by the formula of Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
