import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';

/** Operators that choose a branch, or that do nothing in inference. */
export const control: Operators = {
  If: {
    inputs: [1, 1],
    outputs: Number.POSITIVE_INFINITY,
    attributes: ['then_branch', 'else_branch'],
    branch: (call) => (call.number(0) !== 0 ? 'then_branch' : 'else_branch'),
  },
  Dropout: {
    inputs: [1, 3],
    outputs: 2,
    attributes: ['ratio', 'seed', 'is_test'],
    run: (call) => {
      const x = call.tensor(0);
      if (call.has(2) && !call.isZero(2))
        throw onnxError('training_mode is not computed: export the model for inference');
      return call.wants(1) ? [x, call.filled(x.shape, 1, 'bool')] : x;
    },
  },
};
