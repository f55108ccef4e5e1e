import { rangeError, typeError } from '../check/errors.ts';
import { allocateResult } from '../native/resultMemory.ts';
import { viewArgument } from '../tensor/arguments.ts';
import { apply } from '../tensor/dispatch.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { isRecorded, type Learned, tape } from '../tensor/history.ts';
import type { Operation } from '../tensor/operation.ts';
import { formatShape, MAX_NUMEL, numelOf, sameShape } from '../tensor/shape.ts';
import { type Tensor, tensorOf, tensorOfAll, viewOf } from '../tensor/tensor.ts';
import { isSymbol } from '../tensor/tracing.ts';
import { wrote } from '../tensor/versions.ts';
import { floatsOfView, type View, viewOfAll } from '../tensor/view.ts';
import { type Fit, fitToSize } from './fit.ts';
import type { Layer } from './layer.ts';
import { type ConvolutionAttributes, convolution, transposedConvolution } from './operation.ts';
import { refuseOverlap } from './overlaps.ts';
import type { Conv1dParameters } from './parameters.ts';
import { wrongInputDtype } from './wrongDtype.ts';

/**
 * One convolution with whatever a caller gave as `input` and `out`: checks both, makes the output where none was given, and hands
 * over to the native side, which checks every length again.
 *
 * @param out         what it is given is not recorded for gradients
 * @param outputSize  of a transposed convolution: how long the output should be
 * @param learned     weight and bias, as gradients reach them
 */
export function convolve(
  layer: Layer,
  input: Tensor,
  out: Tensor | undefined,
  outputSize: readonly number[] | undefined,
  learned: Learned,
): Tensor {
  const { parameters, native, weight, bias, packed } = layer;
  const x = viewOf(input);
  if (x !== undefined && isSymbol(x)) return traced(layer, x, out, outputSize);
  const { elements, fit } = checkedCall(layer, input, outputSize);
  const memory = out === undefined ? newMemory(parameters, fit) : memoryOfOut(layer, fit.outShape, out);
  if (packed !== null) packed(elements, fit.batch, fit.length, memory, fit.outputPadding);
  else native.forward(elements, fit.batch, fit.length, weight, bias, memory, fit.outputPadding);
  if (out !== undefined) return out;
  if (!isRecorded([x!], learned)) return tensorOfAll(memory, parameters.dtype, fit.outShape);
  const result = viewOfAll(memory, parameters.dtype, fit.outShape);
  const attributes: ConvolutionAttributes = { layer, outputSize };
  return tensorOf(tape().record(operationOf(layer), [x!], learned, attributes, [result])[0]!) as Tensor;
}

/** A convolution of a tensor that has no values yet: as an operation like any other. */
function traced(layer: Layer, x: View, out: Tensor | undefined, outputSize?: readonly number[]): Tensor {
  if (out !== undefined) {
    throw typeError(
      'ERR_CONV1D_TRACE',
      'the option out has no use in a network that is compiled, whose memory is planned; leave it away',
    );
  }
  return apply(operationOf(layer), [x], { layer, outputSize }) as Tensor;
}

function operationOf({ parameters }: Layer): Operation<ConvolutionAttributes> {
  return parameters.outputPadding === undefined ? convolution : transposedConvolution;
}

function newMemory({ dtype }: Conv1dParameters, { outShape, outNumel }: Fit): FloatArray {
  return allocateResult(dtype, outNumel <= MAX_NUMEL ? outNumel : numelOf(outShape)); // numelOf throws
}

/**
 * The memory of `out`, once it is what the result would have been, and neither weight nor bias.
 *
 * @param shape  the result's: an array that no other layer has, so that a view which was found to fit need not be checked again
 */
export function memoryOfOut({ parameters, weight, bias }: Layer, shape: readonly number[], value: Tensor): FloatArray {
  const out = viewOf(value) ?? outArgument(value, parameters);
  const known = out.checkedFor === shape;
  const memory = known ? floatsOfView(out) : checkedElements(out, shape, parameters);
  wrote(memory); // it is about to be
  if (known) return memory;
  // The native side compares addresses with all that it reads; with a snapshot it does not see weight and bias.
  refuseOverlap(memory, weight, 'weight');
  if (bias !== null) refuseOverlap(memory, bias, 'bias');
  out.checkedFor = shape;
  return memory;
}

/** A call whose input was checked. */
export interface Call {
  readonly elements: FloatArray;
  readonly fit: Fit;
}

/** A call of a layer with whatever was given as its input. */
export function checkedCall({ parameters, fits }: Layer, input: unknown, outputSize?: readonly number[]): Call {
  const { operator, dtype } = parameters;
  const x = viewOf(input) ?? viewArgument(input, `${operator}(): argument 'input' (position 1)`);
  const fit = outputSize === undefined ? fits.of(x.shape) : fitToSize(parameters, x.shape, outputSize);
  const elements = floatsOfView(x);
  if (x.dtype !== dtype) throw wrongInputDtype(x.dtype, dtype, parameters.outputPadding !== undefined);
  return { elements, fit };
}

/** Of what dtype `out` must be, and whose result it is. */
interface Expected extends Pick<Conv1dParameters, 'dtype'> {
  readonly operator: string;
}

/** The memory of `out`, once it is what the result would have been. */
export function checkedOut(value: Tensor, shape: readonly number[], parameters: Expected): FloatArray {
  const memory = checkedElements(outArgument(value, parameters), shape, parameters);
  wrote(memory); // it is about to be
  return memory;
}

function outArgument(value: Tensor, { operator }: Expected): View {
  return viewArgument(value, `${operator}(): argument 'out'`);
}

function checkedElements(out: View, shape: readonly number[], { operator, dtype }: Expected): FloatArray {
  if (!sameShape(out.shape, shape)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `expected out to have shape ${formatShape(shape)}, but got ${formatShape(out.shape)}; ${operator} does not resize it`,
    );
  }
  if (out.dtype !== dtype) {
    throw typeError('ERR_CONV1D_DTYPE', `Expected out tensor to have dtype ${dtype}, but got ${out.dtype} instead`);
  }
  if (out.strides !== null) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      'expected out to be contiguous, but got a view with gaps; pass a tensor of its own',
    );
  }
  return floatsOfView(out);
}
