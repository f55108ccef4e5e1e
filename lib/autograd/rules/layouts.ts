import { runOperation } from '../../tensor/operation.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { clone } from '../../tensor/ops/clone.ts';
import { convert, converted } from '../../tensor/ops/convert.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { reshape } from '../../tensor/ops/reshape.ts';
import { split } from '../../tensor/ops/split.ts';
import { expand, narrow, permute, squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import { defineMultiRule, defineRule } from '../rule.ts';
import { reshaped, sumTo } from '../shapes.ts';
import { zerosOf } from '../zeros.ts';

// The same elements in other places, or of another dtype.

defineRule(clone, { name: 'CloneBackward0', backward: (_, gradient) => [gradient] });

defineRule(convert, {
  name: 'ToCopyBackward0',
  backward: ({ inputs: [x] }, gradient) => [converted(gradient, x!.dtype)],
});

defineRule(reshape, {
  // torch makes a copy where it must, too, and then gives another shape to that.
  name: (_, [x]) => (x!.isContiguous ? 'ReshapeAliasBackward0' : 'UnsafeViewBackward0'),
  backward: ({ inputs: [x] }, gradient) => [reshaped(gradient, x!.shape)],
});

defineRule(permute, {
  name: ({ isTransposed }) => (isTransposed ? 'TransposeBackward0' : 'PermuteBackward0'),
  backward: ({ attributes: { dims } }, gradient) => [
    runOperation(permute, [gradient], { dims: dims.map((_, dim) => dims.indexOf(dim)) }),
  ],
});

defineRule(squeeze, {
  name: ({ areAll }) => (areAll ? 'SqueezeBackward0' : 'SqueezeBackward1'),
  backward: ({ inputs: [x] }, gradient) => [reshaped(gradient, x!.shape)],
});

defineRule(unsqueeze, {
  name: 'UnsqueezeBackward0',
  backward: ({ inputs: [x] }, gradient) => [reshaped(gradient, x!.shape)],
});

defineRule(expand, { name: 'ExpandBackward0', backward: ({ inputs: [x] }, gradient) => [sumTo(gradient, x!)] });

defineRule(flip, {
  name: 'FlipBackward0',
  backward: ({ attributes }, gradient) => [runOperation(flip, [gradient], attributes)],
});

defineRule(cat, {
  name: ({ isStack }) => (isStack ? 'StackBackward0' : 'CatBackward0'),
  backward: ({ attributes: { dim }, inputs, needs, results: [result] }, gradient) => {
    let start = 0;
    return inputs.map((input, i) => {
      const { dtype, shape } = input!;
      // One of shape [0] counts for nothing.
      const length = shape.length === result!.shape.length ? shape[dim]! : 0;
      start += length;
      if (!needs[i]) return null;
      if (shape.length !== result!.shape.length) return zerosOf(input!);
      return converted(runOperation(narrow, [gradient], { dim, start: start - length, length }), dtype);
    });
  },
});

defineMultiRule(split, {
  name: ({ areGiven }) => (areGiven ? 'SplitWithSizesBackward0' : 'SplitBackward0'),
  backward: ({ attributes: { dim }, results }, gradients) => [
    runOperation(
      cat,
      gradients.map((gradient, i) => gradient ?? zerosOf(results[i]!)),
      { dim },
    ),
  ],
});
