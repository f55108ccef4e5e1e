import { rangeError, typeError } from '../check/errors.ts';
import { fewKeys } from '../check/fewKeys.ts';
import { quote } from '../check/quote.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { describe } from '../check/validate.ts';
import type { Dtype, FloatDtype } from '../tensor/dtype.ts';
import { Tensor, viewOf } from '../tensor/tensor.ts';
import { elementsOfView, type View } from '../tensor/view.ts';
import { littleEndianBytes } from './elements.ts';
import {
  concatenate,
  decodeBytes,
  decodeFile,
  type OpenFile,
  type ReadRequest,
  runDecoder,
  writeFileAtomic,
} from './files.ts';
import { type ReadElements, readKept } from './integers.ts';
import { isWellFormed, malformed } from './malformed.ts';
import { readNumbers } from './numbers.ts';
import { HEAD_BYTES, recognize } from './recognize.ts';
import { parseHeader, READABLE, type SafetensorsEntry, type SafetensorsHeader, storedAs } from './safetensorsHeader.ts';

// Format: https://github.com/huggingface/safetensors#format
//
//   8 bytes   N, unsigned little endian
//   N bytes   the header, JSON in UTF-8, see safetensorsHeader.ts
//   the rest  the tensors' elements, little endian, in rows

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000;
const OPENING_BRACE = 0x7b;

/** What a safetensors file holds. Neither record has a prototype, so that a key may be any text, `__proto__` included. */
export type Safetensors<D extends Dtype = FloatDtype> = {
  readonly tensors: Record<string, Tensor<D>>;
  readonly metadata: Record<string, string>;
};

/**
 * A tensor that is left out: its numbers cannot be had as float64.
 *
 * @category Files
 */
