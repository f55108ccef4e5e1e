import { runJob } from './background.ts';
import { type Call, type Convolution, checkedCall } from './convolve.ts';
import type { LayerWeights } from './convolveAsync.ts';
import { rangeError } from './errors.ts';
import type { Conv1dParameters } from './options.ts';
import { allocateResults } from './resultMemory.ts';
import { formatShape, numelOf } from './shape.ts';
import { Tensor } from './tensor/tensor.ts';

// Short signals share a job up to either of these: enough work to be worth a thread, little enough to copy between two turns of
// the event loop.
const MOST_SIGNALS = 256;
const MOST_ELEMENTS = 2 ** 19;

/**
 * Signals (inChannels, L) of any lengths, each convolved by itself: short ones are packed together into background jobs, of
 * which `concurrency` are under way at a time. All are checked before the first is started.
 *
 * @returns the results (outChannels, outLength), in the order of the signals
 */
export async function convolveMany(
  native: Convolution,
  parameters: Conv1dParameters,
  { weight, bias, packed }: LayerWeights,
  signals: readonly Tensor[],
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<Tensor[]> {
  const calls = signals.map((each, i) => checkedSignal(parameters, each, i));
  const results = new Array<Tensor>(calls.length);
  const [w, b] = packed ? [null, null] : [weight, bias];
  const parts = inParts(calls);
  let next = 0;

  const runParts = async (): Promise<void> => {
    while (next < parts.length) {
      const [from, to] = parts[next++]!;
      const part = calls.slice(from, to);
      const sizes = part.map(({ outShape }) => numelOf(outShape));
      const outs = allocateResults(parameters.dtype, sizes);
      await runJob((done) => {
        // Alone it may use all threads.
        const only = part.length === 1 ? part[0] : undefined;
        if (only !== undefined) return native.forwardAsync(only.elements, 1, only.length, w, b, outs[0]!, false, done);
        const inputs = part.map(({ elements }) => elements);
        return native.forwardMany(inputs, outs, w, b, done);
      }, signal);
      outs.forEach((out, i) => {
        results[from + i] = new Tensor(out, part[i]!.outShape);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, parts.length) }, runParts));
  return results;
}

function checkedSignal(parameters: Conv1dParameters, signal: Tensor, index: number): Call {
  const call = checkedCall(parameters, signal);
  if (call.outShape.length === 2) return call;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `signals[${index}] must have shape (inChannels, L), but got ${formatShape(signal.shape)}; a batch of signals of one length goes to forwardAsync()`,
  );
}

/** The calls in stretches [from, to) that share a job. */
function inParts(calls: readonly Call[]): (readonly [from: number, to: number])[] {
  const parts: [number, number][] = [];
  let from = 0;
  let elements = 0;
  calls.forEach((call, i) => {
    const isFull = i - from >= MOST_SIGNALS || elements + call.elements.length > MOST_ELEMENTS;
    if (isFull && i > from) {
      parts.push([from, i]);
      from = i;
      elements = 0;
    }
    elements += call.elements.length;
  });
  if (calls.length > from) parts.push([from, calls.length]);
  return parts;
}
