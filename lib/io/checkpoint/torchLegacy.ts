import { quote } from '../../check/quote.ts';
import { type OpenFile, partOf } from '../files.ts';
import { malformed } from '../malformed.ts';
import { Budget, MAX_PICKLE_BYTES } from '../pickle/budget.ts';
import { MORE } from '../pickle/bytes.ts';
import { type Unpickled, unpickle } from '../pickle/unpickle.ts';
import { isList, isSpecial, NO_GLOBALS, type Vocabulary } from '../pickle/values.ts';
import type { Contents } from './contents.ts';
import type { Meter } from './meter.ts';
import type { ElementType, StorageRecipe, TensorRecipe, UnreadableTensor } from './recipe.ts';
import { readTensor } from './storage.ts';
import { torchVocabulary } from './torchVocabulary.ts';

// What torch.save wrote before PyTorch 1.6, and writes with _use_new_zipfile_serialization=False: pickles one after the other,
//
//   0x1950a86a20f9469cfc6c, 1001, what machine it was
//   the object, in which tensors refer to storages by their keys
//   the keys of the storages, in the order of what follows
//   for each storage 8 bytes, the number of its elements, then these, little endian

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const COUNT_BYTES = 8;
/** How much of the file is read for a pickle at first; four times that when it goes on. */
const FIRST_WINDOW = 2 ** 16;

/** Whether a file begins with the opcode PROTO and a version, or with the magic number as protocols 0 and 1 write it. */
export function isPickle(head: Buffer): boolean {
  const text = `L${MAGIC}L`;
  return (head[0] === 0x80 && head[1]! <= 5) || head.toString('latin1', 0, text.length) === text;
}

/** Reads the pickles of a file that begins as they do, and finds the storages behind them. */
export async function openTorchLegacy(file: OpenFile, meter: Meter): Promise<Contents> {
  const { source } = file;
  const numbers = NO_GLOBALS(source);
  const types = new Map<string, ElementType>();
  const magic = await readPickle(file, 0, torchVocabulary(source));
  if (magic.value !== MAGIC) {
    throw malformed(
      source,
      'this is a Python pickle, but none that torch.save wrote; save the state dict with torch.save',
    );
  }
  const version = await readPickle(file, magic.end, numbers);
  if (version.value !== VERSION) throw malformed(source, `expected version ${VERSION} of torch.save's old format`);
  const machine = await readPickle(file, version.end, numbers);
  const object = await readPickle(file, machine.end, noting(torchVocabulary(source), types));
  const keys = await readPickle(file, object.end, numbers);
  if (!isList(keys.value)) throw malformed(source, 'the keys of its storages are no list; is the file damaged?');

  const storages = new Map<string, OpenFile>();
  let position = keys.end;
  for (const key of keys.value) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (typeof key !== 'string' || type === undefined || storages.has(key)) {
      throw malformed(source, `it has storage ${quote(String(key))} that no tensor knows, or that comes twice`);
    }
    const bytes = await readCount(file, position, key, type);
    storages.set(key, partOf(file, position + COUNT_BYTES, bytes));
    position += COUNT_BYTES + bytes;
  }
  const openStorage = async (key: string): Promise<OpenFile> => {
    const storage = storages.get(key);
    if (storage === undefined) throw malformed(source, `storage ${quote(key)} is not in the file`);
    return storage;
  };
  return {
    top: object.value,
    isTorch: true,
    load: (tensor, name) =>
      readTensor(source, openStorage, tensor as TensorRecipe | UnreadableTensor, name, 'LE', meter),
  };
}

/** The vocabulary, noting the type of each storage: it says how long the storages are that lie before another. */
function noting(vocabulary: Vocabulary, types: Map<string, ElementType>): Vocabulary {
  return {
    ...vocabulary,
    load(id) {
      const value = vocabulary.load(id);
      if (isSpecial<StorageRecipe>(value, 'storage') && !types.has(value.key)) types.set(value.key, value.type);
      return value;
    },
  };
}

/** As many bytes the elements of a storage have. */
async function readCount(file: OpenFile, position: number, key: string, type: ElementType): Promise<number> {
  const what = `storage ${quote(key)}`;
  const rest = file.size - position - COUNT_BYTES;
  if (rest < 0) throw malformed(file.source, `the file ends before ${what}; is it cut off?`);
  const count = Buffer.alloc(COUNT_BYTES);
  await file.read({ target: count, position });
  const bytes = Number(count.readBigUInt64LE()) * type.bytes;
  if (bytes > rest)
    throw malformed(file.source, `${what} has ${bytes} bytes, but ${rest} are left; is the file cut off?`);
  return bytes;
}

/** One of the pickles; where it ends counts from the beginning of the file. */
async function readPickle(file: OpenFile, start: number, vocabulary: Vocabulary): Promise<Unpickled> {
  const rest = Math.min(file.size - start, MAX_PICKLE_BYTES);
  for (let length = Math.min(FIRST_WINDOW, rest); ; length = Math.min(4 * length, rest)) {
    const bytes = new Uint8Array(length);
    await file.read({ target: bytes, position: start });
    try {
      const { value, end } = unpickle(file.source, bytes, 0, length === rest, vocabulary, new Budget(file.source));
      return { value, end: start + end };
    } catch (error) {
      if (error !== MORE) throw error;
    }
  }
}