export interface SkippedTensor {
  readonly name: string;
  /** As the file has it: `'I64'`, `'F8_E4M3'`. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/**
 * The options of {@link loadSafetensors}.
 *
 * @category Files
 */
export interface LoadSafetensorsOptions {
  /** What the names of the tensors to be loaded begin with. Default `''`: all. */
  prefix?: string | undefined;
  /**
   * Called for each tensor that cannot be read, which is then left out: one of another dtype (F8_E4M3), or of 64-bit integers that
   * float64 has not. Default: such a tensor is an error, so that none is left out without a word.
   */
  onSkip?: ((tensor: SkippedTensor) => void) | undefined;
}

/**
 * The options of {@link parseSafetensors}.
 *
 * @category Files
 */
export interface ParseSafetensorsOptions extends LoadSafetensorsOptions {
  /** What the bytes are called in messages: a file's name, a URL. Default `'safetensors'`. */
  source?: string | undefined;
}

/**
 * Loads the tensors of a .safetensors file by name. No number is rounded:
 *
 * | file | tensor |
 * |---|---|
 * | F32, F16, BF16, BOOL, I8, U8, I16, U16 | float32 |
 * | F64, I32, U32 | float64 |
 * | I64, U64 (`num_batches_tracked`) | float64, unless it holds an integer that float64 has not: some beyond 2^53 |
 *
 * It trusts nothing: it checks every length against the file before it uses it.
 *
 * @param options  `prefix`: load only the tensors whose names begin with it; `''`, all of them, by default.
 *                 `onSkip`: leave out what cannot be read, and call this for each; by default that is an error
 * @returns the tensors by their full names, in a record without prototype; `loadStateDict` takes the same `prefix`
 * @throws TypeError ERR_CONV1D_TYPE     when the options are not a plain object, or one of them is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when no name begins with the prefix; the message has a few that are there
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid, with its name where it is something else (a pickle, a Git LFS
 *                                       pointer); without `onSkip` when a tensor to be loaded cannot be read
 * @throws RangeError ERR_CONV1D_MEMORY  when a tensor does not fit into memory
 * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
 * @example
 * await saveSafetensors('layer.safetensors', { weight: rand(3, 2, 5), bias: zeros(3) });
 * const { weight } = await loadSafetensors('layer.safetensors');
 * @category Files
 */
export async function loadSafetensors(path: string, options?: LoadSafetensorsOptions): Promise<Record<string, Tensor>> {
  const { prefix, onSkip } = readOptions(options, 'loadSafetensors', ['prefix', 'onSkip']);
  const { tensors } = await readSafetensors(path, (entries) => withPrefix(path, entries, prefix), onSkip);
  return tensors;
}

/**
 * Like {@link loadSafetensors}, from bytes in memory, with the same checks. The tensors have memory of their own.
 *
 * @param options  those of {@link loadSafetensors}; `source`: what the bytes are called in messages
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array, or an option is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when no name begins with the prefix
 * @throws RangeError ERR_CONV1D_FORMAT  when the bytes are not valid; without `onSkip` when a tensor to be loaded cannot be read
 * @throws RangeError ERR_CONV1D_MEMORY  when a tensor does not fit into memory
 * @example
 * const tensors = parseSafetensors(await readFile('examples/filterbank.safetensors'));
 * Object.keys(tensors);                                                   // ['weight']
 * parseSafetensors(new Uint8Array(3), { source: 'body of a request' });   // ERR_CONV1D_FORMAT
 * @category Files
 */
export function parseSafetensors(bytes: Uint8Array, options?: ParseSafetensorsOptions): Record<string, Tensor> {
  const { prefix, onSkip, source } = readOptions(options, 'parseSafetensors', ['prefix', 'onSkip', 'source']);
  return readSafetensorsBytes(bytes, source, (entries) => withPrefix(source, entries, prefix), onSkip).tensors;
}

type OnSkip = (tensor: SkippedTensor) => void;

function readOptions(
  options: unknown,
  what: string,
  known: readonly string[],
): { prefix: string; onSkip: OnSkip | undefined; source: string } {
  if (options !== undefined) refuseUnknownOptions(options as object, known, what);
  const { prefix = '', onSkip, source = 'safetensors' } = (options ?? {}) as Record<string, unknown>;
  for (const [name, text] of Object.entries({ prefix, source })) {
    if (typeof text !== 'string') {
      throw typeError('ERR_CONV1D_TYPE', `the option ${name} must be a string, but got ${describe(text)}`);
    }
  }
  if (onSkip !== undefined && typeof onSkip !== 'function') {
    throw typeError('ERR_CONV1D_TYPE', `the option onSkip must be a function, but got ${describe(onSkip)}`);
  }
  return { prefix: prefix as string, onSkip: onSkip as OnSkip | undefined, source: source as string };
}

/** The entries whose names begin with the prefix; RangeError ERR_CONV1D_VALUE when there is none. */
function withPrefix(source: string, entries: readonly SafetensorsEntry[], prefix: string): readonly SafetensorsEntry[] {
  const chosen = entries.filter(({ name }) => name.startsWith(prefix));
  if (chosen.length > 0 || prefix === '') return chosen;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${source}: no tensor's name begins with ${quote(prefix)}; its names are ${fewKeys(entries.map(({ name }) => name))}`,
  );
}

/** Picks the tensors to be loaded, once names, dtypes and shapes are known. */
type Select = (entries: readonly SafetensorsEntry[]) => readonly SafetensorsEntry[];

const all: Select = (entries) => entries;

/** Loads the tensors that `select` picks, and the metadata, of a .safetensors file; see {@link loadSafetensors}. */
export function readSafetensors(path: string, select = all, onSkip?: OnSkip): Promise<Safetensors> {
  return decodeFile((source, size) => decodeSafetensors(source, size, readNumbers, select, onSkip), path);
}

/** Like {@link readSafetensors}, with the tensors whose names begin with the prefix, of which integers stay integers. */
export function readSafetensorsAsStored(file: OpenFile, prefix: string): Promise<Safetensors<Dtype>> {
  return runDecoder<Safetensors<Dtype>>(
    (source, size) => decodeSafetensors(source, size, readKept, (entries) => withPrefix(source, entries, prefix)),
    file,
  );
}

