// Not the global one: test runners replace it by one that waits for a call, or take it away.
import { setImmediate } from 'node:timers';

/** Counts what is under way, and tells when nothing is. */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  /** Counts a piece of work until its promise settles. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work;
    } finally {
      this.#count--;
      this.#release();
    }
  }

  /** Resolves once nothing is under way and those who waited for it have heard. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#release();
    });
  }

  /** A turn of the event loop later: whoever awaited the last piece of work comes first. */
  #release(): void {
    if (this.#count > 0 || this.#waiting.length === 0) return;
    setImmediate(() => {
      if (this.#count > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
