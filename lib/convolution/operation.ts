import { allocateResult } from '../native/resultMemory.ts';
import type { Operation } from '../tensor/operation.ts';
import { numelOf } from '../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../tensor/view.ts';
import { type Fit, fitToSize } from './fit.ts';
import type { Layer } from './layer.ts';
import { wrongInputDtype } from './wrongDtype.ts';

/** A convolution with its weights. */
export interface ConvolutionAttributes {
  readonly layer: Layer;
  /** Of a transposed one: how long the output should be. */
  readonly outputSize?: readonly number[] | undefined;
}

/** Either kind of convolution as an operation; layers call it by a shorter way where nobody traces (forward.ts). */
function operationOf(name: string): Operation<ConvolutionAttributes> {
  return {
    name,
    infer: ([x], attributes) => {
      const { outShape } = fitOf(x!.shape, attributes);
      const { dtype, outputPadding } = attributes.layer.parameters;
      if (x!.dtype !== dtype) throw wrongInputDtype(x!.dtype, dtype, outputPadding !== undefined);
      numelOf(outShape); // throws where they are too many
      return { dtype, shape: outShape };
    },
    run: ([x], attributes, { shape }) => {
      const { native, parameters, weight, bias, packed } = attributes.layer;
      const { batch, length, outputPadding } = fitOf(x!.shape, attributes);
      const out = allocateResult(parameters.dtype, numelOf(shape));
      if (packed !== null) packed(floatsOfView(x!), batch, length, out, outputPadding);
      else native.forward(floatsOfView(x!), batch, length, weight, bias, out, outputPadding);
      return viewOfAll(out, parameters.dtype, shape);
    },
    lower: (steps, [given], attributes) => {
      const { native, parameters } = attributes.layer;
      const { batch, length, outputPadding } = fitOf(given!.shape, attributes);
      const x = steps.contiguous(given!);
      const out = steps.result();
      const epilogue = steps.epilogue();
      steps.add([x, ...epilogue.reads], [out, ...epilogue.writes], (program, place) =>
        program.convolution(
          native,
          place(x),
          batch,
          length,
          parameters.padLeft,
          parameters.padRight,
          outputPadding ?? parameters.outputPadding ?? 0,
          place(out),
          epilogue.encode(place),
        ),
      );
      return [out];
    },
  };
}

function fitOf(shape: readonly number[], { layer, outputSize }: ConvolutionAttributes): Fit {
  return outputSize === undefined ? layer.fits.of(shape) : fitToSize(layer.parameters, shape, outputSize);
}

export const convolution = operationOf('conv1d');
export const transposedConvolution = operationOf('conv_transpose1d');
