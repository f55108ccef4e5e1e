// Writes protocol buffers by hand: https://protobuf.dev/programming-guides/encoding is the wire format.

/** Fields, one after the other. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** A text. */
export function text(number: number, value: string): Uint8Array {
  return field(number, Buffer.from(value));
}

/** A field of wire type 2: a length, then bytes. */
export function field(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

/** A field of wire type 0. */
export function integer(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** Seven bits per byte, lowest first; the highest bit says that more come. A negative number is one of 64 bits. */
export function varint(value: number | bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest % 128n) + 128);
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** A field of wire type 5: four bytes. */
export function float(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(number * 8 + 5), bytes]);
}
