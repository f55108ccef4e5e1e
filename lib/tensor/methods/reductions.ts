import type { Dtype } from '../dtype.ts';

export interface ReductionMethods<D extends Dtype, R extends number> {
  readonly dummy?: [D, R];
}
export const reductionMethods = {};
