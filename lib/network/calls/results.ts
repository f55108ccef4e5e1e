import type { Dtype, Elements } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { viewOfAll } from '../../tensor/view.ts';
import { type Form, leafNames, putTogether } from '../trace/tree.ts';

/** The results of a network's calls. */
export interface Returns {
  readonly form: Form;
  /** Null if the outputs have no names. */
  readonly names: readonly string[] | null;
}

/** The outputs as the forward returns them, or by their names. */
export function resultOf(
  { form, names }: Returns,
  elements: readonly Elements[],
  metas: readonly Meta[],
  isNamed: boolean,
): unknown {
  const tensors = elements.map((each, i): Tensor<Dtype> => {
    const { dtype, shape } = metas[i]!;
    return tensorOf(viewOfAll(each, dtype, shape));
  });
  if (!isNamed) return putTogether(form, tensors.values());
  if (tensors.length === 1 && names === null) return tensors[0];
  const known = names ?? defaultNames(form);
  return Object.fromEntries(tensors.map((tensor, i) => [known[i]!, tensor]));
}

/** Names for all outputs, even if the caller gave none. */
export function namesOf({ form, names }: Returns): readonly string[] {
  return names ?? (form === 'leaf' ? ['output'] : defaultNames(form));
}

/** Names of outputs that nobody named: those of the object that the forward returns, or numbers. */
function defaultNames(form: Form): string[] {
  const isObject = form !== 'leaf' && !Array.isArray(form);
  return isObject ? leafNames(form, '') : leafNames(form, '').map((_, i) => `output${i}`);
}
