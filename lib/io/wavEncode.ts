import { rangeError } from '../check/errors.ts';
import { elementsOf } from '../tensor/arguments.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;
/** Full scale; samples are read as they are divided by it. */
const FULL = 2 ** 15;
const MOST_CHANNELS = 2 ** 16 - 1;
/** What the header has 32 bits for. */
const MOST_BYTES = 2 ** 32 - 1;

/** A recording as a file, in pieces, and what was lost. */
export interface EncodedWav {
  readonly chunks: Uint8Array[];
  /** The largest magnitude; full scale is 1. */
  readonly peak: number;
  /** How many samples were beyond full scale, and are at it now. */
  readonly clipped: number;
}

/**
 * Samples as a .wav file, PCM of 16 bits.
 *
 * @param samples     (channels, frames), or (frames), floats from -1 to 1
 * @param sampleRate  samples per second and channel, a whole number
 * @throws RangeError ERR_CONV1D_SHAPE  when it has other dimensions, or too many channels or frames for a .wav file
 * @throws RangeError ERR_CONV1D_VALUE  when a sample is NaN
 */
export function encodeWav(samples: Tensor, sampleRate: number): EncodedWav {
  const { shape } = samples;
  const [frames = 0, channels = 1] = shape.toReversed();
  const bytes = channels * frames * SAMPLE_BYTES;
  const fits = (shape.length === 1 || shape.length === 2) && channels >= 1 && channels <= MOST_CHANNELS;
  if (!fits || bytes + HEADER_BYTES > MOST_BYTES) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `a .wav file holds (channels, frames) of at most ${MOST_CHANNELS} channels and 4 GiB, but this is ${formatShape(shape)}; write an .npy`,
    );
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(HEADER_BYTES - 8 + bytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * SAMPLE_BYTES, 28);
  header.writeUInt16LE(channels * SAMPLE_BYTES, 32);
  header.writeUInt16LE(8 * SAMPLE_BYTES, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(bytes, 40);
  const { interleaved, peak, clipped } = quantized(elementsOf(samples), channels, frames);
  return { chunks: [header, interleaved], peak, clipped };
}

function quantized(elements: FloatArray, channels: number, frames: number) {
  const interleaved = new Uint8Array(elements.length * SAMPLE_BYTES);
  const view = new DataView(interleaved.buffer);
  let [peak, clipped] = [0, 0];
  for (let channel = 0; channel < channels; channel++) {
    for (let frame = 0; frame < frames; frame++) {
      const sample = elements[channel * frames + frame]!;
      const magnitude = Math.abs(sample);
      if (Number.isNaN(sample)) {
        throw rangeError(
          'ERR_CONV1D_VALUE',
          `sample ${frame} of channel ${channel} is NaN, which no .wav file of integers has; write an .npy to look at it`,
        );
      }
      if (magnitude > peak) peak = magnitude;
      if (magnitude > 1) clipped++;
      const value = Math.min(FULL - 1, Math.max(-FULL, Math.round(sample * FULL)));
      view.setInt16((frame * channels + channel) * SAMPLE_BYTES, value, true);
    }
  }
  return { interleaved, peak, clipped };
}
