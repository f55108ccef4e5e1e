/** A getter that all typed arrays share: it asks the array itself, whatever realm it is from, and no property that hides it. */
function getter(name: 'buffer' | 'byteOffset' | 'length' | typeof Symbol.toStringTag): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!;
}

const tag = getter(Symbol.toStringTag) as (this: unknown) => string | undefined;
const lengthOf = getter('length') as (this: unknown) => number;
const byteOffsetOf = getter('byteOffset') as (this: unknown) => number;
const bufferOf = getter('buffer') as (this: unknown) => ArrayBuffer;

/** What is used of a typed array, and a property of its own could hide. */
const USED = ['length', 'buffer', 'byteOffset', 'byteLength', 'BYTES_PER_ELEMENT', 'subarray', 'slice', 'set', 'fill'];

/**
 * What a typed array calls itself, `Float32Array` or `Uint8Array` (a Buffer, too), whatever realm it is from; undefined for all else,
 * a proxy or an heir of the prototype included. It runs no code of the value.
 */
export function typedArrayKind(value: unknown): string | undefined {
  return tag.call(value);
}

/** Whether a value is a Uint8Array or a Buffer, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayKind(value) === 'Uint8Array';
}

/** Whether own properties of a typed array hide what it is. */
export function isHidden(array: object): boolean {
  return USED.some((name) => Object.hasOwn(array, name));
}

/** An array of the given kind over the memory of another and nothing else, whatever hides that. */
export function plainView<T>(
  array: object,
  kind: new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => T,
): T {
  const length = lengthOf.call(array);
  // Memory that is gone cannot be looked at again.
  return length === 0 ? new kind(new ArrayBuffer(0)) : new kind(bufferOf.call(array), byteOffsetOf.call(array), length);
}

/** The same bytes as a Uint8Array and nothing else: a Buffer has methods of its own, and an owner may have given it others. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return plainView(bytes, Uint8Array);
}
