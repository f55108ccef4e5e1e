import type { Dtype } from '../../tensor/dtype.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { expand, narrow, squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import { broadcastShape } from '../../tensor/shape.ts';
import type { Call } from '../call.ts';
import { elementType } from '../file/types.ts';
import { onnxError } from '../onnxError.ts';
import { integers } from '../operations/make.ts';
import type { Operators } from '../operator.ts';
import {
  type Any,
  axesOf,
  axisOf,
  converted,
  narrowed,
  padded,
  permuted,
  reshaped,
  run,
  sizeOf,
  strided,
} from './tensors.ts';

/** A list of integers that is an attribute of old operator sets, and an input of new ones. */
export function listOf(call: Call, attribute: string, input: number): number[] | null {
  return call.attributeIntegers(attribute) ?? call.optionalIntegers(input);
}

/** The sizes that Reshape asks for: 0 is that of the input, unless `allowzero`. */
function reshape(call: Call): Any {
  const x = call.tensor(0);
  const sizes = listOf(call, 'shape', 1);
  if (sizes === null) throw onnxError('there is no shape');
  if (call.flag('allowzero')) return reshaped(x, sizes);
  const kept = sizes.map((size, dim) => {
    if (size !== 0) return size;
    if (dim < x.shape.length) return x.shape[dim]!;
    throw onnxError(`size ${dim} shall be that of the input, which has ${x.shape.length} dimensions`);
  });
  return reshaped(x, kept);
}

function squeezed(call: Call): Any {
  const x = call.tensor(0);
  const axes = listOf(call, 'axes', 1);
  const dims = axes === null ? [...x.shape.keys()].filter((dim) => x.shape[dim] === 1) : axesOf(axes, x.shape.length);
  return run(squeeze, [x], { dims });
}

function unsqueezed(call: Call): Any {
  const x = call.tensor(0);
  const axes = listOf(call, 'axes', 1) ?? [];
  return axesOf(axes, x.shape.length + axes.length).reduce((y, dim) => run(unsqueeze, [y], { dim }), x);
}

function flattened(call: Call): Any {
  const x = call.tensor(0);
  const given = call.integer('axis', 1);
  const axis = given === x.shape.length ? given : axisOf(given, x.shape.length);
  return reshaped(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

function concatenated(call: Call): Any {
  const all = call.tensors();
  const axis = axisOf(call.integer('axis', 1), all[0]!.shape.length);
  // ONNX counts what has no elements by its shape, torch leaves [0] out: with one dimension both are the same.
  return all.length === 1 ? all[0]! : run(cat, all, { dim: axis });
}

function split(call: Call): Any[] {
  const x = call.tensor(0);
  const axis = axisOf(call.integer('axis', 0), x.shape.length);
  const length = x.shape[axis]!;
  const sizes = listOf(call, 'split', 1) ?? evenly(length, call);
  if (sizes.some((size) => size < 0) || sizes.reduce((sum, size) => sum + size, 0) !== length) {
    throw onnxError(`the parts ${sizes.join(', ')} are not the ${length} of axis ${axis}`);
  }
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return narrowed(x, axis, start - size, size);
  });
}

/** As many parts as there are outputs, the last one shorter where they do not divide the length. */
function evenly(length: number, call: Call): number[] {
  const count = call.hasAttribute('num_outputs') ? call.integer('num_outputs', 1) : call.node.outputs.length;
  if (count < 1 || count > call.node.outputs.length)
    throw onnxError(`there are ${call.node.outputs.length} outputs for ${count} parts`);
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => Math.max(Math.min(size, length - i * size), 0));
}

