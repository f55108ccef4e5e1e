import type { Layer } from '../../convolution/layer.ts';
import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { convolutionLayer, type Steps, transposedLayer } from '../layers.ts';
import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';
import { type Any, narrowed, run, view } from './tensors.ts';
import {
  asSignal,
  cutEnds,
  isPaddedByLength,
  WINDOW_ATTRIBUTES,
  windowsOf,
  withoutWholeDimensions,
} from './windows.ts';

/** The numbers of a weight or a bias, which must not depend on the values of the network's inputs. */
function numbersOf(tensor: Any): FloatArray {
  return elementsOfView(view(tensor)) as FloatArray;
}

/** A layer made of weights; made only once if they are fixed. */
function layerFor(call: Call, key: string, make: (bias: FloatArray | null) => Layer): Layer {
  return call.once(key, [1, 2], () => make(call.has(2) ? numbersOf(call.tensor(2)) : null));
}

function floatDtype(call: Call): FloatDtype {
  const dtype = call.dtype(1);
  if (isFloatDtype(dtype)) return dtype;
  throw onnxError(`the weight is of ${dtype}, and convolutions are of floats`);
}

function convolve(call: Call): Any {
  const dtype = floatDtype(call);
  const given = call.tensor(0);
  if (given.shape.length < 3) throw onnxError(`the input must be (N, C, L), but is [${given.shape.join(', ')}]`);
  const { x, weight, windows, restore } = withoutWholeDimensions(
    given,
    call.tensor(1),
    windowsOf(call, call.shape(1).slice(2), given.shape.slice(2)),
  );
  const [outChannels, perGroup] = weight.shape as [number, number];
  const signal = asSignal(call, x, windows, 'a convolution');
  const { kernel, stride, dilation, before, after } = signal.window;
  const groups = call.integer('group', 1);
  const steps: Steps = { stride, dilation, groups };
  // If the padding depends on the length, a node before the convolution adds it.
  const isOfLength = isPaddedByLength(call, signal.window);
  const padding = isOfLength ? ([0, 0] as const) : ([Math.max(before, 0), Math.max(after, 0)] as const);
  const from = isOfLength
    ? run(pad, [signal.x], { ends: [[before, after]], mode: 'constant', value: 0 })
    : cutEnds(signal.x, signal.window);
  const layer = layerFor(call, 'convolution', (bias) =>
    convolutionLayer([outChannels, perGroup, kernel], steps, padding, dtype, numbersOf(weight), bias),
  );
  return restore(signal.restore(run(convolution, [from], { layer })));
}

function convolveTransposed(call: Call): Any {
  const dtype = floatDtype(call);
  const [inChannels, perGroup, ...kernels] = call.shape(1) as [number, number, ...number[]];
  const x = call.tensor(0);
  const lengths = x.shape.slice(2);
  if (lengths.length < 1) throw onnxError(`the input must be (N, C, L), but is [${x.shape.join(', ')}]`);
  const count = lengths.length;
  const outputs = call.attributeIntegers('output_padding') ?? new Array<number>(count).fill(0);
  const sizes = call.attributeIntegers('output_shape')?.slice(-count);
  const windows = windowsOf(call, kernels, lengths).map((window, i) => {
    const auto = call.text('auto_pad', 'NOTSET');
    const { kernel, stride, dilation } = window;
    const whole = (lengths[i]! - 1) * stride + dilation * (kernel - 1) + 1;
    const size = sizes?.[i] ?? (auto.startsWith('SAME') ? lengths[i]! * stride : undefined);
    if (size === undefined) return { ...window, extra: outputs[i] ?? 0 };
    const total = whole + (outputs[i] ?? 0) - size;
    const half = Math.floor(Math.max(total, 0) / 2);
    const before = auto === 'SAME_UPPER' ? half : Math.max(total, 0) - half;
    return { ...window, before, after: Math.max(total, 0) - before, extra: (outputs[i] ?? 0) + Math.max(-total, 0) };
  });
  const other = windows.find(({ stride, extra }, i) => kernels[i] === 1 && (stride > 1 || extra > 0) && count > 1);
  if (other !== undefined)
    throw onnxError('a transposed convolution that stretches a second dimension is not computed');
  const signal = asSignal(call, x, windows, 'a transposed convolution');
  const { kernel, stride, dilation, before, after, extra } = signal.window as (typeof windows)[number];
  if (before < 0 || after < 0) throw onnxError('negative pads of a transposed convolution are not computed');
  // The layer cuts off equally much at both ends; a node after it cuts off the rest.
  const shared = Math.min(before, after);
  const steps: Steps = { stride, dilation, groups: call.integer('group', 1) };
  const layer = layerFor(call, `transposed ${shared} ${extra}`, (bias) =>
    transposedLayer([inChannels, perGroup, kernel], steps, shared, extra, dtype, numbersOf(call.tensor(1)), bias),
  );
  const whole = run(transposedConvolution, [signal.x], { layer });
  const length = whole.shape[2]! - (before - shared) - (after - shared);
  return signal.restore(narrowed(whole, 2, before - shared, length));
}

/** Convolutions. */
export const convolutions: Operators = {
  Conv: { inputs: [2, 3], attributes: [...WINDOW_ATTRIBUTES, 'group'], run: convolve },
  ConvTranspose: {
    inputs: [2, 3],
    attributes: [...WINDOW_ATTRIBUTES, 'group', 'output_padding', 'output_shape'],
    run: convolveTransposed,
  },
};
