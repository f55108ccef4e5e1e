import { type Tensor, tensor } from 'conv1d';
import { FRAME } from './tracks.ts';

/** Samples before a frame that the network reads once more. */
export const CONTEXT = 64;

/**
 * What the network reads of some clips of `frames` frames each: (frames * clips, 1, CONTEXT + FRAME), where rows `t * clips` and on are frame t of all
 * clips, so that they are a step of the LSTM. Before a clip there is silence.
 */
export function windowsOf(clips: readonly Float32Array[], frames: number): Tensor {
  const window = CONTEXT + FRAME;
  const data = new Float32Array(frames * clips.length * window);
  for (const [i, clip] of clips.entries()) {
    for (let t = 0; t < frames; t++) {
      const row = (t * clips.length + i) * window;
      const begin = t * FRAME - CONTEXT;
      data.set(clip.subarray(Math.max(0, begin), begin + window), row + Math.max(0, -begin));
    }
  }
  return tensor(data, [frames * clips.length, 1, window]);
}
