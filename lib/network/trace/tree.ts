import { typeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, isArray } from '../../check/validate.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** What a forward takes or returns: a tensor, or arrays and plain objects of them. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [name: string]: Tree<Leaf> };

/** A tree without its leaves: how to build another one like it. */
export type Form = 'leaf' | readonly Form[] | { readonly [name: string]: Form };

/** A deeper tree is a cycle, or a mistake. */
export const DEEPEST = 8;

/**
 * The form of an argument or a result; it appends the tensors to `leaves`. It reads arrays by length and index, each once.
 *
 * @param what  its name in messages
 */
export function takeApart(value: unknown, what: string, leaves: Tensor<Dtype>[], depth = 0): Form {
  if (Tensor.isTensor(value)) {
    leaves.push(value);
    return 'leaf';
  }
  if (depth < DEEPEST && isArray(value)) {
    return readList(value, what, 'tensors').map((each, i) => takeApart(each, `${what}[${i}]`, leaves, depth + 1));
  }
  if (depth < DEEPEST && isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, takeApart(each, `${what}.${name}`, leaves, depth + 1)]),
    );
  }
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what} must be a Tensor, or arrays or plain objects of tensors, but got ${describe(value)}`,
  );
}

/** A tree of this form; leaves are taken in order. */
export function putTogether<Leaf>(form: Form, leaves: Iterator<Leaf>): Tree<Leaf> {
  if (form === 'leaf') return leaves.next().value as Leaf;
  if (isArray(form)) return (form as readonly Form[]).map((each) => putTogether(each, leaves));
  return Object.fromEntries(Object.entries(form).map(([name, each]) => [name, putTogether(each as Form, leaves)]));
}

/** Whether two forms are the same. */
export function isSameForm(a: Form, b: Form): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A form as a message shows it: `[Tensor, { h: Tensor }]`. */
export function formatForm(form: Form): string {
  if (form === 'leaf') return 'Tensor';
  if (isArray(form)) return `[${(form as readonly Form[]).map(formatForm).join(', ')}]`;
  return `{ ${Object.entries(form)
    .map(([name, each]) => `${name}: ${formatForm(each as Form)}`)
    .join(', ')} }`;
}

/** Names for the leaves of a form: `x`, `states[0]`, `states.h`. */
export function leafNames(form: Form, name: string): string[] {
  if (form === 'leaf') return [name];
  if (isArray(form)) return (form as readonly Form[]).flatMap((each, i) => leafNames(each, `${name}[${i}]`));
  return Object.entries(form).flatMap(([key, each]) => leafNames(each as Form, name === '' ? key : `${name}.${key}`));
}
