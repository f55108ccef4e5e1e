import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import type { ByteOrder } from '../elements.ts';
import { fileOfBytes, type OpenFile } from '../files.ts';
import { malformed } from '../malformed.ts';
import { Budget, MAX_PICKLE_BYTES } from '../pickle/budget.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { type ArchiveEntry, entryInPlace, isInPlace, unpackEntry } from '../zip.ts';
import type { Contents } from './contents.ts';
import type { Meter } from './meter.ts';
import type { TensorRecipe, UnreadableTensor } from './recipe.ts';
import { readTensor } from './storage.ts';
import { torchVocabulary } from './torchVocabulary.ts';

// What torch.save writes from PyTorch 1.6 on: a zip archive of one folder,
//
//   NAME/data.pkl     the object, a pickle in which tensors refer to storages by their keys
//   NAME/data/KEY     the bytes of a storage
//   NAME/byteorder    little or big, from 2.1 on
//   NAME/version      and others, which say nothing about tensors

const PICKLE = /^(?:([^/]+)\/)?data\.pkl$/;

/** Whether the names in an archive are those of torch.save; an archive of torch.jit.save is refused. */
export function isTorchArchive(source: string, names: readonly string[]): boolean {
  const pickles = names.filter((name) => PICKLE.test(name));
  const [pickle] = pickles;
  if (pickle === undefined) return false;
  // The folder is called what the file was: that of code.pt is code/.
  const folder = folderOf(pickle);
  if (names.some((name) => name === `${folder}constants.pkl` || name.startsWith(`${folder}code/`))) {
    throw malformed(
      source,
      'this is a TorchScript archive of torch.jit.save, a program with its weights; in Python save its state dict, ' +
        'torch.save(torch.jit.load(path).state_dict(), path), or export the network with torch.onnx.export',
    );
  }
  if (pickles.length > 1) throw malformed(source, `the archive has several pickles, ${fewKeys(pickles)}; expected one`);
  return true;
}

/** Reads the pickle of an archive of torch.save. */
export async function openTorchArchive(
  file: OpenFile,
  entries: ReadonlyMap<string, ArchiveEntry>,
  meter: Meter,
): Promise<Contents> {
  const { source } = file;
  const pickle = [...entries.values()].find(({ name }) => PICKLE.test(name))!;
  if (pickle.bytes > MAX_PICKLE_BYTES) {
    throw malformed(
      source,
      `its pickle has ${pickle.bytes} bytes, at most ${MAX_PICKLE_BYTES} are read; save the state dict alone`,
    );
  }
  const folder = folderOf(pickle.name);
  const bytes = await readEntry(file, pickle);
  const { value } = unpickle(source, bytes, 0, true, torchVocabulary(source), new Budget(source));
  const order = await readOrder(file, entries.get(`${folder}byteorder`));
  const opened = new Map<string, Promise<OpenFile>>();
  const openStorage = async (key: string): Promise<OpenFile> => {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry === undefined)
      throw malformed(source, `storage ${quote(key)} is not in the archive; is the file damaged?`);
    if (isInPlace(entry)) return entryInPlace(file, entry);
    // Somebody has packed it again. Many tensors may look at it: it is unpacked once.
    const known = opened.get(key);
    if (known !== undefined) return known;
    meter.take(entry.bytes);
    const unpacked = unpackEntry(file, entry).then((whole) => fileOfBytes(whole, source));
    opened.set(key, unpacked);
    return unpacked;
  };
  return {
    top: value,
    isTorch: true,
    load: (tensor, name) =>
      readTensor(source, openStorage, tensor as TensorRecipe | UnreadableTensor, name, order, meter),
  };
}

function folderOf(pickle: string): string {
  return pickle.slice(0, -'data.pkl'.length);
}

async function readOrder(file: OpenFile, entry: ArchiveEntry | undefined): Promise<ByteOrder> {
  if (entry === undefined) return 'LE';
  const text = entry.bytes > 16 ? '' : Buffer.from(await readEntry(file, entry)).toString('latin1');
  if (text === 'little') return 'LE';
  if (text === 'big') return 'BE';
  throw malformed(file.source, `its byteorder should be little or big, but is ${quote(text)}`);
}

/**
 * The bytes of a small entry. What is stored is not compared with its checksum: torch does not either, and files that it writes may have
 * none.
 */
async function readEntry(file: OpenFile, entry: ArchiveEntry): Promise<Uint8Array> {
  if (!isInPlace(entry)) return unpackEntry(file, entry);
  const target = new Uint8Array(entry.bytes);
  await file.read({ target, position: entry.start });
  return target;
}
