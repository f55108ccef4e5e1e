import { DEEPEST } from '../limits.ts';
import { onnxError } from '../onnxError.ts';
import type {
  Attribute,
  Dimension,
  FunctionData,
  GraphData,
  ModelData,
  NodeData,
  TensorData,
  ValueInfo,
} from './model.ts';
import { type Counter, type Field, readMessage } from './wire.ts';

// The messages of onnx.proto; the numbers are those of its fields.

/** Reads a model from bytes; throws RangeError ERR_CONV1D_ONNX if they are none, or have more nodes than `mostNodes`. */
export function readModel(bytes: Uint8Array, mostNodes: number): ModelData {
  return new ModelReader(mostNodes).model(bytes);
}

/** ONNX's names of its own operator set. */
export function domainOf(text: string): string {
  return text === 'ai.onnx' ? '' : text;
}

/** A value of JavaScript takes some ten times the memory that a number has in a file: lists that no model has are refused. */
const MOST_VALUES = 2 ** 22;

class ModelReader {
  readonly #mostNodes: number;
  #nodes = 0;
  #values = 0;
  readonly #count = (values: number): void => {
    this.#values += values;
    if (this.#values > MOST_VALUES)
      throw onnxError(`there are more than ${MOST_VALUES} names and numbers outside of tensors`);
  };

  constructor(mostNodes: number) {
    this.#mostNodes = mostNodes;
  }