/** A slice of each axis that is named, as Python's. */
function sliced(call: Call): Any {
  const x = call.tensor(0);
  const [starts, stops] = [listOf(call, 'starts', 1), listOf(call, 'ends', 2)];
  if (starts === null || stops === null) throw onnxError('starts or ends are missing');
  const axes = listOf(call, 'axes', 3) ?? starts.map((_, i) => i);
  const steps = call.optionalIntegers(4) ?? starts.map(() => 1);
  if (stops.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw onnxError('starts, ends, axes and steps are not as many');
  }
  let y = x;
  for (const [i, given] of axes.entries())
    y = sliceOf(call, y, axisOf(given, x.shape.length), starts[i]!, stops[i]!, steps[i]!);
  return y;
}

/** Exporters write this or more for the end of a dimension. */
const END = 2 ** 31 - 1;

function sliceOf(call: Call, x: Any, dim: number, start: number, stop: number, step: number): Any {
  const picked = (y: Any, first: number, count: number) => {
    if (Math.abs(step) !== 1) return strided(call, y, dim, first, Math.abs(step), count);
    // A slice that takes the whole of this size may not take the whole of another one.
    const isWhole = step > 0 ? start === 0 && stop >= END : (start === -1 || start >= END) && stop <= -END;
    return isWhole || call.isOfOneSize
      ? narrowed(y, dim, first, count)
      : run(narrow, [y], { dim, start: first, length: count });
  };
  const size = x.shape[dim]!;
  const fromEnd = (at: number) => (at < 0 ? at + size : at);
  if (step === 0) throw onnxError('a step of 0 leads nowhere');
  if (step > 0) {
    const first = Math.min(Math.max(fromEnd(start), 0), size);
    const end = Math.min(Math.max(fromEnd(stop), first), size);
    return picked(x, first, Math.ceil((end - first) / step));
  }
  // Backwards: the same of what is turned round.
  const first = Math.min(Math.max(fromEnd(start), -1), size - 1);
  const end = Math.min(Math.max(fromEnd(stop), -1), first);
  const count = Math.ceil((first - end) / -step);
  return picked(run(flip, [x], { dims: [dim] }), size - 1 - first, count);
}

function transposed(call: Call): Any {
  const x = call.tensor(0);
  const ndim = x.shape.length;
  const order = call.attributeIntegers('perm') ?? [...x.shape.keys()].reverse();
  const dims = order.map((dim) => axisOf(dim, ndim));
  if (dims.length !== ndim || new Set(dims).size !== ndim)
    throw onnxError(`perm is ${order.join(', ')}, for ${ndim} dimensions`);
  return permuted(x, dims);
}

function expanded(call: Call): Any {
  const x = call.tensor(0);
  const shape = broadcastShape(x.shape, call.integers(1));
  return run(expand, [x], { sizes: shape });
}

function tiled(call: Call): Any {
  const x = call.tensor(0);
  const repeats = call.integers(1);
  const { shape } = x;
  if (repeats.length !== shape.length)
    throw onnxError(`there are ${repeats.length} repeats for ${shape.length} dimensions`);
  if (repeats.some((times) => times < 0)) throw onnxError('a tensor cannot be repeated less than 0 times');
  if (repeats.every((times) => times === 1)) return x;
  // (1, n, 1, m) repeated in front of each size.
  const between = reshaped(
    x,
    shape.flatMap((size) => [1, size]),
  );
  const whole = run(expand, [between], { sizes: shape.flatMap((size, dim) => [repeats[dim]!, size]) });
  return reshaped(
    whole,
    shape.map((size, dim) => size * repeats[dim]!),
  );
}

function padding(call: Call): Any {
  const x = call.tensor(0);
  const ndim = x.shape.length;
  const pads = listOf(call, 'pads', 1) ?? call.attributeIntegers('paddings');
  if (pads === null) throw onnxError('there are no pads');
  const axes = call.has(3) ? call.integers(3).map((axis) => axisOf(axis, ndim)) : [...x.shape.keys()];
  if (pads.length !== 2 * axes.length) throw onnxError(`there are ${pads.length} pads for ${axes.length} axes`);
  const mode = MODES[call.oneOf('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant')];
  const value = call.has(2) ? call.number(2) : call.float('value', 0);
  const all = x.shape.map((_, dim): [number, number] => {
    const at = axes.indexOf(dim);
    return at < 0 ? [0, 0] : [pads[at]!, pads[at + axes.length]!];
  });
  return padded(x, all, mode, value);
}

