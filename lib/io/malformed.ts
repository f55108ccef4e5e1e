import { rangeError } from '../check/errors.ts';
import { formatShape, MAX_NUMEL } from '../tensor/shape.ts';

/** The error for a file that is not what it should be: `source` is its path, or what else names the bytes. */
export function malformed(source: string, sentence: string): RangeError {
  return rangeError('ERR_CONV1D_FORMAT', `${source}: ${sentence}`);
}

/** Whether UTF-8 can express the text: whether every surrogate has its partner. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The element count of a shape that a file declares; `what` names its owner in the error. */
export function declaredNumel(source: string, what: () => string, shape: readonly number[]): number {
  // The sizes besides a zero are checked too: whoever multiplies them later should not meet an infinity.
  let product = 1;
  let isEmpty = false;
  for (const size of shape) {
    if (size === 0) isEmpty = true;
    else product *= size;
  }
  if (product > MAX_NUMEL) {
    const reason = `more than the ${MAX_NUMEL} elements a tensor can have`;
    throw malformed(source, `${what()} has shape ${formatShape(shape)}, ${reason}`);
  }
  return isEmpty ? 0 : product;
}
