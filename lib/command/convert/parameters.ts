import { rangeError } from '../../check/errors.ts';
import { LAYOUTS, type Layout } from '../../io/checkpoint/layout.ts';

export function parseLayout(text: string): Layout {
  const layout = LAYOUTS.find((known) => known === text);
  if (layout === undefined) throw rangeError('ERR_CONV1D_VALUE', `expected one of ${LAYOUTS.join(', ')}`);
  return layout;
}

/** `conv/kernel=2,1,0`; a name may have equals signs, too. */
export function parseOrder(text: string): { name: string; order: readonly number[] } {
  const [, name, order] = /^(.+)=(\d{1,2}(?:,\d{1,2})*)$/.exec(text) ?? [];
  if (name === undefined || order === undefined) {
    throw rangeError('ERR_CONV1D_VALUE', 'expected a name and an order of dimensions, NAME=2,1,0');
  }
  return { name, order: order.split(',').map(Number) };
}

/** A number of bytes in digits only. */
export function parseBytes(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw rangeError('ERR_CONV1D_VALUE', 'expected a whole number of bytes');
  return bytes;
}
