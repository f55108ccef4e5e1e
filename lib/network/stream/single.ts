import { rangeError } from '../../check/errors.ts';
import type { Pushed } from '../../streaming/adapters.ts';
import { numelOf } from '../../tensor/shape.ts';
import { type Tensor, viewOf } from '../../tensor/tensor.ts';
import type { RowsBody, StreamedInput, StreamTraits } from './rowsBody.ts';

/** A stream as the adapters take one: with a single input and output, whose chunks may lack the batch. */
export interface Single {
  readonly pushed: Pushed;
  /** Of a typed array, (channels, n). */
  readonly channels: number;
}

/** @throws RangeError ERR_CONV1D_VALUE  when there are several inputs that go on, or several outputs */
export function singleOf(
  stream: Pushed,
  { inputs }: RowsBody,
  { outputForm }: StreamTraits,
  { batch, method }: { readonly batch: number; readonly method: string },
): Single {
  const [input] = inputs as readonly [StreamedInput];
  if (inputs.length !== 1 || outputForm !== 'leaf') {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${method}() is for networks with one input that goes on and one output; call push() and flush()`,
    );
  }
  const shape = input.shapeOf(1);
  const isSignal = input.dim === shape.length - 1 && numelOf(shape.slice(0, -2)) === 1 && batch === 1;
  const whole = (chunk: Tensor): Tensor => {
    const own = viewOf(chunk)?.shape;
    if (!isSignal || own?.length !== 2 || shape.length === 2 || own[0] !== (shape.at(-2) ?? 1)) return chunk;
    return chunk.reshape(...shape.with(-1, own[1]!)) as Tensor;
  };
  return {
    pushed: { push: (chunk) => stream.push(whole(chunk)), flush: () => stream.flush() },
    channels: shape.at(-2) ?? 1,
  };
}
