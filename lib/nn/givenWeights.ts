import type { Parameter } from './parameter.ts';

/** Weights for the layer that the constructor makes next. */
export class GivenWeights {
  readonly #weight: Parameter;
  readonly #bias: Parameter | null;

  constructor(weight: Parameter, bias: Parameter | null) {
    this.#weight = weight;
    this.#bias = bias;
  }

  static isGiven(value: unknown): value is GivenWeights {
    return typeof value === 'object' && value !== null && #weight in value;
  }

  get weight(): Parameter {
    return this.#weight;
  }

  get bias(): Parameter | null {
    return this.#bias;
  }
}
