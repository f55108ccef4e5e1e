const tag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get as (
  this: unknown,
) => string | undefined;

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
