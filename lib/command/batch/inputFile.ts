import { extname } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import type { ReadFileOptions } from '../../io/files.ts';
import { readSafetensors } from '../../io/safetensors.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { tensor } from '../../tensor/factories.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Engine, NamedInputs } from './engine.ts';
import { type ReadOptions, readSignal } from './signal.ts';

/** The tensors of an input file, in the order of the engine's inputs. */
export interface InputTensors {
  readonly tensors: readonly Tensor[];
  /** Samples per second, for audio; null for anything else. */
  readonly sampleRate: number | null;
}

interface InputFileOptions extends ReadOptions, ReadFileOptions {}

/** Files of tensors that have names, by their extension. */
const NAMED_FILES: Readonly<
  Record<string, (path: string, options: ReadFileOptions) => Promise<Record<string, Tensor>>>
> = {
  '.safetensors': async (path, options) => (await readSafetensors(path, undefined, undefined, options)).tensors,
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
  if (input.kind === 'named') return { tensors: await readNamed(path, input, dtype, options), sampleRate: null };
  const signal = await readSignal(path, input, dtype, { ...options, sampleRate });
  return { tensors: [signal.samples], sampleRate: signal.sampleRate };
}

async function readNamed(
  path: string,
  { names }: NamedInputs,
  dtype: FloatDtype,
  { inspect }: ReadFileOptions,
): Promise<Tensor[]> {
  const read = NAMED_FILES[extname(path).toLowerCase()];
  if (read === undefined) {
    throw rangeError(
      'ERR_CONV1D_FORMAT',
      `the network reads ${names.map(quote).join(', ')}; give ${Object.keys(NAMED_FILES).join(' or ')} files with tensors of these names`,
    );
  }
  const tensors = await read(path, { inspect });
  return names.map((name) => {
    if (Object.hasOwn(tensors, name)) return convert(tensors[name]!, dtype);
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `has no tensor ${quote(name)}, which the network reads; its names are ${fewKeys(Object.keys(tensors))}`,
    );
  });
}

function convert(given: Tensor, dtype: FloatDtype): Tensor {
  return given.dtype === dtype ? given : tensor(given.data, given.shape, { dtype });
}
