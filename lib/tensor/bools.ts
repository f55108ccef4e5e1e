import { rangeError } from '../check/errors.ts';
import { dtypeOf, type Elements } from './dtype.ts';

/** RangeError ERR_CONV1D_VALUE when an array of bools has a byte that is neither: sums would count it as what it is, and masks as true. */
export function requireBools(elements: Elements, what: string): void {
  if (dtypeOf(elements) !== 'bool') return;
  const wrong = (elements as Uint8Array).findIndex((byte) => byte > 1);
  if (wrong < 0) return;
  throw rangeError('ERR_CONV1D_VALUE', `${what}(): element ${wrong} is ${elements[wrong]}, and a bool is 0 or 1`);
}
