import { getNumThreads } from '../../native/runtime.ts';
import type { Meta } from '../../tensor/operation.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Ready } from './ready.ts';

/** A network keeps the plans of this many shapes; a service with more shapes plans again, which takes some microseconds per step. */
const MOST_PLANS = 16;

/** Makes a network ready for inputs of some shapes and a number of threads; `variables` are the L and N of the shapes. */
export type MakeReady = (inputs: readonly Meta[], variables: readonly number[], threads: number) => Ready;

/** The plans of a network by the shapes of its inputs. */
export class RecentPlans {
  readonly #make: MakeReady;
  readonly #known = new Map<string, Ready>(); // the plan used last comes last
  /** The plan used last, which needs no key. */
  #last:
    | { readonly threads: number; readonly shapes: readonly (readonly number[])[]; readonly ready: Ready }
    | undefined;

  constructor(make: MakeReady) {
    this.#make = make;
  }

  /** The plan of the last call, if that had inputs of these shapes, which then need no more checks. */
  recall(inputs: readonly Meta[]): Ready | undefined {
    const last = this.#last;
    return last !== undefined && last.threads === getNumThreads() && areAlike(last.shapes, inputs)
      ? last.ready
      : undefined;
  }

  /** Has {@link recall} find this plan. Call it after the inputs have been checked. */
  keep(inputs: readonly Meta[], ready: Ready): void {
    this.#last = { threads: getNumThreads(), shapes: inputs.map(({ shape }) => shape), ready };
  }

  of(inputs: readonly Meta[], variables: readonly number[]): Ready {
    const threads = getNumThreads();
    const key = `${threads} ${inputs.map(({ shape }) => shape.join()).join(' ')}`;
    const known = this.#known.get(key) ?? this.#make(inputs, variables, threads);
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_PLANS) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }
}

function areAlike(shapes: readonly (readonly number[])[], inputs: readonly Meta[]): boolean {
  for (let i = 0; i < shapes.length; i++) {
    if (shapes[i] !== inputs[i]!.shape && !sameShape(shapes[i]!, inputs[i]!.shape)) return false;
  }
  return true;
}
