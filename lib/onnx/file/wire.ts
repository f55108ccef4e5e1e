import type { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { onnxError } from '../onnxError.ts';
import { protobuf } from './protobuf.ts';

// Protocol buffers, field by field. The library's reader compares every length with the bytes that exist before it returns any.

/** Counts values before somebody makes them. */
export type Counter = (values: number) => void;

/** The content of a field on the wire: a varint, bytes, or 4 or 8 of them. */
export class Field {
  readonly number: number;
  readonly #type: WireType;
  readonly #reader: BinaryReader;

  constructor(number: number, type: WireType, reader: BinaryReader) {
    this.number = number;
    this.#type = type;
    this.#reader = reader;
  }

  /** A message, a string's bytes or packed numbers: a view of the file's memory. */
  bytes(): Uint8Array {
    this.#require(protobuf().WireType.LengthDelimited);
    return this.#reader.bytes();
  }

  text(): string {
    this.#require(protobuf().WireType.LengthDelimited);
    return this.#reader.string();
  }

  integer(): bigint {
    this.#require(protobuf().WireType.Varint);
    return BigInt(this.#reader.int64());
  }

  /** An enumeration, a version or a size: an integer that is exact as a number. */
  number32(): number {
    this.#require(protobuf().WireType.Varint);
    return this.#reader.int32();
  }

  float(): number {
    this.#require(protobuf().WireType.Bit32);
    return this.#reader.float();
  }

  /** Repeated integers, which may be packed into one field or have one each. */
  integers(into: bigint[], count: Counter): void {
    if (this.#type !== protobuf().WireType.LengthDelimited) {
      count(1);
      into.push(this.integer());
      return;
    }
    const bytes = this.bytes();
    count(countVarints(bytes));
    for (const each of readVarints(bytes)) into.push(each);
  }

  /** Repeated floats, likewise. */
  floats(into: number[], count: Counter): void {
    if (this.#type !== protobuf().WireType.LengthDelimited) {
      count(1);
      into.push(this.float());
      return;
    }
    const bytes = this.bytes();
    count(Math.floor(bytes.byteLength / 4));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 4 <= bytes.byteLength; at += 4) into.push(view.getFloat32(at, true));
  }

  /** Repeated numbers of a tensor: packed, or one of them, as bytes; varints stay varints. */
  numbers(): Uint8Array {
    const { WireType } = protobuf();
    switch (this.#type) {
      case WireType.LengthDelimited:
        return this.#reader.bytes();
      case WireType.Varint:
      case WireType.Bit32:
      case WireType.Bit64:
        return this.#reader.skip(this.#type);
      default:
        throw malformedField(this.number);
    }
  }

  skip(): void {
    this.#reader.skip(this.#type, this.number, DEEPEST_GROUP);
  }

  #require(type: WireType): void {
    if (this.#type !== type) throw malformedField(this.number);
  }
}

/** Refuses groups, which no ONNX file has. */
const DEEPEST_GROUP = 4;

function malformedField(number: number): RangeError {
  return onnxError(`field ${number} of a message is of another kind than ONNX has there`);
}

/** Visits the fields of a message in their order; a field that `visit` does not read is skipped. */
export function readMessage(bytes: Uint8Array, visit: (field: Field) => void): void {
  const reader = new (protobuf().BinaryReader)(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      const field = new Field(number, type, reader);
      const start = reader.pos;
      visit(field);
      if (reader.pos === start) field.skip();
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== undefined) throw error;
    throw onnxError(`this is no protocol buffer, or it is cut off: ${(error as Error).message}`);
  }
}

/** Integers that lie one after the other. */
export function* readVarints(bytes: Uint8Array): Generator<bigint> {
  const reader = new (protobuf().BinaryReader)(bytes);
  while (reader.pos < reader.len) yield BigInt(reader.int64());
}

/** How many integers lie one after the other: each ends with a byte below 128. */
export function countVarints(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}
