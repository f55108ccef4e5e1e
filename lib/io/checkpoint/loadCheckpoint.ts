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
 * Loads the tensors of a checkpoint by name: what `torch.save` wrote (`.pt`, `.pth`, `.ckpt`, `.bin`), in its format and in that before PyTorch 1.6, or
 * what `numpy.savez` wrote (`.npz`). The content says which, and not the name.
 *
 * Nothing in the file is executed. A pickle may only rebuild tensors, parameters, dicts, lists, numbers and texts; any other global is refused
 * by its name. A tensor that is sparse, quantised or complex hinders none of the others: `prefix` leaves it out. Lengths are compared with the file before memory is taken. Each tensor gets memory of its own, without gaps, also those that
 * are views or share a storage. No number is rounded:
 *
 * | file | tensor |
 * |---|---|
 * | float32, float16, bfloat16 | float32 |
 * | float64 | float64 |
 * | int32, int16, uint16, int8, uint8 | int32 |
 * | int64, uint32, uint64 (refused beyond 2^63) | int64 |
 * | bool | bool |
 *
 * The state dict is the object that was saved, or the only dict of tensors in it: that of `{ 'model': ..., 'epoch': 3, 'optimizer': ... }`. Where there
 * are several, `key` chooses.
 *
 * @param options  `key`, `prefix`: which of the tensors. `layout`, `permute`: the order of their dimensions. `maxBytes`: a limit
 * @returns the tensors by name, in a record without prototype, for `loadStateDict`
 * @throws TypeError ERR_CONV1D_TYPE     when the path is no string, the options are no plain object, or one is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when there is no state dict, or several and no key, with the keys that are there; when nothing is at the key; when no name
 *                                       begins with the prefix; when `permute` names what is not loaded
 * @throws RangeError ERR_CONV1D_SHAPE   when an order of dimensions does not fit
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is damaged, is something else (a TorchScript archive, a whole model), asks for what could run
 *                                       code, or has a tensor to be loaded that is sparse, quantised or complex
 * @throws RangeError ERR_CONV1D_MEMORY  when the tensors take more than `maxBytes`, or do not fit into memory
 * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
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
 * Like {@link loadCheckpoint}, from bytes in memory, with the same checks. Arrays of an `.npz` are unpacked on another thread, so this is asynchronous;
 * the bytes should not change meanwhile.
 *
 * @param options  those of {@link loadCheckpoint}; `source`: what the bytes are called in messages
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array, or an option is of the wrong kind
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

/** What hears of the reading, and may end it by throwing. */
export interface ReadWatcher {
  begin?(names: readonly string[]): void;
  next?(done: number): void;
}

/** The tensors of a checkpoint that is open, and whether torch.save wrote it. */
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
