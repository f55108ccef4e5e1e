import { rangeError } from '../../check/errors.ts';

/** Lets one call in at a time: a getter of what a call was given could make another. */
export class Turn {
  readonly #owner: string;
  #isTaken = false;

  /** @param owner  `stream` or `streams`, for the message */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** @throws RangeError ERR_CONV1D_STREAM  from within another call */
  run<T>(method: string, call: () => T): T {
    if (this.#isTaken) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `${method}() was called from within another call on the same ${this.#owner}; let that one end first`,
      );
    }
    this.#isTaken = true;
    try {
      return call();
    } finally {
      this.#isTaken = false;
    }
  }
}
