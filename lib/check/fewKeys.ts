import { quote } from './quote.ts';

/** How many keys a message names. */
const NAMED = 5;

/** The first of some keys for a message: `"a.weight", "a.bias" and 7 more`. */
export function fewKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'none';
  const named = keys.slice(0, NAMED).map(quote).join(', ');
  return keys.length > NAMED ? `${named} and ${keys.length - NAMED} more` : named;
}
