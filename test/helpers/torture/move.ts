import { createContext, runInContext } from 'node:vm';
import type { Dtype, FloatArray } from '../../../lib/index.ts';
import type { STREAMS, TRANSFERS } from './commands.ts';
import { elementsIn } from './contents.ts';

interface Transferable extends ArrayBuffer {
  transfer?(bytes: number): ArrayBuffer;
  transferToFixedLength?(bytes: number): ArrayBuffer;
}

// V8 12 (Node.js 22) ends the process when memory that another thread has allocated is transferred to another length:
// 'Check failed: isolate->array_buffer_allocator() == allocator', also without this package.
const SHORTENS_OTHERS_MEMORY = Number.parseInt(process.versions.v8, 10) >= 13;

/** The first `bytes` of an array, its buffer detached. By structuredClone where the engine has nothing else. */
export function moveBuffer(array: FloatArray, dtype: Dtype, by: (typeof TRANSFERS)[number], bytes: number): FloatArray {
  const buffer = array.buffer as Transferable;
  if (by !== 'structuredClone' && (bytes === buffer.byteLength || SHORTENS_OTHERS_MEMORY)) {
    const own = buffer[by]?.(bytes);
    if (own !== undefined) return elementsIn(dtype, own);
  }
  const clone = structuredClone(array, { transfer: [buffer] });
  return clone.subarray(0, bytes / clone.BYTES_PER_ELEMENT);
}

/** An array's memory through a byte stream: once, or as two with `tee`. */
export async function throughByteStream(
  array: FloatArray,
  dtype: Dtype,
  by: (typeof STREAMS)[number],
): Promise<FloatArray[]> {
  const { byteLength } = array;
  const stream = new ReadableStream({
    type: 'bytes',
    start(controller) {
      controller.enqueue(array as Float32Array<ArrayBuffer>);
      controller.close();
    },
  });
  if (by === 'byob reader') {
    const { value } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(byteLength));
    return [elementsIn(dtype, value!)];
  }
  const branches = by === 'tee' ? stream.tee() : [stream];
  const chunks = await Promise.all(branches.map((branch) => branch.getReader().read()));
  return chunks.map(({ value }) => elementsIn(dtype, value as Uint8Array));
}

/** An array of another realm over the same memory, which only that realm holds. */
export function intoContext(array: FloatArray, dtype: Dtype): () => FloatArray {
  const { buffer, byteOffset, length } = array;
  const context = createContext({ buffer, byteOffset, length });
  const kind = dtype === 'float32' ? 'Float32Array' : 'Float64Array';
  runInContext(`globalThis.view = new ${kind}(buffer, byteOffset, length); delete globalThis.buffer;`, context);
  return () => context.view as FloatArray;
}