const MODES = { constant: 'constant', reflect: 'reflect', edge: 'replicate', wrap: 'circular' } as const;

/** Some of the sizes of the input. */
function shapeOf(call: Call): Any {
  const shape = call.shape(0);
  const clamped = (at: number) => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  const [start, stop] = [clamped(call.integer('start', 0)), clamped(call.integer('end', shape.length))];
  return call.make(integers, { values: shape.slice(start, Math.max(start, stop)), isScalar: false });
}

function castTo(call: Call): Any {
  const x = call.tensor(0);
  const type = elementType(call.integer('to', 0), 'the result');
  return cast(x, type.dtype);
}

function cast(x: Any, dtype: Dtype): Any {
  return converted(x, dtype);
}

/** Blocks of channels that become positions of two dimensions, or the reverse. */
function depthToSpace(call: Call): Any {
  const x = call.tensor(0);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const size = call.integer('blocksize', 1);
  const rest = c / (size * size);
  const isCrd = call.oneOf('mode', ['DCR', 'CRD'], 'DCR') === 'CRD';
  const parts = reshaped(x, isCrd ? [n, rest, size, size, h, w] : [n, size, size, rest, h, w]);
  return reshaped(permuted(parts, isCrd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]), [n, rest, h * size, w * size]);
}

function spaceToDepth(call: Call): Any {
  const x = call.tensor(0);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const size = call.integer('blocksize', 1);
  const parts = reshaped(x, [n, c, h / size, size, w / size, size]);
  return reshaped(permuted(parts, [0, 3, 5, 1, 2, 4]), [n, c * size * size, h / size, w / size]);
}

/** Shapes, and the order and choice of elements. */
export const shapes: Operators = {
  Reshape: { inputs: [1, 2], attributes: ['shape', 'allowzero'], run: reshape },
  Squeeze: { inputs: [1, 2], attributes: ['axes'], run: squeezed },
  Unsqueeze: { inputs: [1, 2], attributes: ['axes'], run: unsqueezed },
  Flatten: { inputs: [1, 1], attributes: ['axis'], run: flattened },
  Concat: { inputs: [1, Number.POSITIVE_INFINITY], attributes: ['axis'], run: concatenated },
  Split: {
    inputs: [1, 2],
    outputs: Number.POSITIVE_INFINITY,
    attributes: ['axis', 'split', 'num_outputs'],
    run: split,
  },
  Slice: { inputs: [1, 5], attributes: ['starts', 'ends', 'axes'], run: sliced },
  Transpose: { inputs: [1, 1], attributes: ['perm'], run: transposed },
  Expand: { inputs: [2, 2], run: expanded },
  Tile: { inputs: [2, 2], run: tiled },
  Pad: { inputs: [1, 4], attributes: ['mode', 'pads', 'paddings', 'value'], run: padding },
  DepthToSpace: { inputs: [1, 1], attributes: ['blocksize', 'mode'], run: depthToSpace },
  SpaceToDepth: { inputs: [1, 1], attributes: ['blocksize'], run: spaceToDepth },
  Shape: { inputs: [1, 1], attributes: ['start', 'end'], readsShapeOf: [0], run: shapeOf },
  Size: {
    inputs: [1, 1],
    readsShapeOf: [0],
    run: (call) => call.make(integers, { values: [sizeOf(call.shape(0))], isScalar: true }),
  },
  Identity: { inputs: [1, 1], run: (call) => call.tensor(0) },
  Cast: { inputs: [1, 1], attributes: ['to', 'saturate'], run: castTo },
  CastLike: {
    inputs: [2, 2],
    attributes: ['saturate'],
    readsTypeOf: [1],
    run: (call) => cast(call.tensor(0), call.dtype(1)),
  },
};
