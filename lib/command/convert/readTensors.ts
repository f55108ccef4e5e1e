import { rangeError } from '../../check/errors.ts';
import { arrange, checkPermuted, type Layout, type Permutations } from '../../io/checkpoint/layout.ts';
import { type ReadWatcher, readCheckpoint } from '../../io/checkpoint/loadCheckpoint.ts';
import { type OpenFile, withFile } from '../../io/files.ts';
import { looksLikeSafetensors } from '../../io/recognize.ts';
import { readSafetensorsAsStored } from '../../io/safetensors.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Which tensors of a file, and in which order their dimensions go. */
export interface TensorChoice {
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
  readonly layout: Layout;
  readonly permute?: Permutations | undefined;
  readonly maxBytes?: number | undefined;
}

/** What is to be written. */
export interface NamedTensors {
  readonly tensors: Record<string, Tensor<Dtype>>;
  readonly metadata: Record<string, string> | undefined;
}

/** As many bytes tell a .safetensors file from others. */
const HEAD_BYTES = 16;

/** The tensors of a checkpoint or of a .safetensors file, which keeps its metadata. */
export function readTensors(path: string, choice: TensorChoice, watcher: ReadWatcher): Promise<NamedTensors> {
  const { key, prefix = '', layout, permute = {}, maxBytes } = choice;
  return withFile(path, async (file) => {
    if (await isSafetensors(file)) return readSafetensorsFile(file, choice);
    const { tensors, isTorch } = await readCheckpoint(file, { key, prefix, layout, permute, maxBytes }, watcher);
    // Programs of Hugging Face's read no file of PyTorch's without it.
    return { tensors, metadata: isTorch ? { format: 'pt' } : undefined };
  });
}

async function isSafetensors(file: OpenFile): Promise<boolean> {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.size));
  await file.read({ target: head, position: 0 });
  return looksLikeSafetensors(head);
}

async function readSafetensorsFile(
  file: OpenFile,
  { key, prefix = '', layout, permute = {} }: TensorChoice,
): Promise<NamedTensors> {
  const { source } = file;
  if (key !== undefined) {
    const advice = 'choose by --prefix';
    throw rangeError('ERR_CONV1D_VALUE', `${source}: a .safetensors file has names and no keys; ${advice}`);
  }
  const { tensors, metadata } = await readSafetensorsAsStored(file, prefix);
  checkPermuted(source, Object.keys(tensors), permute);
  for (const [name, tensor] of Object.entries(tensors)) tensors[name] = arrange(source, name, tensor, layout, permute);
  return { tensors, metadata: Object.keys(metadata).length === 0 ? undefined : metadata };
}
