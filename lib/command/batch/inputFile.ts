import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import { parseCheckpoint } from '../../io/checkpoint/loadCheckpoint.ts';
import type { ReadFileOptions } from '../../io/files.ts';
import { readSafetensorsBytesAsStored } from '../../io/safetensors.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Engine, NamedInputs } from './engine.ts';
import { type ReadOptions, readSignal } from './signal.ts';

/** The tensors of an input file, in the order of the engine's inputs. */
export interface InputTensors {
  readonly tensors: readonly Tensor<Dtype>[];
  /** Samples per second, for audio; null for anything else. */
  readonly sampleRate: number | null;
}

interface InputFileOptions extends ReadOptions, ReadFileOptions {}

type ReadNamed = (path: string, options: ReadFileOptions) => Promise<Readonly<Record<string, Tensor<Dtype>>>>;

/** Files of tensors that have names, by their extension; extensions.ts has them, too. */
const NAMED_FILES: Readonly<Record<string, ReadNamed>> = {
  '.safetensors': async (path, { inspect }) => {
    const bytes = await readFile(path);
    inspect?.(bytes);
    return readSafetensorsBytesAsStored(bytes, path).tensors;
  },
  '.npz': async (path, { inspect }) => {
    const bytes = await readFile(path);
    inspect?.(bytes);
    return parseCheckpoint(bytes, { source: path });
  },
};

/**
 * Reads a file as input for an engine, converted to its dtype.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is of another kind or cannot be read
 * @throws RangeError ERR_CONV1D_VALUE   when it lacks a tensor, or has another sample rate
 * @throws RangeError ERR_CONV1D_SHAPE   when its channels or dimensions do not fit
 */
export async function readInputs(path: string, engine: Engine, options: InputFileOptions): Promise<InputTensors> {
  const { input, dtype, sampleRate } = engine;
  if (input.kind === 'named') return { tensors: await readNamed(path, input, options), sampleRate: null };
  const signal = await readSignal(path, input, dtype, { ...options, sampleRate });
  return { tensors: [signal.samples], sampleRate: signal.sampleRate };
}

async function readNamed(
  path: string,
  { names, dtypes }: NamedInputs,
  options: ReadFileOptions,
): Promise<Tensor<Dtype>[]> {
  const read = NAMED_FILES[extname(path).toLowerCase()];
  if (read === undefined) {
    throw rangeError(
      'ERR_CONV1D_FORMAT',
      `the network reads ${names.map(quote).join(', ')}; give ${Object.keys(NAMED_FILES).join(' or ')} files with tensors of these names`,
    );
  }
  const tensors = await read(path, options);
  return names.map((name, i) => {
    if (Object.hasOwn(tensors, name)) return tensors[name]!.to(dtypes[i]!);
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `has no tensor ${quote(name)}, which the network reads; its names are ${fewKeys(Object.keys(tensors))}`,
    );
  });
}
