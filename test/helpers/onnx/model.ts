import { field, float as floatField, integer, message, text as textField, varint } from '../../../bench/protobuf.ts';
import { halfBits } from './half.ts';

// Writes ONNX files for tests, right ones and wrong ones. The numbers are those of onnx.proto.

/** The element types, with the numbers that they have in a file. */
export const ELEMENTS = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export type ElementName = keyof typeof ELEMENTS;

const ATTRIBUTES = { float: 1, int: 2, text: 3, tensor: 4, graph: 5, floats: 6, ints: 7, texts: 8 } as const;

/** Numbers of a shape. */
export interface Constant {
  readonly dims: readonly number[];
  readonly type: ElementName;
  readonly values: readonly number[];
}

/** A tensor of which a file has the name and the place in another file. */
export interface External {
  readonly dims: readonly number[];
  readonly type: ElementName;
  /** The entries `location`, `offset` and `length`. */
  readonly external: Readonly<Record<string, string>>;
}

export type Attribute = Readonly<{ kind: keyof typeof ATTRIBUTES; value: unknown }>;

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly name?: string;
  readonly domain?: string;
}

/** A graph input or output; a size that is a text is a name for any size, and without `dims` nothing is said of the shape. */
export interface Value {
  readonly name: string;
  readonly type?: ElementName;
  readonly dims?: readonly (number | string)[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs?: readonly Value[];
  readonly outputs?: readonly Value[];
  readonly constants?: Readonly<Record<string, Constant | External>>;
}

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const ints = (...value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const floats = (...value: readonly number[]): Attribute => ({ kind: 'floats', value });
export const text = (value: string): Attribute => ({ kind: 'text', value });
export const texts = (...value: readonly string[]): Attribute => ({ kind: 'texts', value });
export const ofTensor = (value: Constant): Attribute => ({ kind: 'tensor', value });
export const ofGraph = (value: Graph): Attribute => ({ kind: 'graph', value });

/** int64 numbers, as axes and shapes are given. */
export function longs(...values: readonly number[]): Constant {
  return { dims: [values.length], type: 'int64', values };
}

export function constant(dims: readonly number[], values: readonly number[], type: ElementName = 'float32'): Constant {
  return { dims, type, values };
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node {
  return { op, inputs, outputs, attributes };
}

/** The version of the file format that came with an operator set; readers want them to fit. */
const irVersion = (opset: number): number => (opset < 9 ? 3 : opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : 10);

/** A file. */
export function model(graph: Graph, opset = 17, domains: Readonly<Record<string, number>> = {}): Uint8Array {
  const sets = Object.entries({ '': opset, ...domains });
  return message(
    integer(1, irVersion(opset)),
    field(7, graphMessage(graph)),
    ...sets.map(([domain, version]) => field(8, message(textField(1, domain), integer(2, version)))),
  );
}

export function graphMessage({ nodes, inputs = [], outputs = [], constants = {} }: Graph): Uint8Array {
  return message(
    ...nodes.map((each) => field(1, nodeMessage(each))),
    textField(2, 'graph'),
    ...Object.entries(constants).map(([name, value]) => field(5, tensorMessage(value, name))),
    ...inputs.map((each) => field(11, valueMessage(each))),
    ...outputs.map((each) => field(12, valueMessage(each))),
  );
}

export function nodeMessage({ op, inputs, outputs, attributes = {}, name, domain }: Node): Uint8Array {
  return message(
    ...inputs.map((each) => textField(1, each)),
    ...outputs.map((each) => textField(2, each)),
    ...(name === undefined ? [] : [textField(3, name)]),
    textField(4, op),
    ...Object.entries(attributes).map(([key, value]) => field(5, attributeMessage(key, value))),
    ...(domain === undefined ? [] : [textField(7, domain)]),
  );
}

function attributeMessage(name: string, { kind, value }: Attribute): Uint8Array {
  return message(textField(1, name), attributeValue(kind, value), integer(20, ATTRIBUTES[kind]));
}

function attributeValue(kind: Attribute['kind'], value: unknown): Uint8Array {
  switch (kind) {
    case 'int':
      return integer(3, value as number);
    case 'float':
      return floatField(2, value as number);
    case 'text':
      return textField(4, value as string);
    case 'tensor':
      return field(5, tensorMessage(value as Constant));
    case 'graph':
      return field(6, graphMessage(value as Graph));
    case 'ints':
      return message(...(value as number[]).map((each) => integer(8, each)));
    case 'floats':
      return message(...(value as number[]).map((each) => floatField(7, each)));
    default:
      return message(...(value as string[]).map((each) => textField(9, each)));
  }
}

export function tensorMessage(value: Constant | External, name?: string): Uint8Array {
  const head = [...value.dims.map((size) => integer(1, size)), integer(2, ELEMENTS[value.type])];
  if (name !== undefined) head.push(textField(8, name));
  if ('values' in value) return message(...head, field(9, rawBytes(value.type, value.values)));
  const entries = Object.entries(value.external).map(([key, each]) =>
    field(13, message(textField(1, key), textField(2, each))),
  );
  return message(...head, ...entries, integer(14, 1));
}

/** A float32 tensor of bytes. */
export function rawTensorMessage(name: string, dims: readonly number[], bytes: Uint8Array): Uint8Array {
  return message(
    ...dims.map((size) => integer(1, size)),
    integer(2, ELEMENTS.float32),
    textField(8, name),
    field(9, bytes),
  );
}

/**
 * A tensor with its numbers in the field of their type, one by one: what small constants of other exporters look like. float32 has
 * `float_data`, int64 `int64_data`, float64 `double_data`; what is narrower than 32 bits is in `int32_data`.
 */
export function typedTensorMessage({ dims, type, values }: Constant, name?: string): Uint8Array {
  const fields = (): Uint8Array => {
    switch (type) {
      case 'float32':
        return field(4, rawBytes(type, values));
      case 'float64':
        return field(10, rawBytes(type, values));
      case 'int64':
        return field(7, message(...values.map(varint)));
      case 'uint32':
      case 'uint64':
        return field(11, message(...values.map(varint)));
      case 'float16':
        return field(5, message(...values.map((each) => varint(halfBits(each)))));
      default:
        return field(5, message(...values.map(varint)));
    }
  };
  const head = [...dims.map((size) => integer(1, size)), integer(2, ELEMENTS[type])];
  return message(...head, ...(name === undefined ? [] : [textField(8, name)]), fields());
}

function valueMessage({ name, type = 'float32', dims }: Value): Uint8Array {
  const shape = dims?.map((dim) => field(1, typeof dim === 'number' ? integer(1, dim) : textField(2, dim)));
  const tensor = message(integer(1, ELEMENTS[type]), ...(shape === undefined ? [] : [field(2, message(...shape))]));
  return message(textField(1, name), field(2, field(1, tensor)));
}

/** Numbers as `raw_data` has them: little endian. */
export function rawBytes(type: ElementName, values: readonly number[]): Uint8Array {
  const width = { float64: 8, int64: 8, uint64: 8, float32: 4, int32: 4, uint32: 4 } as Partial<
    Record<ElementName, number>
  >;
  const size = width[type] ?? (type === 'bool' || type.endsWith('int8') ? 1 : 2);
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((value, i) => {
    const at = i * size;
    if (type === 'float32') bytes.writeFloatLE(value, at);
    else if (type === 'float64') bytes.writeDoubleLE(value, at);
    else if (type === 'float16') bytes.writeUInt16LE(halfBits(value), at);
    else if (type === 'bfloat16') bytes.writeUInt16LE(new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16, at);
    else if (size === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
    else bytes.writeUIntLE(Number(BigInt.asUintN(8 * size, BigInt(value))), at, size);
  });
  return bytes;
}
