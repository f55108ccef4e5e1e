import { rangeError } from '../check/errors.ts';
import { connectAutograd } from '../tensor/history.ts';
import type { View } from '../tensor/view.ts';
import { backward } from './backward.ts';
import type { Made } from './node.ts';
import { record } from './record.ts';
import './rules/all.ts';

// Loaded with the package: from now on calls are recorded.
connectAutograd({ record, backward, retain });

function retain(view: View): void {
  const { history } = view;
  if (history === null) {
    throw rangeError('ERR_CONV1D_GRAD', "can't retain_grad on Tensor that has requires_grad=False");
  }
  if (history.node !== null) (history as Made).node.retained.set(history.index, view);
}
