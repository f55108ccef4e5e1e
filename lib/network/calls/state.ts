import { typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import type { StateDict } from '../../nn/stateDict.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** A copy of a state dict in memory of its own: a subclass of Module may return anything as its state. */
export function copyOfState(state: unknown): StateDict {
  const entries = isPlainObject(state) ? Object.entries(state) : [['', state] as const];
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (Tensor.isTensor(value)) return [name, value.clone()];
      throw typeError('ERR_CONV1D_TYPE', `update(): the module's stateDict() gives ${describe(value)}, and no tensors`);
    }),
  );
}
