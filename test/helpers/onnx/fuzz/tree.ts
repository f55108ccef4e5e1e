import { varint } from '../../../../bench/protobuf.ts';

// An ONNX file as a tree of fields, to be changed and written again with lengths that fit.

/** The messages within a message, by the numbers of their fields. */
interface Schema {
  readonly [number: number]: () => Schema;
}

const leaf: Schema = {};
const shape: Schema = { 1: () => leaf };
const tensorType: Schema = { 2: () => shape };
const value: Schema = { 2: () => ({ 1: () => tensorType }) };
const tensor: Schema = { 13: () => leaf };
const attribute: Schema = { 5: () => tensor, 6: () => graph, 10: () => tensor, 11: () => graph };
const node: Schema = { 5: () => attribute };
const graph: Schema = { 1: () => node, 5: () => tensor, 11: () => value, 12: () => value, 13: () => value };
const func: Schema = { 7: () => node, 9: () => leaf, 11: () => attribute };
const model: Schema = { 7: () => graph, 8: () => leaf, 14: () => leaf, 25: () => func };

/** A number, bytes (of a fixed width, or with a length before them), or a message. */
export interface Field {
  number: number;
  wire: number;
  value: bigint | Uint8Array | Field[];
}

/** The tree of a file that is well formed. */
export function parse(bytes: Uint8Array): Field[] {
  return parseMessage(bytes, model);
}

function parseMessage(bytes: Uint8Array, schema: Schema): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(number());
    const field = { number: tag >> 3, wire: tag & 7 };
    if (field.wire === 0) fields.push({ ...field, value: number() });
    else if (field.wire === 1) fields.push({ ...field, value: take(8) });
    else if (field.wire === 5) fields.push({ ...field, value: take(4) });
    else {
      const content = take(Number(number()));
      const inner = schema[field.number];
      fields.push({ ...field, value: inner === undefined ? content : parseMessage(content, inner()) });
    }
  }
  return fields;
}

/** The file of a tree. */
export function write(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(({ number, wire, value }) => {
      const tag = varint(number * 8 + wire);
      if (typeof value === 'bigint') return [tag, varint(value)];
      const bytes = value instanceof Uint8Array ? value : write(value);
      return wire === 2 ? [tag, varint(bytes.length), bytes] : [tag, bytes];
    }),
  );
}

/** A field and the message that it is in. */
export interface Place {
  readonly within: Field[];
  readonly index: number;
  readonly field: Field;
  readonly depth: number;
}

/** All fields of a tree. */
export function places(fields: Field[], depth = 0): Place[] {
  return fields.flatMap((field, index) => [
    { within: fields, index, field, depth },
    ...(Array.isArray(field.value) ? places(field.value, depth + 1) : []),
  ]);
}

/** A tree of its own; bytes are shared. */
export function copied(field: Field): Field {
  return { ...field, value: Array.isArray(field.value) ? field.value.map(copied) : field.value };
}
