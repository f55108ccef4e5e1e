import { runJob, type StartJob } from '../native/background.ts';
import { giveBackLater, resultArrays } from '../native/resultMemory.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { type Tensor, tensorOfAll } from '../tensor/tensor.ts';
import type { AsyncCallOptions } from './callOptions.ts';
import { checkedCall, checkedOut } from './forward.ts';
import type { Layer } from './layer.ts';
import { refuseOverlap } from './overlaps.ts';

/**
 * The same as `convolve`, on a background thread. Whatever can be wrong throws before the job starts, except an `out`
 * that is gone when it ends.
 *
 * The job writes into memory that nobody has seen yet; `out` gets a copy at the end, so that it may be detached, resized or read
 * meanwhile without harm. With `borrow`, one in shared memory, which nobody can take away, is written in place.
 */
export async function convolveAsync(
  layer: Layer,
  input: Tensor,
  { out, signal, borrow, outputSize }: AsyncCallOptions,
): Promise<Tensor> {
  const { native, parameters, weight, bias, packed } = layer;
  const { elements, fit } = checkedCall(layer, input, outputSize);
  const { batch, length, outShape, outputPadding } = fit;
  let place: FloatArray | null = null;
  if (out !== undefined) {
    const target = checkedOut(out, outShape, parameters);
    if (borrow) place = target;
    refuseOverlap(target, elements, 'input');
    refuseOverlap(target, weight, 'weight');
    if (bias !== null) refuseOverlap(target, bias, 'bias');
  }
  const [w, b] = packed ? [null, null] : [weight, bias];
  const start: StartJob = (done) =>
    native.forwardAsync(elements, batch, length, w, b, borrow, place, done, outputPadding);
  const [memory] = resultArrays(parameters.dtype, await runJob(start, signal));
  giveBackLater(Math.max(elements.byteLength, memory?.byteLength ?? 0));
  if (out === undefined) return tensorOfAll(memory!, parameters.dtype, outShape);
  if (memory !== undefined) checkedOut(out, outShape, parameters).set(memory);
  return out;
}
