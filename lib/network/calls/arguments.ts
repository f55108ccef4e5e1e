import { typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { Tensor, viewOf } from '../../tensor/tensor.ts';
import type { View } from '../../tensor/view.ts';
import { type Form, formatForm, isSameForm, takeApart } from '../trace/tree.ts';

/** The arguments of a network's calls. */
export interface Signature {
  /** How tensors are arranged in the arguments of forward. */
  readonly forms: readonly Form[];
  /** The names of the inputs; null if they have none. */
  readonly names: readonly string[] | null;
  /** The dtype and shape of all tensors in them. */
  readonly metas: readonly Meta[];
}

/** Whether the first argument is an object with all inputs by name. */
export function isByName({ names }: Signature, given: readonly unknown[]): boolean {
  return names !== null && given.length > 0 && isPlainObject(given[0]) && viewOf(given[0]) === undefined;
}

/** Options come after the inputs of the forward, or after an object of names. */
export function splitOptions(
  signature: Signature,
  given: readonly unknown[],
): { inputs: readonly unknown[]; options: unknown } {
  const count = isByName(signature, given) ? 1 : signature.forms.length;
  if (given.length > count + 1) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `network.forwardAsync(): expected ${counted(count)} and options, but got ${given.length} arguments`,
    );
  }
  return { inputs: given.slice(0, count), options: given[count] };
}

/** The tensors of a call; they must have the dtypes of compile()'s example. */
export function readInputs(signature: Signature, given: readonly unknown[]): View[] {
  const { forms, metas } = signature;
  const inputs = isByName(signature, given) ? byName(signature.names!, given[0] as Record<string, unknown>) : given;
  if (inputs.length !== forms.length) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `network.forward(): expected ${counted(forms.length)}, but got ${inputs.length}`,
    );
  }
  const leaves: Tensor<Dtype>[] = [];
  for (const [i, form] of forms.entries()) {
    const value = inputs[i];
    if (form === 'leaf' && Tensor.isTensor(value)) {
      leaves.push(value); // nearly always
      continue;
    }
    const what = `network.forward(): ${signature.names?.[i] ?? `input ${i}`}`;
    if (form !== 'leaf' && isSameForm(takeApart(value, what, leaves), form)) continue;
    throw typeError('ERR_CONV1D_TYPE', otherForm(signature, what, value, form));
  }
  const views = leaves.map((leaf) => viewOf(leaf)!);
  for (let i = 0; i < views.length; i++) {
    const { dtype } = metas[i]!;
    if (views[i]!.dtype === dtype) continue;
    throw typeError('ERR_CONV1D_DTYPE', `network.forward(): input ${i} must be ${dtype}, but is ${views[i]!.dtype}`);
  }
  return views;
}

function counted(count: number): string {
  return count === 1 ? '1 input' : `${count} inputs`;
}

function otherForm({ names }: Signature, what: string, value: unknown, form: Form): string {
  if (form !== 'leaf') return `${what} must be arranged as at compile(): ${formatForm(form)}`;
  const isNamed = isPlainObject(value) && names === null;
  return `${what} must be a Tensor, but got ${describe(value)}${isNamed ? '; for calls by name, compile() takes inputs: { name: tensor }' : ''}`;
}

function byName(names: readonly string[], given: Record<string, unknown>): unknown[] {
  const other = Object.keys(given).find((name) => !names.includes(name));
  if (other !== undefined) {
    throw typeError(
      'ERR_CONV1D_OPTION',
      `network.forward(): there is no input ${describe(other)}; it has ${names.join(', ')}`,
    );
  }
  return names.map((name) => given[name]);
}