/** Like {@link readSafetensors}, from bytes in memory. */
export function readSafetensorsBytes(
  bytes: Uint8Array,
  source = 'safetensors',
  select = all,
  onSkip?: OnSkip,
): Safetensors {
  return decodeBytes((name, size) => decodeSafetensors(name, size, readNumbers, select, onSkip), bytes, source);
}

/**
 * Saves tensors by name as a .safetensors file (F32, F64, I64, I32, BOOL), that PyTorch and others can read.
 *
 * It writes the file under another name and then renames it: an existing file is replaced as a whole or not at all. The
 * tensors should not change until the promise is fulfilled.
 *
 * @param dict      the tensors by name; views with gaps are packed
 * @param metadata  texts to store with them
 * @throws TypeError ERR_CONV1D_TYPE    when a value is not a Tensor, one of the metadata not a string, or either no plain object
 * @throws RangeError ERR_CONV1D_VALUE  when a name is `__metadata__` or is not well-formed Unicode, or the path is no regular file
 * @throws Error ENOENT, EACCES        when the file cannot be written: Node's own error
 * @example
 * const conv = new Conv1d(2, 3, 5, { stride: 2 });
 * await saveSafetensors('layer.safetensors', conv.stateDict(), { stride: '2' });
 * @category Files
 */
export async function saveSafetensors(
  path: string,
  dict: Record<string, Tensor<Dtype>>,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(dict, metadata));
}

/** The bytes that {@link saveSafetensors} writes. */
export function serializeSafetensors(
  dict: Record<string, Tensor<Dtype>>,
  metadata?: Record<string, string>,
): Uint8Array {
  return concatenate(encodeSafetensors(dict, metadata));
}

function* decodeSafetensors<D extends Dtype>(
  source: string,
  size: number,
  read: ReadElements,
  select: Select,
  onSkip?: OnSkip,
): Generator<ReadRequest, Safetensors<D>, void> {
  const { header, dataStart } = yield* decodeHeader(source, size);
  const tensors: Record<string, Tensor<D>> = Object.create(null);
  for (const entry of select(header.entries)) {
    const { name, dtype, shape, numel, begin } = entry;
    const stored = storedAs(dtype);
    const elements =
      stored === undefined
        ? `only ${READABLE.join(', ')} can be read`
        : yield* read(stored, numel, dataStart + begin, 'LE');
    if (typeof elements !== 'string') {
      tensors[name] = new Tensor<D>(elements, shape);
    } else if (onSkip !== undefined) {
      onSkip({ name, dtype, shape: Object.freeze(shape) });
    } else {
      const advice = 'load only the tensors with the prefix you need, or leave out such tensors with the option onSkip';
      throw malformed(source, `tensor ${quote(name)} has dtype ${quote(dtype)}, but ${elements}; ${advice}`);
    }
  }
  return { tensors, metadata: header.metadata };
}

function* decodeHeader(
  source: string,
  size: number,
): Generator<ReadRequest, { header: SafetensorsHeader; dataStart: number }, void> {
  const head = new Uint8Array(Math.min(size, HEAD_BYTES));
  yield { target: head, position: 0 };
  /** The error for what is no safetensors file: what it is instead, where that can be told. */
  const refused = (sentence: string) => malformed(source, recognize(head, source, 'safetensors') ?? sentence);
  if (size < LENGTH_BYTES) {
    throw refused(`a safetensors file begins with 8 bytes for the header's length, but this has ${size} bytes`);
  }
  const headerLength = new DataView(head.buffer).getBigUint64(0, true);
  if (headerLength > MAX_HEADER_BYTES) {
    const limit = `${MAX_HEADER_BYTES} are allowed; is this a safetensors file?`;
    throw refused(`the header's length is given as ${headerLength} bytes, at most ${limit}`);
  }
  const dataStart = LENGTH_BYTES + Number(headerLength);
  if (dataStart > size) {
    throw refused(
      `the header should have ${headerLength} bytes, but only ${size - LENGTH_BYTES} follow; is the file cut off?`,
    );
  }
  if (head[LENGTH_BYTES] !== OPENING_BRACE || headerLength === 0n) {
    throw refused("the header should begin with '{'; is this a safetensors file?");
  }
  const headerBytes = new Uint8Array(Number(headerLength));
  yield { target: headerBytes, position: LENGTH_BYTES };
  return { header: parseHeader(source, decodeUtf8(source, headerBytes), size - dataStart), dataStart };
}

