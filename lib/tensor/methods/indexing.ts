import type { Dtype } from '../dtype.ts';

export interface IndexMethods<D extends Dtype, R extends number> {
  readonly dummy2?: [D, R];
}
export const indexMethods = {};
