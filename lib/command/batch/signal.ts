import { extname } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import type { ReadFileOptions } from '../../io/files.ts';
import { readNpy } from '../../io/npy.ts';
import { readWav, type Wav } from '../../io/wav.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { tensor } from '../../tensor/factories.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { firstChannelCommand, resampleCommand } from './advice.ts';
import type { SignalInput } from './engine.ts';
import { mixDown } from './mixDown.ts';

/** The input of a convolution. */
export interface Signal {
  /** (channels, length) or (batch, channels, length). */
  readonly samples: Tensor;
  /** Samples per second, for audio; null for arrays. */
  readonly sampleRate: number | null;
}

/** How signals are read, and so what becomes of them. */
export interface ReadOptions {
  /** Whether several channels become their mean where the layer takes one. Default false. */
  readonly mono?: boolean;
  /** Whether a recording that was cut off is read as far as it goes. Default false. */
  readonly truncated?: boolean;
}

interface SignalOptions extends ReadOptions, ReadFileOptions {
  /** Samples a second that recordings must have. Default: any. */
  readonly sampleRate?: number | undefined;
}

/**
 * Reads a .wav or a .npy file as input for a layer or a network, converted to its dtype.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is of another kind or cannot be read
 * @throws RangeError ERR_CONV1D_SHAPE   when a recording has more or fewer channels than the layer takes, or an array has a
 *                                       single dimension
 * @throws RangeError ERR_CONV1D_VALUE   when a recording has another sample rate
 */
export async function readSignal(
  path: string,
  { channels, takesVectors }: Omit<SignalInput, 'kind'>,
  dtype: FloatDtype,
  options: SignalOptions = {},
): Promise<Signal> {
  const { truncated = false } = options;
  const mix = options.mono === true && channels === 1 ? mixDown : (samples: Tensor) => samples;
  switch (extname(path).toLowerCase()) {
    case '.wav': {
      if (channels === null) {
        throw rangeError('ERR_CONV1D_SHAPE', 'the network takes no signal with its time last; give an .npy array');
      }
      const wav = await readWav(path, truncated, options);
      const samples = mix(convert(wav.samples, dtype));
      if (samples.shape[0] !== channels) throw wrongChannels(path, wav, channels);
      const { sampleRate } = options;
      if (sampleRate !== undefined && wav.sampleRate !== sampleRate) throw wrongRate(path, wav, sampleRate);
      return { samples, sampleRate: wav.sampleRate };
    }
    case '.npy':
      return { samples: mix(convert(await readArray(path, takesVectors, options), dtype)), sampleRate: null };
    case '.npz':
      throw rangeError('ERR_CONV1D_FORMAT', 'an .npz is a zip archive of .npy files; unzip it and give one of those');
    default:
      throw rangeError(
        'ERR_CONV1D_FORMAT',
        'inputs are .wav and .npy files; sox and ffmpeg turn other recordings into .wav',
      );
  }
}

/** The layer refuses arrays of too many dimensions; one that has too few is a common mistake with a simple remedy. */
async function readArray(path: string, takesVectors: boolean, options: ReadFileOptions): Promise<Tensor> {
  const array = await readNpy(path, options);
  if (array.ndim !== 1 || takesVectors) return array;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `has shape ${formatShape(array.shape)}, not (channels, length) or (batch, channels, length); save array.reshape(1, -1) for a single channel`,
  );
}

function wrongChannels(path: string, wav: Wav, inChannels: number): RangeError {
  const { channels } = wav;
  const has = `has ${channels} ${channels === 1 ? 'channel' : 'channels'}, but the weights take ${inChannels}`;
  const advice =
    inChannels === 1
      ? `--mono mixes them down${ffmpegReads(wav) ? `; to take one, e.g.: ${firstChannelCommand(path)}` : ''}`
      : `give a recording or an .npy array of ${inChannels} channels`;
  return rangeError('ERR_CONV1D_SHAPE', `${has}; ${advice}`);
}

function wrongRate(path: string, wav: Wav, wanted: number): RangeError {
  const has = `has a sample rate of ${wav.sampleRate} Hz, but the weights take ${wanted} Hz`;
  const advice = ffmpegReads(wav)
    ? `resample it, e.g.: ${resampleCommand(path, wanted)}`
    : `save it at ${wanted} Hz with as many bits as its samples have bytes for`;
  return rangeError('ERR_CONV1D_VALUE', `${has}; ${advice}`);
}

/** Neither ffmpeg nor sox reads integers with a byte or more to spare, such as 24 bits in 32. */
function ffmpegReads({ format, bits }: Wav): boolean {
  return !format.startsWith('pcm') || Number(format.slice('pcm'.length)) - bits < 8;
}

function convert(samples: Tensor, dtype: FloatDtype): Tensor {
  return samples.dtype === dtype ? samples : tensor(samples.data, samples.shape, { dtype });
}
