import { setImmediate as turn } from 'node:timers/promises';
import { codeOf, isOwnRefusal, messageOf, nameOf } from '../check/caught.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { runJob } from '../native/background.ts';
import { giveBackLater, resultArrays } from '../native/resultMemory.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Tensor, tensorOfAll } from '../tensor/tensor.ts';
import type { ManyCall } from './callOptions.ts';
import { type Call, checkedCall, checkedOut } from './forward.ts';
import type { Layer } from './layer.ts';
import { refuseOverlaps } from './overlaps.ts';

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
  { signals, concurrency, out, borrow, signal }: ManyCall,
): Promise<Tensor[]> {
  const { native, weight, bias, packed } = layer;
  const calls = signals.map((each, i) => checkedSignal(layer, each, i));
  const outs = out && checkedOuts(layer, out, calls);
  const results = new Array<Tensor>(calls.length);
  const start = native.prepareMany(packed ? null : weight, packed ? null : bias);
  const parts = inParts(calls);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;

  const runPart = async ([from, to]: Part): Promise<void> => {
    const part = calls.slice(from, to);
    for (const [i, call] of part.entries()) refuseDetached(call, from + i);
    const inputs = part.map(({ elements }) => elements);
    const places = outs !== undefined && borrow ? outs.slice(from, to) : null;
    const memories = await runJob<Memory>((done) => start(inputs, borrow, places, done), signal);
    giveBackLater(memories.reduce((sum, { byteLength }) => sum + byteLength, 0));
    memories.forEach((memory, i) => {
      const isInPlace = places !== null && memory === places[i];
      results[from + i] = isInPlace
        ? (out![from + i] as Tensor)
        : resultOf(layer, memory as ArrayBuffer, part[i]!, out?.[from + i], from + i);
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

/** Where a job has put a result: memory that it made, or an out in shared memory. */
type Memory = ArrayBuffer | FloatArray;

/** The memory of the outs, once each is what the result would have been and shares nothing with what is used besides. */
function checkedOuts(layer: Layer, outs: readonly unknown[], calls: readonly Call[]): FloatArray[] {
  const arrays = outs.map((out, i) => checkedOutOf(layer, out, calls[i]!, i));
  const { weight, bias } = layer;
  refuseOverlaps([
    ...arrays.map((array, i) => ({ array, name: () => `out[${i}]`, isWritten: true })),
    ...calls.map(({ elements }, i) => ({ array: elements, name: () => `signals[${i}]`, isWritten: false })),
    { array: weight, name: () => 'the weight', isWritten: false },
    ...(bias === null ? [] : [{ array: bias, name: () => 'the bias', isWritten: false }]),
  ]);
  return arrays;
}

function checkedOutOf({ parameters }: Layer, out: unknown, { fit }: Call, index: number): FloatArray {
  try {
    return checkedOut(out as Tensor, fit.outShape, parameters);
  } catch (error) {
    throw about(`out[${index}]`, error);
  }
}

/** A tensor over the memory of a result, or the out that it is copied to, which may be gone by now. */
function resultOf(layer: Layer, memory: ArrayBuffer, call: Call, out: unknown, index: number): Tensor {
  const { dtype } = layer.parameters;
  const [array] = resultArrays(dtype, [memory]);
  if (out === undefined) return tensorOfAll(array!, dtype, call.fit.outShape);
  checkedOutOf(layer, out, call, index).set(array!);
  return out as Tensor;
}

/** A signal may have been transferred before its turn came. */
function refuseDetached({ elements, fit }: Call, index: number): void {
  if (elements.byteLength > 0 || fit.length === 0) return;
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
    throw about(`signals[${index}]`, error);
  }
  const { batch, length, outShape } = call.fit;
  if (outShape.length === 2) return call;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `signals[${index}]: it must have shape (inChannels, L), but got ${formatShape([batch, layer.parameters.inChannels, length])}; a batch of signals of one length goes to forwardAsync()`,
  );
}

/** A refusal with the name of what it is about. */
function about(name: string, error: unknown): unknown {
  if (!isOwnRefusal(error)) return error;
  const Kind = nameOf(error) === 'TypeError' ? TypeError : RangeError;
  return Object.assign(new Kind(`${name}: ${messageOf(error)}`, { cause: error }), { code: codeOf(error) });
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
