import { nn } from '../../../lib/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: forwards of any arguments and results
export type Forward = (...inputs: any[]) => any;

/** A module of a function, with layers and parameters as fields. */
export class Of extends nn.Module {
  readonly #forward: Forward;
  constructor(forward: Forward, fields: Readonly<Record<string, object>> = {}) {
    super();
    this.#forward = forward;
    Object.assign(this, fields);
  }
  override forward(...inputs: unknown[]): unknown {
    return this.#forward(...inputs);
  }
}
