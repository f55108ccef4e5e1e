import { rand } from '../../lib/tensor/factories.ts';
import { manualSeed } from '../../lib/tensor/random/random.ts';

/** Random choices that are the same at every run. */
export class Dice {
  readonly #throws: Iterator<number>;

  constructor(seed: number) {
    manualSeed(seed);
    const { data } = rand(100_000, { dtype: 'float64' });
    this.#throws = data.values();
  }

  /** A number from 0 up to, not including, 1. */
  fraction(): number {
    const { value, done } = this.#throws.next();
    if (done) throw new Error('more throws are needed than were made');
    return value;
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<const T>(...choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }
}
