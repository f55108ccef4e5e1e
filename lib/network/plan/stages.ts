import { channelwiseIndex } from '../../native/channelwise.ts';
import { binaryIndex, unaryIndex } from '../../native/pointwise.ts';
import type { ElementFunction } from '../../tensor/elementFunction.ts';
import type { Slab } from '../../tensor/steps.ts';

/** An element-wise function, and the places that it reads and writes, ready for native/core/run/epilogue.h. */
export interface Stage {
  readonly form: ElementFunction;
  readonly from: Slab;
  readonly to: Slab;
  /** The second operand. */
  readonly other?: Slab | undefined;
  readonly otherIsLeft: boolean;
  /** The parameters of channels. */
  readonly a?: Slab | undefined;
  readonly b?: Slab | undefined;
}

const UNARY = 0;
const CHANNEL = 1;
const BINARY = 2;
const NUMBERS = 9;

/**
 * Stages in the form of binding.d.ts.
 *
 * @param out  the outputs of the step, which stages need not name
 */
export function encodeStages(stages: readonly Stage[], out: Slab, place: (slab: Slab) => number): Float64Array {
  const numbers = new Float64Array(stages.length * NUMBERS);
  const own = (slab: Slab) => (slab.region === out.region && slab.offset === out.offset ? -1 : place(slab));
  for (const [i, stage] of stages.entries()) {
    const [kind, name, ...parameters] = encodeFunction(stage, place);
    numbers.set([kind!, name!, own(stage.from), own(stage.to), ...parameters], i * NUMBERS);
  }
  return numbers;
}

/** Kind, function, p, q, a, b and otherIsLeft. */
function encodeFunction({ form, other, otherIsLeft, a, b }: Stage, place: (slab: Slab) => number): number[] {
  const placeOf = (slab: Slab | undefined) => (slab === undefined ? -1 : place(slab));
  if (form.kind === 'unary') return [UNARY, unaryIndex(form.name), -1, -1, form.a, form.b, 0];
  if (form.kind === 'binary') {
    return [BINARY, binaryIndex(form.name), placeOf(other), -1, form.other ?? 0, 0, otherIsLeft ? 1 : 0];
  }
  if (a === undefined) return [UNARY, unaryIndex(form.name), -1, -1, form.a[0]!, form.b?.[0] ?? 0, 0];
  return [CHANNEL, channelwiseIndex(form.name), placeOf(a), placeOf(b), 0, 0, 0];
}
