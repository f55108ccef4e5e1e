import type { OpenFile } from './files.ts';

/** As much is read at once for a small request. */
const WINDOW_BYTES = 2 ** 15;
/** Larger requests are worth a call of their own. */
const SMALL_BYTES = 2 ** 12;

/**
 * The same file, in which small requests that lie close together take one call of the system: the entries of an archive's directory, the
 * headers before its parts, small tensors. One request at a time.
 */
export function readAhead(file: OpenFile): OpenFile {
  let start = 0;
  let window = new Uint8Array(0);
  return {
    source: file.source,
    size: file.size,
    async read({ target, position }) {
      const end = position + target.byteLength;
      if (target.byteLength > SMALL_BYTES) return file.read({ target, position });
      if (position < start || end > start + window.length) {
        const next = new Uint8Array(Math.min(WINDOW_BYTES, file.size - position));
        await file.read({ target: next, position });
        [start, window] = [position, next];
      }
      target.set(window.subarray(position - start, end - start));
    },
  };
}
