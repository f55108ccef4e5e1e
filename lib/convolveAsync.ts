import { runJob } from './background.ts';
import { type Convolution, checkedCall, checkedOut, refuseOverlap } from './convolve.ts';
import type { Conv1dParameters } from './options.ts';
import { giveBackWhenIdle } from './resultMemory.ts';
import { numelOf } from './shape.ts';
import type { FloatArray } from './tensor/dtype.ts';
import { Tensor } from './tensor/tensor.ts';

/** What a layer convolves with: its own memory, and whether the native side has a snapshot of it and reads that. */
export interface LayerWeights {
  readonly weight: FloatArray;
  readonly bias: FloatArray | null;
  readonly packed: boolean;
}

/** The options of `forwardAsync`, checked. */
export interface AsyncCallOptions {
  readonly out: Tensor | undefined;
  readonly signal: AbortSignal | undefined;
  readonly borrow: boolean;
}

/**
 * The same as `convolve`, on a background thread. Everything that can be refused is before the job starts, except an `out`
 * that is gone when it ends.
 *
 * The job writes into memory that nobody has seen yet; `out` gets a copy at the end, so that it may be detached, resized or read
 * meanwhile without harm.
 */
export async function convolveAsync(
  native: Convolution,
  parameters: Conv1dParameters,
  { weight, bias, packed }: LayerWeights,
  input: Tensor,
  { out, signal, borrow }: AsyncCallOptions,
): Promise<Tensor> {
  const { elements, batch, length, outShape } = checkedCall(parameters, input);
  if (out !== undefined) {
    const target = checkedOut(out, outShape, parameters.dtype);
    refuseOverlap(target, elements, 'input');
    refuseOverlap(target, weight, 'weight');
    if (bias !== null) refuseOverlap(target, bias, 'bias');
  }
  const [w, b] = packed ? [null, null] : [weight, bias];
  giveBackWhenIdle(numelOf(outShape) * weight.BYTES_PER_ELEMENT);
  const [memory] = await runJob((done) => native.forwardAsync(elements, batch, length, w, b, borrow, done), signal);
  if (out === undefined) return new Tensor(memory!, outShape);
  checkedOut(out, outShape, parameters.dtype).set(memory!);
  return out;
}
