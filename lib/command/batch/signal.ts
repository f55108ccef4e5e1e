import { basename, extname } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import { readNpy } from '../../io/npy.ts';
import { readWav } from '../../io/wav.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { tensor } from '../../tensor/factories.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The input of a convolution. */
export interface Signal {
  /** (channels, length) or (batch, channels, length). */
  readonly samples: Tensor;
  /** Samples per second, for audio; null for arrays. */
  readonly sampleRate: number | null;
}

/**
 * Reads a .wav or a .npy file as input for a layer, converted to its dtype.
 *
 * @param inspect  gets all bytes of the file, in order, piece by piece
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is of another kind or cannot be read
 * @throws RangeError ERR_CONV1D_SHAPE   when a recording has more or fewer channels than the layer takes, or an array has a
 *                                       single dimension
 */
export async function readSignal(
  path: string,
  inChannels: number,
  dtype: Dtype,
  inspect?: (bytes: Uint8Array) => void,
): Promise<Signal> {
  switch (extname(path).toLowerCase()) {
    case '.wav': {
      const { samples, sampleRate, channels } = await readWav(path, inspect);
      if (channels !== inChannels) throw wrongChannels(path, channels, inChannels);
      return { samples: convert(samples, dtype), sampleRate };
    }
    case '.npy':
      return { samples: convert(await readArray(path, inspect), dtype), sampleRate: null };
    default:
      throw rangeError(
        'ERR_CONV1D_FORMAT',
        `inputs are .wav and .npy files; sox and ffmpeg turn other recordings into .wav`,
      );
  }
}

/** The layer refuses arrays of too many dimensions; one that has too few is a common mistake with a simple remedy. */
async function readArray(path: string, inspect: ((bytes: Uint8Array) => void) | undefined): Promise<Tensor> {
  const array = await readNpy(path, inspect);
  if (array.ndim !== 1) return array;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `has shape ${formatShape(array.shape)}, not (channels, length) or (batch, channels, length); save array.reshape(1, -1) for a single channel`,
  );
}

function wrongChannels(path: string, channels: number, inChannels: number): RangeError {
  const has = `has ${channels} ${channels === 1 ? 'channel' : 'channels'}, but the weights take ${inChannels}`;
  const name = basename(path, extname(path));
  const advice =
    inChannels === 1
      ? `mix them down (sox ${name}.wav -c 1 ${name}-mono.wav) or take one (sox ${name}.wav ${name}-left.wav remix 1)`
      : `give a recording or an .npy array of ${inChannels} channels`;
  return rangeError('ERR_CONV1D_SHAPE', `${has}; ${advice}`);
}

function convert(samples: Tensor, dtype: Dtype): Tensor {
  return samples.dtype === dtype ? samples : tensor(samples.data, samples.shape, { dtype });
}
