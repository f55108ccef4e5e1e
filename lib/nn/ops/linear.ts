import { rangeError, typeError } from '../../check/errors.ts';
import type { Layer } from '../../convolution/layer.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** x times the transposed weight, plus the bias: a convolution over signals of length 1. */
export const linear: Operation<{ readonly layer: Layer }> = {
  name: 'linear',
  infer: ([x], { layer }) => {
    const { inChannels, outChannels, dtype } = layer.parameters;
    const { shape } = x!;
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const features = shape.at(-1);
    if (features === undefined) {
      throw rangeError('ERR_CONV1D_SHAPE', 'both arguments to matmul need to be at least 1D, but they are 0D and 2D');
    }
    if (features !== inChannels) {
      const sentence =
        outChannels === 1 && shape.length === 1
          ? `size mismatch, got 1, 1x${inChannels},${features}`
          : `mat1 and mat2 shapes cannot be multiplied (${rows}x${features} and ${inChannels}x${outChannels})`;
      throw rangeError('ERR_CONV1D_SHAPE', sentence);
    }
    if (x!.dtype !== dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `mat1 and mat2 must have the same dtype; the input is ${x!.dtype}, the weight ${dtype}`,
      );
    }
    return { dtype, shape: Object.freeze(shape.with(-1, outChannels)) };
  },
  run: ([x], { layer }, { shape }) => {
    const { parameters, native, weight, bias, packed } = layer;
    const numel = numelOf(shape);
    const out = allocateResult(parameters.dtype, numel);
    const rows = numel / parameters.outChannels;
    if (rows > 0) {
      const elements = floatsOfView(x!);
      if (packed !== null) packed(elements, rows, 1, out);
      else native.forward(elements, rows, 1, weight, bias, out);
    }
    return viewOfAll(out, parameters.dtype, shape);
  },
  lower: (steps, [given], { layer }) => {
    const x = steps.contiguous(given!);
    const out = steps.result();
    const epilogue = steps.epilogue();
    const rows = numelOf(x.shape.slice(0, -1));
    steps.add([x, ...epilogue.reads], [out, ...epilogue.writes], (program, place) =>
      program.convolution(layer.native, place(x), rows, 1, 0, 0, 0, place(out), epilogue.encode(place)),
    );
    return [out];
  },
};
