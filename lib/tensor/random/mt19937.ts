/** The recurrence's degree and middle word, in 32-bit words. */
const WORDS = 624;
const MIDDLE = 397;

/**
 * The Mersenne Twister of Matsumoto and Nishimura (1998): 32 uniformly distributed bits at a time, the source of all of
 * torch's random numbers on a CPU.
 */
export class Mt19937 {
  readonly #state = new Uint32Array(WORDS);
  #next = WORDS;

  /** Only the low 32 bits of the seed count. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
    }
  }

  /** The next 32 bits, as an integer from 0 to 2^32 - 1. */
  next(): number {
    if (this.#next === WORDS) this.#twist();
    let bits = this.#state[this.#next++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return bits >>> 0;
  }

  /** Replaces all words of the state by the next ones of the recurrence. */
  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < WORDS; i++) {
      const following = state[i + 1 < WORDS ? i + 1 : 0]!;
      const joined = (state[i]! & 0x80000000) | (following & 0x7fffffff);
      const middle = state[i + MIDDLE < WORDS ? i + MIDDLE : i + MIDDLE - WORDS]!;
      state[i] = middle ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
