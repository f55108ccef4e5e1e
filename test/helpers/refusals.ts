import { expect } from 'vitest';

/** The code of what a call throws, which must be a TypeError or a RangeError; 'nothing' when it returns. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    expect(error).toSatisfy((e) => e instanceof RangeError || e instanceof TypeError);
    return (error as { code?: string }).code;
  }
  return 'nothing';
}

/** Detaches the memory of an array, as a message to a worker would. */
export function detach(array: { readonly buffer: ArrayBufferLike }): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
}
