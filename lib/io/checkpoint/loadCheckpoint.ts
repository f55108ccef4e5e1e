import { rangeError } from '../../check/errors.ts';
import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fileOfBytes, type OpenFile, withFile } from '../files.ts';
import { malformed } from '../malformed.ts';
import { readAhead } from '../readAhead.ts';
import { HEAD_BYTES, recognize } from '../recognize.ts';
import { readArchive } from '../zip.ts';
import type { Contents } from './contents.ts';
import { arrange, checkPermuted } from './layout.ts';
import { Meter } from './meter.ts';
import { isNpz, openNpz } from './npz.ts';
import {
  type CheckpointChoice,
  type LoadCheckpointOptions,
  type ParseCheckpointOptions,
  readCheckpointOptions,
} from './options.ts';
import { selectTensors } from './select.ts';
import { isPickle, openTorchLegacy } from './torchLegacy.ts';
import { isTorchArchive, openTorchArchive } from './torchZip.ts';

/**
 * Loads the tensors of a checkpoint by name, from a file of `torch.save` (`.pt`, `.pth`, `.ckpt`, `.bin`; also in the format before PyTorch 1.6), or of
 * `numpy.savez` (`.npz`). It looks at the content of the file, not at its name.
 *
 * It executes nothing in the file. A pickle may only rebuild tensors, parameters, dicts, lists, numbers and texts; an error names any other global.
 * Lengths are compared with the file before memory is allocated. Each tensor gets memory of its own, without gaps, even if it was a view or
 * shared its storage. A sparse, quantised or complex tensor does not prevent loading the others: leave it out with `prefix`. No number is rounded:
 *
 * | file | tensor |
 * |---|---|
 * | float32, float16, bfloat16 | float32 |
 * | float64 | float64 |
 * | int32, int16, uint16, int8, uint8 | int32 |
 * | int64, uint32, uint64 (an error from 2^63 on) | int64 |
 * | bool | bool |
 *
 * The state dict is the saved object itself, or the only dict of tensors in it, as in `{ 'model': ..., 'epoch': 3, 'optimizer': ... }`. If there are
 * several such dicts, choose one with `key`.
 *
 * @param path     the path of the file
 * @param options  `key` and `prefix` choose tensors, `layout` and `permute` reorder their dimensions, `maxBytes` limits their memory
 * @returns        the tensors by name, in a record without prototype, for `loadStateDict`; each has the shape that it had, unless it was permuted
 * @throws TypeError ERR_CONV1D_TYPE     when the path is not a string, the options are not a plain object, or an option is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when there is no state dict, or several and no `key` (the message lists their keys); when there is nothing at
 *                                       the key; when no name begins with the prefix; when `permute` names a tensor that is not loaded
 * @throws RangeError ERR_CONV1D_SHAPE   when an order of dimensions does not fit its tensor
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is damaged, is something else (a TorchScript archive, a whole model), asks for something that
 *                                       could run code, or has a sparse, quantised or complex tensor among those to load
 * @throws RangeError ERR_CONV1D_MEMORY  when the tensors take more than `maxBytes`, or do not fit into memory
 * @throws Error ENOENT, EACCES          when Node cannot open the file: its own error
 * @example
 * // torch.save({ 'model': net.state_dict(), 'epoch': 3, 'optimizer': optimizer.state_dict() }, 'examples/checkpoint.pt')
 * net.loadStateDict(await loadCheckpoint('examples/checkpoint.pt'));
 * const optimizer = await loadCheckpoint('examples/checkpoint.pt', { key: 'optimizer' });
 * Object.keys(optimizer).slice(0, 2);   // ['state.0.step', 'state.0.exp_avg']
 * @category Files
 */
export async function loadCheckpoint(
  path: string,
  options?: LoadCheckpointOptions,
): Promise<Record<string, Tensor<Dtype>>> {
  const choice = readCheckpointOptions(options, 'loadCheckpoint');
  const { tensors } = await withFile(path, (file) => readCheckpoint(file, choice));
  return tensors;
}

