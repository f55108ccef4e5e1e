import type { Learned } from '../tensor/history.ts';
import { viewOf } from '../tensor/tensor.ts';
import type { Parameter } from './parameter.ts';

/** The parameters of a layer as gradients reach them: looked up once, since a parameter keeps its memory. */
export class LearnedViews {
  readonly #parameters: readonly (Parameter | null)[];
  readonly #views: Learned;

  constructor(parameters: readonly (Parameter | null)[]) {
    this.#parameters = parameters;
    this.#views = parameters.map((parameter) => viewOf(parameter) ?? null);
  }

  /** Of now: what was assigned to their `requiresGrad` is followed. */
  get(): Learned {
    for (let i = 0; i < this.#views.length; i++) {
      const parameter = this.#parameters[i]!;
      if (parameter !== null && parameter.requiresGrad !== (this.#views[i]!.history !== null)) viewOf(parameter);
    }
    return this.#views;
  }
}
