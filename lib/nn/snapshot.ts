import { viewArgument } from '../tensor/arguments.ts';
import type { Elements } from '../tensor/dtype.ts';
import { versionOf, writeCount } from '../tensor/versions.ts';
import type { Parameter } from './parameter.ts';

/** The state that the parameters of a layer were in when it took its snapshot of them. */
export class Snapshot {
  readonly #states: readonly { readonly memory: Elements; readonly version: number }[];
  /** As of which count of writes nothing was written to them. */
  #writes = writeCount();

  constructor(parameters: Iterable<Parameter>) {
    this.#states = Array.from(parameters, (parameter) => {
      const memory = viewArgument(parameter, 'the parameter').storage;
      return { memory, version: versionOf(memory) };
    });
  }

  /** Whether this library has written to them since, as a step of an optimiser does; what others write is not seen. */
  isOld(): boolean {
    const writes = writeCount();
    if (writes === this.#writes) return false;
    if (this.#states.some(({ memory, version }) => versionOf(memory) !== version)) return true;
    this.#writes = writes;
    return false;
  }
}
