import { setImmediate as turn } from 'node:timers/promises';
import { codeOf, isOwnRefusal, messageOf, nameOf } from '../check/caught.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { runJob } from '../native/background.ts';
import { giveBackLater, resultArrays } from '../native/resultMemory.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Tensor, tensorOfAll } from '../tensor/tensor.ts';
import { type Call, checkedCall } from './forward.ts';
import type { Layer } from './layer.ts';

// Short signals share a job up to either of these: enough work to be worth a thread, little enough to copy between two turns of
// the event loop.
const MOST_SIGNALS = 256;
const MOST_ELEMENTS = 2 ** 19;

/**
 * Signals (inChannels, L) of any lengths, each convolved by itself: it packs short ones together into background jobs, of
 * which `concurrency` are under way at a time. It checks all before it starts the first.
 *
 * @returns the results (outChannels, outLength), in the order of the signals
 */
export async function convolveMany(
  layer: Layer,
  signals: readonly unknown[],
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<Tensor[]> {
  const { native, parameters, weight, bias, packed } = layer;
  const calls = signals.map((each, i) => checkedSignal(layer, each, i));
  const results = new Array<Tensor>(calls.length);
  const start = native.prepareMany(packed ? null : weight, packed ? null : bias);
  const parts = inParts(calls);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;

  const runPart = async ([from, to]: Part): Promise<void> => {
    const part = calls.slice(from, to);
    for (const [i, call] of part.entries()) refuseDetached(call, from + i);
    const inputs = part.map(({ elements }) => elements);
    const outs = resultArrays(parameters.dtype, await runJob((done) => start(inputs, done), signal));
    giveBackLater(outs.reduce((sum, { byteLength }) => sum + byteLength, 0));
    outs.forEach((out, i) => {
      results[from + i] = tensorOfAll(out, parameters.dtype, part[i]!.fit.outShape);
    });
  };
  const runParts = async (): Promise<void> => {
    while (next < parts.length && failure === undefined) {
      try {
        await runPart(parts[next++]!);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  // All lanes end before the call does, also after a failure: until then `pending` counts their jobs.
  const lanes: Promise<void>[] = [];
  for (let lane = 0; lane < Math.min(concurrency, parts.length); lane++) {
    lanes.push(runParts());
    await turn(); // each copies its first signals: not all of them in one turn of the event loop
  }
  await Promise.all(lanes);
  if (failure !== undefined) throw failure.error;
  return results;
}

type Part = readonly [from: number, to: number];

/** A signal may have been transferred before its turn came. */
function refuseDetached({ elements, fit }: Call, index: number): void {
  if (elements.length > 0 || fit.length === 0) return;
  throw typeError(
    'ERR_CONV1D_DETACHED',
    `signals[${index}]: it was detached before its turn came; leave signals alone meanwhile`,
  );
}

function checkedSignal(layer: Layer, signal: unknown, index: number): Call {
  let call: Call;
  try {
    call = checkedCall(layer, signal);
  } catch (error) {
    throw about(index, error);
  }
  const { batch, length, outShape } = call.fit;
  if (outShape.length === 2) return call;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `signals[${index}]: it must have shape (inChannels, L), but got ${formatShape([batch, layer.parameters.inChannels, length])}; a batch of signals of one length goes to forwardAsync()`,
  );
}

/** A refusal with the signal that it is about. */
function about(index: number, error: unknown): unknown {
  if (!isOwnRefusal(error)) return error;
  const Kind = nameOf(error) === 'TypeError' ? TypeError : RangeError;
  return Object.assign(new Kind(`signals[${index}]: ${messageOf(error)}`, { cause: error }), { code: codeOf(error) });
}

/** The calls in stretches [from, to) that share a job. */
function inParts(calls: readonly Call[]): Part[] {
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