  model(bytes: Uint8Array): ModelData {
    const opsets = new Map<string, number>();
    const functions: FunctionData[] = [];
    let graph: GraphData | undefined;
    readMessage(bytes, (field) => {
      if (field.number === 7) graph = this.#graph(field.bytes(), 0);
      else if (field.number === 8) readOpset(field.bytes(), opsets, this.#count);
      else if (field.number === 25) functions.push(this.#function(field.bytes()));
    });
    if (graph === undefined) throw onnxError('there is no graph in this file; is it an ONNX model?');
    return { graph, functions, opsets, nodes: this.#nodes };
  }

  /** One of a list of texts. */
  #text(field: Field): string {
    this.#count(1);
    return field.text();
  }

  #function(bytes: Uint8Array): FunctionData {
    this.#count(1);
    const [inputs, outputs, nodes]: [string[], string[], NodeData[]] = [[], [], []];
    const defaults = new Map<string, Attribute>();
    const opsets = new Map<string, number>();
    let [name, domain, overload] = ['', '', ''];
    readMessage(bytes, (field) => {
      if (field.number === 1) name = field.text();
      else if (field.number === 4) inputs.push(this.#text(field));
      else if (field.number === 5) outputs.push(this.#text(field));
      else if (field.number === 7) nodes.push(this.#node(field.bytes(), 1));
      else if (field.number === 9) readOpset(field.bytes(), opsets, this.#count);
      else if (field.number === 10) domain = domainOf(field.text());
      else if (field.number === 11) {
        this.#count(1);
        this.#attribute(field.bytes(), 1, defaults, name);
      } else if (field.number === 13) overload = field.text();
    });
    return { name, domain, overload, inputs, outputs, nodes, defaults, opsets };
  }

  #graph(bytes: Uint8Array, depth: number): GraphData {
    if (depth > DEEPEST) throw onnxError(`there are more than ${DEEPEST} graphs within each other`);
    const [nodes, initializers]: [NodeData[], TensorData[]] = [[], []];
    const [inputs, outputs]: [ValueInfo[], ValueInfo[]] = [[], []];
    let name = '';
    readMessage(bytes, (field) => {
      if (field.number === 1) nodes.push(this.#node(field.bytes(), depth));
      else if (field.number === 2) name = field.text();
      else if (field.number === 5) initializers.push(readTensor(field.bytes(), this.#count));
      else if (field.number === 11) inputs.push(readValueInfo(field.bytes(), this.#count));
      else if (field.number === 12) outputs.push(readValueInfo(field.bytes(), this.#count));
      else if (field.number === 15) throw onnxError('sparse initializers are not read; store them as dense tensors');
    });
    return { name, nodes, initializers, inputs, outputs };
  }

  #node(bytes: Uint8Array, depth: number): NodeData {
    this.#nodes += 1;
    if (this.#nodes > this.#mostNodes) {
      throw onnxError(`there are more than ${this.#mostNodes} nodes; the option limits.nodes allows more`);
    }
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const attributes = new Map<string, Attribute>();
    let [name, operator, domain, overload] = ['', '', '', ''];
    const attributeBytes: Uint8Array[] = [];
    readMessage(bytes, (field) => {
      if (field.number === 1) inputs.push(this.#text(field));
      else if (field.number === 2) outputs.push(this.#text(field));
      else if (field.number === 3) name = field.text();
      else if (field.number === 4) operator = field.text();
      else if (field.number === 5) {
        this.#count(1);
        attributeBytes.push(field.bytes());
      } else if (field.number === 7) domain = domainOf(field.text());
      else if (field.number === 8) overload = field.text();
    });
    for (const each of attributeBytes) this.#attribute(each, depth, attributes, name === '' ? operator : name);
    return { name, operator, domain, overload, inputs, outputs, attributes };
  }

  #attribute(bytes: Uint8Array, depth: number, into: Map<string, Attribute>, owner: string): void {
    let name = '';
    let reference = '';
    let type = 0;
    const given = new Map<number, Attribute['value']>();
    const [floats, integers, texts]: [number[], bigint[], string[]] = [[], [], []];
    readMessage(bytes, (field) => {
      const { number } = field;
      if (number === 1) name = field.text();
      else if (number === 21) reference = field.text();
      else if (number === 20) type = field.number32();
      else if (number === 2) given.set(1, field.float());
      else if (number === 3) given.set(2, field.integer());
      else if (number === 4) given.set(3, field.text());
      else if (number === 5) given.set(4, readTensor(field.bytes(), this.#count));
      else if (number === 6) given.set(5, this.#graph(field.bytes(), depth + 1));
      else if (number === 7) field.floats(floats, this.#count);
      else if (number === 8) field.integers(integers, this.#count);
      else if (number === 9) texts.push(this.#text(field));
    });
    if (into.has(name)) throw onnxError(`${owner} has the attribute ${name} twice`);
    into.set(name, attributeOf(name, owner, reference, type, given, { floats, integers, texts }));
  }
}

/** How to read an attribute's value, by ONNX's number of its type. */
function attributeOf(
  name: string,
  owner: string,
  reference: string,
  type: number,
  given: ReadonlyMap<number, Attribute['value']>,
  { floats, integers, texts }: { floats: number[]; integers: bigint[]; texts: string[] },
): Attribute {
  if (reference !== '') return { kind: 'reference', value: reference };
  // Files of the first years have no type: it follows from the field that they have.
  const [first] = given.keys();
  const lists = floats.length > 0 ? 6 : integers.length > 0 ? 7 : texts.length > 0 ? 8 : 0;
  const value = given.get(type);
  switch (type === 0 ? (first ?? lists) : type) {
    case 1:
      return { kind: 'float', value: (value ?? given.get(1) ?? 0) as number };
    case 2:
      return { kind: 'integer', value: (value ?? given.get(2) ?? 0n) as bigint };
    case 3:
      return { kind: 'text', value: (value ?? given.get(3) ?? '') as string };
    case 4:
    case 5: {
      const part = value ?? given.get(4) ?? given.get(5);
      if (part === undefined) throw onnxError(`${owner}: there is nothing in the attribute ${name}`);
      return 'nodes' in (part as object)
        ? { kind: 'graph', value: part as GraphData }
        : { kind: 'tensor', value: part as TensorData };
    }
    case 6:
      return { kind: 'floats', value: floats };
    case 7:
      return { kind: 'integers', value: integers };
    case 8:
      return { kind: 'texts', value: texts };
    default:
      return { kind: 'other', value: `type ${type}` };
  }
}

function readOpset(bytes: Uint8Array, into: Map<string, number>, count: Counter): void {
  count(1);
  let [domain, version] = ['', 1];
  readMessage(bytes, (field) => {
    if (field.number === 1) domain = domainOf(field.text());
    else if (field.number === 2) version = field.number32();
  });
  into.set(domain, version);
}

/** The fields of a tensor that have its numbers: float, int32, int64, double and uint64. */
const NUMBER_FIELDS = [4, 5, 7, 10, 11];

function readTensor(bytes: Uint8Array, count: Counter): TensorData {
  count(1);
  const sizes: bigint[] = [];
  const fields = new Map<number, Uint8Array[]>();
  const external = new Map<string, string>();
  let [name, type, location] = ['', 0, 0];
  let raw: Uint8Array | null = null;
  readMessage(bytes, (field) => {
    const { number } = field;
    if (number === 1) field.integers(sizes, count);
    else if (number === 2) type = field.number32();
    else if (number === 8) name = field.text();
    else if (number === 9) raw = field.bytes();
    else if (number === 13) readEntry(field.bytes(), external, count);
    else if (number === 14) location = field.number32();
    else if (number === 3) throw onnxError('a tensor is stored in segments, which are not read');
    else if (NUMBER_FIELDS.includes(number)) readNumbers(field, fields, count);
  });
  const wrong = sizes.find((size) => size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER));
  if (wrong !== undefined) throw onnxError(`the tensor '${name}' has a size of ${wrong}`);
  return { name, sizes: sizes.map(Number), type, raw, fields, external: location === 1 ? external : null };
}

function readNumbers(field: Field, fields: Map<number, Uint8Array[]>, count: Counter): void {
  count(1);
  const known = fields.get(field.number);
  if (known === undefined) fields.set(field.number, [field.numbers()]);
  else known.push(field.numbers());
}

function readEntry(bytes: Uint8Array, into: Map<string, string>, count: Counter): void {
  count(1);
  let [key, value] = ['', ''];
  readMessage(bytes, (field) => {
    if (field.number === 1) key = field.text();
    else if (field.number === 2) value = field.text();
  });
  into.set(key, value);
}

function readValueInfo(bytes: Uint8Array, count: Counter): ValueInfo {
  count(1);
  let name = '';
  let type: ValueInfo['type'] = 0;
  let shape: ValueInfo['shape'] = null;
  readMessage(bytes, (field) => {
    if (field.number === 1) name = field.text();
    else if (field.number === 2) {
      readMessage(field.bytes(), (kind) => {
        if (kind.number === 1) [type, shape] = readTensorType(kind.bytes(), count);
        // Sequences, maps, optional and sparse values.
        else if (kind.number === 4 || kind.number === 5 || kind.number === 8 || kind.number === 9) type = null;
      });
    }
  });
  return { name, type, shape };
}

function readTensorType(bytes: Uint8Array, count: Counter): [type: number, shape: ValueInfo['shape']] {
  let type = 0;
  let shape: Dimension[] | null = null;
  readMessage(bytes, (field) => {
    if (field.number === 1) type = field.number32();
    else if (field.number === 2) {
      const sizes: Dimension[] = [];
      readMessage(field.bytes(), (dimension) => {
        if (dimension.number !== 1) return;
        count(1);
        sizes.push(readDimension(dimension.bytes()));
      });
      shape = sizes;
    }
  });
  return [type, shape];
}

/** Some exporters write a size below 0 for one that may differ. */
function readDimension(bytes: Uint8Array): Dimension {
  let dimension: Dimension = null;
  readMessage(bytes, (field) => {
    if (field.number === 1) {
      const size = field.integer();
      if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw onnxError(`an input or output has a size of ${size}`);
      dimension = size < 0n ? null : Number(size);
    } else if (field.number === 2) dimension = field.text() || null;
  });
  return dimension;
}
