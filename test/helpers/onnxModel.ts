import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// ONNX models for tests, field by field.

export type AttributeOf = number | bigint | string | readonly number[] | readonly string[] | GraphOf;

export interface NodeOf {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeOf | { readonly reference: string }>>;
  readonly domain?: string;
  readonly overload?: string;
}

export interface GraphOf {
  readonly nodes: readonly NodeOf[];
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly weights?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
  /** Weights in the file with this name beside the model, from its beginning on. */
  readonly external?: Readonly<Record<string, { readonly shape: readonly number[]; readonly location: string }>>;
  /** Weights of int64. */
  readonly integers?: Readonly<Record<string, readonly number[]>>;
}

export interface FunctionOf {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly overload?: string;
  readonly attributes?: readonly string[];
  readonly nodes: readonly NodeOf[];
}

const [FLOAT, INT64] = [1, 7];

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function bytes(writer: BinaryWriter, field: number, value: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(value);
}

function integer(writer: BinaryWriter, field: number, value: number | bigint): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function attribute(name: string, value: AttributeOf | { readonly reference: string }): Uint8Array {
  return message((writer) => {
    text(writer, 1, name);
    const type = (number: number) => integer(writer, 20, number);
    if (typeof value === 'bigint') {
      integer(writer, 3, value);
      type(2);
    } else if (typeof value === 'number') {
      writer.tag(2, WireType.Bit32).float(value);
      type(1);
    } else if (typeof value === 'string') {
      text(writer, 4, value);
      type(3);
    } else if ('reference' in value) {
      text(writer, 21, value.reference);
      type(2);
    } else if ('nodes' in value) {
      bytes(writer, 6, graph(value));
      type(5);
    } else if (value.some((each) => typeof each === 'string')) {
      for (const each of value) text(writer, 9, each as string);
      type(8);
    } else {
      for (const each of value) integer(writer, 8, each as number);
      type(7);
    }
  });
}

function node({ type, inputs, outputs, attributes = {}, domain, overload }: NodeOf): Uint8Array {
  return message((writer) => {
    for (const name of inputs) text(writer, 1, name);
    for (const name of outputs) text(writer, 2, name);
    text(writer, 4, type);
    for (const [name, value] of Object.entries(attributes)) bytes(writer, 5, attribute(name, value));
    if (domain !== undefined) text(writer, 7, domain);
    if (overload !== undefined) text(writer, 8, overload);
  });
}

function tensor(name: string, type: number, shape: readonly number[], raw: ArrayBufferView): Uint8Array {
  return message((writer) => {
    for (const size of shape) integer(writer, 1, size);
    integer(writer, 2, type);
    text(writer, 8, name);
    bytes(writer, 9, new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength));
  });
}

function elsewhere(name: string, shape: readonly number[], location: string): Uint8Array {
  return message((writer) => {
    for (const size of shape) integer(writer, 1, size);
    integer(writer, 2, FLOAT);
    text(writer, 8, name);
    bytes(
      writer,
      13,
      message((entry) => {
        text(entry, 1, 'location');
        text(entry, 2, location);
      }),
    );
    integer(writer, 14, 1);
  });
}

function value(name: string, shape: readonly (number | string)[] | undefined, type = FLOAT): Uint8Array {
  const dimension = (size: number | string) =>
    message((writer) => (typeof size === 'number' ? integer(writer, 1, size) : text(writer, 2, size)));
  const tensorType = message((writer) => {
    integer(writer, 1, type);
    if (shape !== undefined) {
      const sizes = message((inner) => {
        for (const size of shape) bytes(inner, 1, dimension(size));
      });
      bytes(writer, 2, sizes);
    }
  });
  return message((writer) => {
    text(writer, 1, name);
    bytes(
      writer,
      2,
      message((inner) => bytes(inner, 1, tensorType)),
    );
  });
}

function graph({ nodes, inputs = {}, outputs, weights = {}, external = {}, integers = {} }: GraphOf): Uint8Array {
  return message((writer) => {
    for (const each of nodes) bytes(writer, 1, node(each));
    text(writer, 2, 'graph');
    for (const [name, { shape, values }] of Object.entries(weights)) {
      bytes(writer, 5, tensor(name, FLOAT, shape, Float32Array.from(values)));
    }
    for (const [name, { shape, location }] of Object.entries(external)) {
      bytes(writer, 5, elsewhere(name, shape, location));
    }
    for (const [name, values] of Object.entries(integers)) {
      bytes(writer, 5, tensor(name, INT64, [values.length], BigInt64Array.from(values, BigInt)));
    }
    // What has no dimensions is an int64, as a sample rate.
    for (const [name, shape] of Object.entries(inputs)) {
      bytes(writer, 11, value(name, shape, shape.length === 0 ? INT64 : FLOAT));
    }
    for (const name of outputs) bytes(writer, 12, value(name, undefined));
  });
}

function opset(domain: string, version: number): Uint8Array {
  return message((writer) => {
    text(writer, 1, domain);
    integer(writer, 2, version);
  });
}

/** The bytes of a model. */
export function onnxBytes(of: GraphOf, functions: readonly FunctionOf[] = [], version = 17): Uint8Array {
  return message((writer) => {
    integer(writer, 1, 8);
    bytes(writer, 7, graph(of));
    bytes(writer, 8, opset('', version));
    for (const each of functions) {
      bytes(
        writer,
        25,
        message((inner) => {
          text(inner, 1, each.name);
          for (const name of each.inputs) text(inner, 4, name);
          for (const name of each.outputs) text(inner, 5, name);
          for (const name of each.attributes ?? []) text(inner, 6, name);
          for (const one of each.nodes) bytes(inner, 7, node(one));
          bytes(inner, 9, opset('', version));
          text(inner, 10, each.domain);
          if (each.overload !== undefined) text(inner, 13, each.overload);
        }),
      );
    }
  });
}

/** y = x * factor, of (n, 1, l), whose factor is a float32 in a file beside it. */
export function scaled(location: string): Uint8Array {
  return onnxBytes({
    nodes: [{ type: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] }],
    inputs: { x: ['n', 1, 'l'] },
    outputs: ['y'],
    external: { factor: { shape: [1], location } },
  });
}
