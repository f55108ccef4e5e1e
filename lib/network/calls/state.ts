import { typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import type { StateDict } from '../../nn/stateDict.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** A state of its own memory; a subclass may call anything its state. */
export function copyOfState(state: unknown): StateDict {
  const entries = isPlainObject(state) ? Object.entries(state) : [['', state] as const];
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (Tensor.isTensor(value)) return [name, value.clone()];
      throw typeError('ERR_CONV1D_TYPE', `update(): the module's stateDict() gives ${describe(value)}, and no tensors`);
    }),
  );
}
