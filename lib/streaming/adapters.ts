/// <reference types="node" preserve="true" />
import { Transform } from 'node:stream';
import { TransformStream } from 'node:stream/web';
import { rangeError, typeError } from '../check/errors.ts';
import { describe, isArray } from '../check/validate.ts';
import { type FloatArray, isFloatArray, plainElements } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * What the adapters take: a tensor as for `push`, or a typed array (inChannels, n) in row-major order.
 *
 * @category Layer
 */
export type Chunk = Tensor | FloatArray;

/** The two calls that the adapters make. */
export interface Pushed {
  push(chunk: Tensor): Tensor;
  flush(): Tensor;
}

/** A Web stream: chunks in, whatever outputs they complete out; the end of the input flushes. */
export function webTransform(stream: Pushed, inChannels: number): TransformStream<Chunk, Tensor> {
  return new TransformStream<Chunk, Tensor>({
    transform(chunk, controller) {
      const y = stream.push(tensorOf(chunk, inChannels));
      if (y.numel > 0) controller.enqueue(y);
    },
    flush(controller) {
      const y = stream.flush();
      if (y.numel > 0) controller.enqueue(y);
    },
  });
}

/** The same as a stream of Node's, in object mode on both sides. */
export function nodeTransform(stream: Pushed, inChannels: number): Transform {
  return new Transform({
    objectMode: true,
    transform(chunk: Chunk, _, done) {
      answer(done, () => stream.push(tensorOf(chunk, inChannels)));
    },
    flush(done) {
      answer(done, () => stream.flush());
    },
  });
}

/**
 * The same for `for await`.
 *
 * @throws TypeError ERR_CONV1D_TYPE  when there is nothing to iterate over
 */
export function iterate(
  stream: Pushed,
  inChannels: number,
  chunks: AsyncIterable<Chunk> | Iterable<Chunk>,
): AsyncGenerator<Tensor, void, undefined> {
  if (!isIterable(chunks) || ArrayBuffer.isView(chunks)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `over(): chunks must be an array, a generator or a stream of chunks, but got ${describe(chunks)}`,
    );
  }
  return outputs(stream, inChannels, chunks);
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: asynchronous } = value as Partial<
      Iterable<unknown> & AsyncIterable<unknown>
    >;
    return typeof sync === 'function' || typeof asynchronous === 'function';
  } catch {
    return false; // A revoked proxy.
  }
}

async function* outputs(
  stream: Pushed,
  inChannels: number,
  chunks: AsyncIterable<Chunk> | Iterable<Chunk>,
): AsyncGenerator<Tensor, void, undefined> {
  for await (const chunk of wrapped(chunks)) {
    const y = stream.push(tensorOf(chunk[0], inChannels));
    if (y.numel > 0) yield y;
  }
  const y = stream.flush();
  if (y.numel > 0) yield y;
}

/** Each chunk in an array of its own: `for await` would look for a `then` in whatever stands where a chunk should. */
async function* wrapped(chunks: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<[Chunk], void, undefined> {
  if (!isArray(chunks)) {
    for await (const chunk of chunks) yield [chunk];
    return;
  }
  for (let i = 0; i < chunks.length; i++) yield [chunks[i] as Chunk];
}

/** Node's callback with the outputs, with nothing where there are none, or with the error. */
function answer(done: (error?: Error | null, y?: Tensor) => void, compute: () => Tensor): void {
  let y: Tensor;
  try {
    y = compute();
  } catch (error) {
    done(error as Error);
    return;
  }
  if (y.numel > 0) done(null, y);
  else done();
}

/** A typed array as a tensor over its memory; anything else is left for `push` to look at. */
function tensorOf(chunk: Chunk, inChannels: number): Tensor {
  if (!isFloatArray(chunk)) return chunk;
  const elements = plainElements(chunk);
  const { length } = elements;
  if (length % inChannels !== 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `a typed array is taken as (${inChannels}, n) in row-major order, but has ${length} elements, which ${inChannels} does not divide`,
    );
  }
  return new Tensor(elements, [inChannels, length / inChannels]);
}
