import type { Values } from './inputs.ts';
import { outLength, type Problem } from './problems.ts';
import { field, float, integer, message, text } from './protobuf.ts';

/** How ONNX sees the signal: (N, C, L), or an image of height 1, (N, C, 1, L). */
export type OnnxForm = 'ncl' | 'h1';

// The numbers of the fields are those of onnx.proto.
const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
// Conv is the same in every opset from 11 to 21.
const OPSET = 13;
const IR_VERSION = 8;

/** A model of one Conv node from `x` to `y`, weight and bias inside; `anySize` for any batch and length. */
export function onnxModel(problem: Problem, values: Values, form: OnnxForm, anySize = false): Uint8Array {
  const { batch, inChannels, outChannels, kernelSize, stride, dilation, groups, padLeft, padRight, length } = problem;
  // In front of what belongs to the length, what belongs to the height.
  const spatial = <T>(height: T, along: T) => (form === 'h1' ? [height, along] : [along]);
  const n = anySize ? 'N' : batch;
  const node = message(
    ...['x', 'w', 'b'].map((name) => text(1, name)),
    text(2, 'y'),
    text(4, 'Conv'),
    ints('kernel_shape', spatial(1, kernelSize)),
    ints('strides', spatial(1, stride)),
    ints('dilations', spatial(1, dilation)),
    ints('pads', [...spatial(0, padLeft), ...spatial(0, padRight)]),
    field(5, message(text(1, 'group'), integer(3, groups), integer(20, ATTRIBUTE_INT))),
  );
  const graph = message(
    field(1, node),
    text(2, problem.name),
    field(5, tensor('w', [outChannels, inChannels / groups, ...spatial(1, kernelSize)], values.weight)),
    field(5, tensor('b', [outChannels], values.bias)),
    field(11, valueInfo('x', [n, inChannels, ...spatial<number | string>(1, anySize ? 'L' : length)])),
    field(12, valueInfo('y', [n, outChannels, ...spatial<number | string>(1, anySize ? 'M' : outLength(problem))])),
  );
  return message(integer(1, IR_VERSION), field(7, graph), field(8, message(text(1, ''), integer(2, OPSET))));
}

/** An attribute of a node: a whole number, one with a fraction, whole numbers, or a text. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

/** A node with one input `x`, and what else it reads: by name, `''` for an input that is left out. */
export interface OnnxNode {
  readonly type: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly others?: readonly (null | { readonly dims: readonly number[]; readonly data: Float32Array })[];
  readonly outputs?: number;
}

/** LayerNormalization, Gelu and GroupNormalization came with 17, 20 and 21. */
const NODE_OPSET = 21;
const NODE_IR_VERSION = 10;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_TEXT = 3;

/** A model of one node from `x` to `y`. */
export function onnxNodeModel({ type, attributes = {}, others = [] }: OnnxNode, dims: readonly number[]): Uint8Array {
  const names = others.map((other, i) => (other === null ? '' : `w${i}`));
  const node = message(
    text(1, 'x'),
    ...names.map((name) => text(1, name)),
    text(2, 'y'),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  );
  const initializers = others.flatMap((other, i) =>
    other === null ? [] : [field(5, tensor(names[i]!, other.dims, other.data))],
  );
  const graph = message(
    field(1, node),
    text(2, type),
    ...initializers,
    field(11, valueInfo('x', dims)),
    field(12, message(text(1, 'y'), field(2, field(1, message(integer(1, FLOAT)))))),
  );
  return message(integer(1, NODE_IR_VERSION), field(7, graph), field(8, message(text(1, ''), integer(2, NODE_OPSET))));
}

function attribute(name: string, value: OnnxAttribute): Uint8Array {
  if ('ints' in value) return ints(name, value.ints);
  if ('int' in value) return field(5, message(text(1, name), integer(3, value.int), integer(20, ATTRIBUTE_INT)));
  if ('text' in value) return field(5, message(text(1, name), text(4, value.text), integer(20, ATTRIBUTE_TEXT)));
  return field(5, message(text(1, name), float(2, value.float), integer(20, ATTRIBUTE_FLOAT)));
}

function ints(name: string, values: readonly number[]): Uint8Array {
  return field(5, message(text(1, name), ...values.map((value) => integer(8, value)), integer(20, ATTRIBUTE_INTS)));
}

function tensor(name: string, dims: readonly number[], data: Float32Array): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(...dims.map((dim) => integer(1, dim)), integer(2, FLOAT), text(8, name), field(9, raw));
}

/** A size is a number, or the name of one that the input decides. */
function valueInfo(name: string, dims: readonly (number | string)[]): Uint8Array {
  const shape = message(...dims.map((dim) => field(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim))));
  return message(text(1, name), field(2, field(1, message(integer(1, FLOAT), field(2, shape)))));
}
