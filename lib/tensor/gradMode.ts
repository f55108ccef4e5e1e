import { typeError } from '../check/errors.ts';
import { isPromise } from '../check/promise.ts';
import { describe } from '../check/validate.ts';

let isEnabled = true;

/** Sets whether gradients are recorded; gives what was set before. */
export function setGradEnabled(enabled: boolean): boolean {
  const before = isEnabled;
  isEnabled = enabled;
  return before;
}

/**
 * Whether operations on tensors that require gradients are recorded: true but inside of {@link noGrad}. `torch.is_grad_enabled`.
 *
 * @example
 * noGrad(() => isGradEnabled());   // false
 * @category Gradients
 */
export function isGradEnabled(): boolean {
  return isEnabled;
}

/**
 * Computes without recording: results require no gradient, and keep nothing alive that a gradient would need. `with torch.no_grad()`.
 *
 * @param compute  runs at once; it may not be asynchronous, since what runs behind its first `await` would be recorded again
 * @returns        what it returns
 * @throws TypeError ERR_CONV1D_TYPE  when `compute` is no function, or returns a promise
 * @example
 * noGrad(() => conv.forward(rand(4, 2, 6))).requiresGrad;   // false
 * @category Gradients
 */
export function noGrad<T>(compute: () => T): T {
  return computeWith(false, compute, 'noGrad');
}

/**
 * Records again inside of {@link noGrad}. `with torch.enable_grad()`.
 *
 * @param compute  runs at once; it may not be asynchronous
 * @returns        what it returns
 * @throws TypeError ERR_CONV1D_TYPE  when `compute` is no function, or returns a promise
 * @example
 * noGrad(() => enableGrad(() => conv.forward(rand(4, 2, 6)))).requiresGrad;   // true
 * @category Gradients
 */
export function enableGrad<T>(compute: () => T): T {
  return computeWith(true, compute, 'enableGrad');
}

/** Computes with or without recording; `what` is who calls it, for messages. */
export function computeWith<T>(enabled: boolean, compute: () => T, what: string): T {
  if (typeof compute !== 'function') {
    throw typeError('ERR_CONV1D_TYPE', `${what}(): expected a function, but got ${describe(compute)}`);
  }
  const before = setGradEnabled(enabled);
  let result: T;
  try {
    result = compute();
  } finally {
    setGradEnabled(before);
  }
  if (!isPromise(result)) return result;
  // What it rejects with is of no more interest, and would end the process.
  result.then(undefined, () => undefined);
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what}(): the function returns a Promise, and what runs behind its first await would not be covered; call ${what}() behind the await`,
  );
}