/**
 * Loads the tensors of a checkpoint from bytes in memory, as {@link loadCheckpoint} does from a file, with the same checks. It unpacks arrays of an
 * `.npz` on another thread, so it is asynchronous; do not change the bytes until the promise settles.
 *
 * @param bytes    a whole file
 * @param options  those of {@link loadCheckpoint}, and `source`: the name of the bytes in messages, by default `'checkpoint'`
 * @returns        the tensors by name, as of {@link loadCheckpoint}
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are not a Uint8Array, or an option is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE, ERR_CONV1D_SHAPE, ERR_CONV1D_FORMAT, ERR_CONV1D_MEMORY  as {@link loadCheckpoint}
 * @example
 * const weights = await parseCheckpoint(await readFile('examples/checkpoint.pt'), { prefix: '0.' });
 * Object.keys(weights);                                                        // ['0.weight', '0.bias']
 * await parseCheckpoint(new Uint8Array(3), { source: 'body of a request' });   // ERR_CONV1D_FORMAT
 * @category Files
 */
export async function parseCheckpoint(
  bytes: Uint8Array,
  options?: ParseCheckpointOptions,
): Promise<Record<string, Tensor<Dtype>>> {
  const choice = readCheckpointOptions(options, 'parseCheckpoint', ['source']);
  const { tensors } = await readCheckpoint(fileOfBytes(bytes, choice.source), choice);
  return tensors;
}

/** Called while the tensors are read; it may end the reading by throwing. */
export interface ReadWatcher {
  begin?(names: readonly string[]): void;
  next?(done: number): void;
}

/** The tensors of an open checkpoint, and whether torch.save wrote it. */
export async function readCheckpoint(
  given: OpenFile,
  { key, prefix, layout, permute, maxBytes }: Omit<CheckpointChoice, 'source'>,
  watcher: ReadWatcher = {},
): Promise<{ tensors: Record<string, Tensor<Dtype>>; isTorch: boolean }> {
  const file = readAhead(given);
  const { source } = file;
  const contents = await openCheckpoint(file, new Meter(file, maxBytes));
  const all = selectTensors(source, contents.top, key);
  const chosen = [...all].filter(([name]) => name.startsWith(prefix));
  if (chosen.length === 0 && prefix !== '') {
    const names = fewKeys([...all.keys()]);
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${source}: no tensor's name begins with ${quote(prefix)}; its names are ${names}`,
    );
  }
  const names = chosen.map(([name]) => name);
  checkPermuted(source, names, permute);
  watcher.begin?.(names);
  const tensors: Record<string, Tensor<Dtype>> = Object.create(null);
  for (const [i, [name, stored]] of chosen.entries()) {
    watcher.next?.(i);
    tensors[name] = arrange(source, name, await contents.load(stored, name), layout, permute);
  }
  return { tensors, isTorch: contents.isTorch };
}

async function openCheckpoint(file: OpenFile, meter: Meter): Promise<Contents> {
  const head = Buffer.alloc(Math.min(file.size, HEAD_BYTES));
  await file.read({ target: head, position: 0 });
  const { source } = file;
  if (isZip(head)) {
    let isTorch = false;
    const entries = await readArchive(file, (names) => {
      isTorch = isTorchArchive(source, names);
      if (!isTorch && !isNpz(names)) throw otherArchive(source, names);
    });
    return isTorch ? openTorchArchive(file, entries, meter) : openNpz(file, entries, meter);
  }
  if (isPickle(head)) return openTorchLegacy(file, meter);
  const sentence = 'this is no checkpoint: neither a zip archive nor a pickle';
  throw malformed(source, recognize(head, source, 'checkpoint') ?? sentence);
}

function isZip(head: Buffer): boolean {
  return head.length >= 4 && ['PK\x03\x04', 'PK\x05\x06'].includes(head.toString('latin1', 0, 4));
}

function otherArchive(source: string, names: readonly string[]): RangeError {
  const expected = 'it has neither data.pkl, as torch.save writes it, nor NAME.npy, as numpy.savez does';
  return malformed(source, `this zip archive is no checkpoint: ${expected}; its entries are ${fewKeys(names)}`);
}
