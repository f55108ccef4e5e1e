import { glu } from '../../nn/ops/glu.ts';
import { runOperation } from '../../tensor/operation.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { NO_PARAMETERS, sigmoid } from '../../tensor/ops/unary.ts';
import { narrow } from '../../tensor/ops/views.ts';
import { negative, plus, times } from '../algebra.ts';
import { defineRule } from '../rule.ts';

defineRule(glu, {
  name: 'GluBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { dim }, saved: [x] }, gradient) => {
    const length = x!.shape[dim]! / 2;
    const [values, gates] = [0, length].map((start) => runOperation(narrow, [x!], { dim, start, length }));
    const s = runOperation(sigmoid, [gates!], NO_PARAMETERS);
    const ofValues = times(s, gradient);
    const ofGates = times(times(times(plus(negative(s), 1), s), gradient), values!);
    return [runOperation(cat, [ofValues, ofGates], { dim })];
  },
});
