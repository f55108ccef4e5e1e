import { addon } from '../native/addon.ts';
import { allocateResult } from '../native/resultMemory.ts';
import { numelOf } from '../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../tensor/view.ts';
import { type Fit, fitToSize } from './fit.ts';
import type { Operator } from './layer.ts';

// The gradients of a call of a convolution, transposed or not, from the gradient of its output.

/** What a call was given besides weights. */
export interface Called {
  /** Of its input. */
  readonly shape: readonly number[];
  /** Of a transposed convolution: how long the output should be. */
  readonly outputSize?: readonly number[] | undefined;
}

/** The gradient of the input, of its shape; `weight` is the one that the call had. */
export function inputGradient(operator: Operator, called: Called, gradient: View, weight: View): View {
  const { dtype } = operator.parameters;
  const { batch, length, outputPadding } = fitOf(operator, called);
  const out = allocateResult(dtype, numelOf(called.shape));
  operator.native.inputGradient(floatsOfView(gradient), batch, length, floatsOfView(weight), out, outputPadding);
  return viewOfAll(out, dtype, called.shape);
}

/** The gradient of the weight, of its shape: summed over batch and positions in one order, whatever the threads and the machine. */
export function weightGradient(operator: Operator, called: Called, x: View, gradient: View): View {
  const { dtype, weightShape } = operator.parameters;
  const { batch, length, outputPadding } = fitOf(operator, called);
  const out = allocateResult(dtype, numelOf(weightShape));
  operator.native.weightGradient(floatsOfView(x), batch, length, floatsOfView(gradient), out, outputPadding);
  return viewOfAll(out, dtype, weightShape);
}

/** The gradient of the bias, (outChannels): the sum over batch and positions. */
export function biasGradient({ parameters }: Operator, gradient: View): View {
  const { dtype, outChannels } = parameters;
  const [length, , batch = 1] = gradient.shape.toReversed() as [number, number, number?];
  const out = allocateResult(dtype, outChannels);
  addon.sumChannels(batch, outChannels, length, floatsOfView(gradient), out);
  return viewOfAll(out, dtype, Object.freeze([outChannels]));
}

function fitOf({ parameters, fits }: Operator, { shape, outputSize }: Called): Fit {
  return outputSize === undefined ? fits.of(shape) : fitToSize(parameters, shape, outputSize);
}
