/** Whether a value is a promise, or acts as one. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
  } catch {
    return false; // A revoked proxy, or one that throws.
  }
}