function decodeUtf8(source: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(source, 'the header is not valid UTF-8; is this a safetensors file?');
  }
}

/** Length, header and data, in the order and with the padding of the reference implementation: equal input, equal bytes. */
export function encodeSafetensors(
  dict: Record<string, Tensor<Dtype>>,
  metadata?: Record<string, string>,
): Uint8Array[] {
  const members: string[] = [];
  if (metadata !== undefined) {
    members.push(member('__metadata__', JSON.stringify(checkedMetadata(metadata))));
  }
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [name, view] of checkedTensors(dict)) {
    const elements = elementsOfView(view);
    const end = offset + elements.byteLength;
    const { name: dtype } = WRITTEN[view.dtype];
    members.push(member(name, JSON.stringify({ dtype, shape: view.shape, data_offsets: [offset, end] })));
    for (const bytes of littleEndianBytes(elements)) data.push(bytes);
    offset = end;
  }
  const json = Buffer.from(`{${members.join(',')}}`);
  // Padding keeps the data, the widest first, at offsets a reader can use in place.
  const header = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(header);
  if (header.length > MAX_HEADER_BYTES) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `the names and metadata take ${header.length} bytes, at most ${MAX_HEADER_BYTES} fit into a header`,
    );
  }
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));
  return [length, header, ...data];
}

function member(key: string, value: string): string {
  return `${JSON.stringify(key)}:${value}`;
}

/** What dtypes are called in the file, and in which order the reference implementation writes them. */
const WRITTEN = {
  int64: { name: 'I64', rank: 0 },
  float64: { name: 'F64', rank: 1 },
  float32: { name: 'F32', rank: 2 },
  int32: { name: 'I32', rank: 3 },
  bool: { name: 'BOOL', rank: 4 },
} as const satisfies Record<Dtype, { name: string; rank: number }>;

/** The tensors with 64 bits before those with 32, and by name: by its UTF-8 bytes, which is not JavaScript's own order. */
function checkedTensors(dict: Record<string, Tensor<Dtype>>): [string, View][] {
  if (!isPlainObject(dict)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `the tensors to save must be a plain object of Tensors, but got ${describe(dict)}`,
    );
  }
  const tensors = Object.entries(dict).map(([name, tensor]): [string, View] => {
    const view = viewOf(tensor);
    if (view === undefined) {
      throw typeError('ERR_CONV1D_TYPE', `cannot save ${quote(name)}: expected a Tensor, but got ${describe(tensor)}`);
    }
    if (name === '__metadata__') {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        'cannot save a tensor named "__metadata__": the format keeps that name; choose another',
      );
    }
    checkUnicode(name);
    return [name, view];
  });
  const rank = ({ dtype }: View) => WRITTEN[dtype].rank;
  return tensors.sort(
    ([nameA, a], [nameB, b]) => rank(a) - rank(b) || Buffer.compare(Buffer.from(nameA), Buffer.from(nameB)),
  );
}

function checkedMetadata(metadata: Record<string, string>): Record<string, string> {
  if (!isPlainObject(metadata)) {
    throw typeError('ERR_CONV1D_TYPE', `metadata must be a plain object of strings, but got ${describe(metadata)}`);
  }
  const entries = Object.entries(metadata);
  for (const [key, text] of entries) {
    if (typeof text !== 'string') {
      throw typeError('ERR_CONV1D_TYPE', `metadata ${quote(key)} must be a string, but got ${describe(text)}`);
    }
    checkUnicode(key);
    checkUnicode(text);
  }
  return Object.fromEntries(entries);
}

/** A surrogate without its partner has no UTF-8 form, and other readers refuse it. */
function checkUnicode(text: string): void {
  if (!isWellFormed(text)) {
    throw rangeError('ERR_CONV1D_VALUE', `cannot save the text ${quote(text)}: it has half of a surrogate pair`);
  }
}
