import { makeOperator, nativeArguments, type Operator } from './layer.ts';
import type { Conv1dParameters } from './parameters.ts';

/** How many are kept. */
const KEPT = 8;

/** Packing more weights takes far longer than making an operator; and one that was used keeps memory to pack as many again. */
const MOST_WEIGHTS = 2 ** 14;

interface Known {
  readonly key: readonly unknown[];
  readonly operator: Operator;
}

let known: Known[] = [];
let oldest = 0;

/**
 * An operator of these parameters for one call, with weights that come with it. To make one takes longer than a small convolution (1 us),
 * and the engine frees it in a turn of the event loop, which a loop of calls never sees: so the last few small ones are used again.
 */
export function recentOperator(parameters: Conv1dParameters): Operator {
  const { outChannels, inChannels, groups, kernelSize } = parameters;
  if ((outChannels * inChannels * kernelSize) / groups > MOST_WEIGHTS) return makeOperator(parameters);
  const key = nativeArguments(parameters);
  const found = known.find((each) => isSameKey(each.key, key));
  if (found !== undefined) return found.operator;
  const operator = makeOperator(parameters);
  known[oldest] = { key, operator };
  oldest = (oldest + 1) % KEPT;
  return operator;
}

/** For tests, which change the implementation that operators are made with. */
export function forgetOperators(): void {
  known = [];
  oldest = 0;
}

function isSameKey(a: readonly unknown[], b: readonly unknown[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
