import type { Meta } from '../../tensor/operation.ts';
import { runOperation } from '../../tensor/operation.ts';
import { at } from '../../tensor/ops/at.ts';
import { narrow } from '../../tensor/ops/views.ts';
import type { View } from '../../tensor/view.ts';
import { put } from '../put.ts';
import { defineRule } from '../rule.ts';
import { zerosOf } from '../zeros.ts';

// Views of a part of a tensor: the gradient of all else is zero.

/** A gradient in its place among zeros. */
function scattered(gradient: View, x: Meta, pick: (zeros: View) => View): View {
  const zeros = zerosOf(x);
  put(gradient, pick(zeros));
  return zeros;
}

defineRule(at, {
  name: ({ indices }, [x]) => {
    // torch picks dimension by dimension, and leaves out a stretch that is all of one: the last pick gives the name.
    const last = indices.findLast((index, dim) => typeof index === 'number' || !isWhole(index, x!.shape[dim]!));
    return last === undefined ? 'AliasBackward0' : typeof last === 'number' ? 'SelectBackward0' : 'SliceBackward0';
  },
  backward: ({ attributes, inputs: [x] }, gradient) => [
    scattered(gradient, x!, (zeros) => runOperation(at, [zeros], attributes)),
  ],
});

function isWhole([start, stop]: readonly [number, number], size: number): boolean {
  return start === 0 && stop >= size;
}

defineRule(narrow, {
  name: 'SliceBackward0',
  backward: ({ attributes, inputs: [x] }, gradient) => [
    scattered(gradient, x!, (zeros) => runOperation(narrow, [zeros], attributes)),
  ],
});
