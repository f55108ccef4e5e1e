import { Conv1d, type FloatArray, type FloatDtype, type Tensor, zeros } from '../../../lib/index.ts';
import type { CallName, Wanted } from './commands.ts';

/** Results are (CHANNELS, n): their sizes are multiples of this. */
export const CHANNELS = 64;

const SLOW_TAPS = 9;

/** A layer whose outputs are its bias. */
function biasOnly(inChannels: number, kernelSize: number, dtype: FloatDtype): Conv1d {
  const conv = new Conv1d(inChannels, CHANNELS, kernelSize, { dtype });
  conv.weight.data.fill(0);
  return conv;
}

const LAYERS = {
  float32: { quick: biasOnly(1, 1, 'float32'), slow: biasOnly(CHANNELS, SLOW_TAPS, 'float32') },
  float64: { quick: biasOnly(1, 1, 'float64'), slow: biasOnly(CHANNELS, SLOW_TAPS, 'float64') },
};

/** Results in which every element is the id of the first of them. Asynchronous calls have started when this returns. */
export function start(
  call: CallName,
  dtype: FloatDtype,
  wanted: readonly Wanted[],
): Tensor | Promise<Tensor | Tensor[]> {
  const conv = LAYERS[dtype][call === 'slow' ? 'slow' : 'quick'];
  const { id, elements } = wanted[0]!;
  conv.bias!.data.fill(id);
  const signal = (count: number): Tensor => zeros(1, count / CHANNELS, { dtype });
  switch (call) {
    case 'forward':
      return conv.forward(signal(elements));
    case 'forwardAsync':
      return conv.forwardAsync(signal(elements));
    case 'forwardMany':
      return conv.forwardMany(wanted.map((each) => signal(each.elements)));
    default:
      return conv.forwardAsync(zeros(CHANNELS, elements / CHANNELS + SLOW_TAPS - 1, { dtype }));
  }
}

/** No two of some results may lie in one ArrayBuffer. */
export function sharesBuffer(arrays: readonly FloatArray[]): boolean {
  return new Set(arrays.map(({ buffer }) => buffer)).size < arrays.length;
}
