import type { GradFn } from '../tensor/history.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The public face of a call that was recorded. */
export class GradFunction implements GradFn {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    Object.freeze(this);
  }

  /** As torch prints it, without the address. */
  toString(): string {
    return `<${this.name}>`;
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    return this.toString();
  }
}
