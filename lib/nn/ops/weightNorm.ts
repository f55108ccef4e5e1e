import type { Operation } from '../../tensor/operation.ts';
import { sameView, type View } from '../../tensor/view.ts';

/**
 * A parameter under weight norm, from its magnitude g and its direction v: g * v / ||v||. It was worked out before, and is only followed.
 */
export const weightNorm: Operation<{ readonly folded: View; readonly dim: number }> = {
  name: 'weight_norm',
  infer: (_, { folded: { dtype, shape } }) => ({ dtype, shape }),
  run: (_, { folded }) => sameView(folded),
};
