import { quote } from '../check/quote.ts';
import { viewArgument } from '../tensor/arguments.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { formatShape, MAX_DIMENSIONS } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { elementsOfView } from '../tensor/view.ts';
import { type DecodeMemory, NEW_MEMORY } from './decodeMemory.ts';
import { type ByteOrder, HOST_ORDER, littleEndianBytes } from './elements.ts';
import {
  concatenate,
  type Decoder,
  decodeBytes,
  decodeFile,
  type ReadFileOptions,
  type ReadRequest,
  writeFileAtomic,
} from './files.ts';
import type { ReadElements } from './integers.ts';
import { declaredNumel, malformed } from './malformed.ts';
import { readNumbers, type Stored, storedSize } from './numbers.ts';
import { HEAD_BYTES, recognize } from './recognize.ts';
import { Scanner } from './scanner.ts';

// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
//   6 bytes   \x93NUMPY
//   2 bytes   the version, major and minor: 1.0, 2.0 or 3.0
//   2 bytes   the header's length, little endian (4 bytes from version 2.0 on)
//   header    a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, spaces, a newline
//   the rest  the elements

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const VERSION_END = MAGIC.length + 2;
// The shortest file of all has a few bytes more than this, so that both forms of the length can be read at once.
const SHORTEST = VERSION_END + 4;
// What version 1.0 can have. Longer headers describe structured arrays, which are not read.
const MAX_HEADER_BYTES = 0xffff;
// NumPy leaves room for the first size to grow to this many digits, and begins the data at a multiple of 64.
const GROWTH_DIGITS = 21;
const ALIGNMENT = 64;
/** The dtypes that are read, by NumPy's letters. */
const STORED: Readonly<Record<string, Stored>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
};

type NpyHeader = {
  readonly stored: Stored;
  readonly order: ByteOrder;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
};

/**
 * Loads an array of real numbers from a .npy file, as `numpy.save` writes it. Big-endian elements and Fortran's order are turned into
 * ours. No number is rounded, and none is scaled:
 *
 * | NumPy | tensor |
 * |---|---|
 * | float32, float16, bool, int8, uint8, int16, uint16 | float32 |
 * | float64, int32, uint32 | float64 |
 * | int64, uint64 | float64, unless it holds an integer that float64 has not, which is refused: some beyond 2^53 |
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid, has another dtype, or an integer that float64 has not
 * @throws RangeError ERR_CONV1D_MEMORY  when the tensor does not fit into memory
 * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
 * @example
 * await saveNpy('features.npy', rand(402, 100));
 * const features = await loadNpy('features.npy');   // features.shape is [402, 100]
 * @category Files
 */
export function loadNpy(path: string): Promise<Tensor> {
  return readNpy(path);
}

/** Like {@link loadNpy}, for a caller that has memory for it or wants to see its bytes. */
export function readNpy(path: string, options: ReadFileOptions = {}): Promise<Tensor> {
  return decodeFile(floatDecoder(options.memory), path, options);
}

/**
 * Like {@link loadNpy}, from bytes in memory. The tensor has memory of its own.
 *
 * @param source  what the bytes are called in messages: a file's name, a URL
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array
 * @throws RangeError ERR_CONV1D_FORMAT  when they are not valid, of another dtype, or have an integer that float64 has not
 * @throws RangeError ERR_CONV1D_MEMORY  when the tensor does not fit into memory
 * @example
 * parseNpy(serializeNpy(tensor([1, 2])));            // tensor([1., 2.])
 * parseNpy(new Uint8Array(3), 'body of a request');  // ERR_CONV1D_FORMAT
 * @category Files
 */
export function parseNpy(bytes: Uint8Array, source = 'npy'): Tensor {
  return decodeBytes(floatDecoder(), bytes, source);
}

/**
 * Saves a tensor as a .npy file, with the bytes `numpy.save` would write. An existing file is replaced as a whole or not
 * at all; the tensor should not change until the promise is fulfilled.
 *
 * @throws TypeError ERR_CONV1D_TYPE    when given no Tensor
 * @throws RangeError ERR_CONV1D_VALUE  when the path is a folder, a pipe or a device
 * @throws Error ENOENT, EACCES         when the file cannot be written: Node's own error
 * @category Files
 */
export async function saveNpy(path: string, tensor: Tensor<Dtype>): Promise<void> {
  await writeFileAtomic(path, encodeNpy(tensor));
}

/**
 * The bytes that {@link saveNpy} writes.
 *
 * @throws TypeError ERR_CONV1D_TYPE     when given no Tensor
 * @throws RangeError ERR_CONV1D_MEMORY  when they cannot be allocated
 * @example
 * serializeNpy(zeros(2, 3)).length;   // 152
 * @category Files
 */
export function serializeNpy(tensor: Tensor<Dtype>): Uint8Array {
  return concatenate(encodeNpy(tensor));
}

/** Reads a file whose numbers `read` reads. */
export function npyDecoder<D extends Dtype>(read: ReadElements): Decoder<Tensor<D>> {
  return (source, size) => decodeNpy(source, size, read);
}

/** Reads a file as floats. */
function floatDecoder(memory: DecodeMemory = NEW_MEMORY): Decoder<Tensor> {
  return npyDecoder((...numbers) => readNumbers(...numbers, memory));
}

function* decodeNpy<D extends Dtype>(
  source: string,
  size: number,
  read: ReadElements,
): Generator<ReadRequest, Tensor<D>, void> {
  const { header, dataStart } = yield* readHeader(source, size);
  const { stored, order, shape } = header;
  const numel = declaredNumel(source, () => 'the array', shape);
  const bytes = numel * storedSize(stored);
  if (size - dataStart !== bytes) {
    const declared = `an array of ${stored} and shape ${formatShape(shape)} has ${bytes} bytes`;
    throw malformed(source, `${declared}, but ${size - dataStart} follow the header`);
  }
  const elements = yield* read(stored, numel, dataStart, order);
  if (typeof elements === 'string') {
    const advice = stored === 'bool' ? 'is the file damaged?' : "save array.astype('float64') if it may be rounded";
    throw malformed(source, `dtype ${stored}: ${elements}; ${advice}`);
  }
  if (!header.fortranOrder) return new Tensor<D>(elements, shape);
  return new Tensor<D>(elements, shape, false, 0, fortranStrides(shape)).contiguous();
}

function* readHeader(
  source: string,
  size: number,
): Generator<ReadRequest, { header: NpyHeader; dataStart: number }, void> {
  const start = Buffer.alloc(Math.min(size, HEAD_BYTES));
  yield { target: start, position: 0 };
  const magic = start.subarray(0, MAGIC.length);
  if (size < SHORTEST) {
    const sentence = `a .npy file has more than ${SHORTEST} bytes, but this has ${size}`;
    throw malformed(source, recognize(start, source, 'npy') ?? sentence);
  }
  if (!magic.equals(MAGIC)) {
    const sentence = 'a .npy file begins with \\x93NUMPY, but this does not';
    throw malformed(source, recognize(start, source, 'npy') ?? sentence);
  }
  const [major, minor] = start.subarray(MAGIC.length, VERSION_END);
  if (major === undefined || major < 1 || major > 3 || minor !== 0) {
    throw malformed(source, `expected .npy version 1.0, 2.0 or 3.0, but got ${major}.${minor}`);
  }
  const headerStart = VERSION_END + (major === 1 ? 2 : 4);
  const headerLength = major === 1 ? start.readUInt16LE(VERSION_END) : start.readUInt32LE(VERSION_END);
  if (headerLength > MAX_HEADER_BYTES) {
    throw malformed(
      source,
      `the header's length is given as ${headerLength} bytes, at most ${MAX_HEADER_BYTES} are allowed`,
    );
  }
  const dataStart = headerStart + headerLength;
  if (dataStart > size) {
    throw malformed(
      source,
      `the header should have ${headerLength} bytes, but only ${size - headerStart} follow; is the file cut off?`,
    );
  }
  const bytes = Buffer.alloc(headerLength);
  yield { target: bytes, position: headerStart };
  return { header: parseHeader(source, bytes.toString('latin1')), dataStart };
}

function parseHeader(source: string, text: string): NpyHeader {
  const scanner = new Scanner(source, text);
  let type: { stored: Stored; order: ByteOrder } | undefined;
  let fortranOrder: boolean | undefined;
  let shape: number[] | undefined;
  scanner.expect('{');
  while (!scanner.accept('}')) {
    const key = scanner.quoted(`'"`).slice(1, -1);
    scanner.expect(':');
    if (key === 'descr' && type === undefined) type = readType(source, scanner);
    else if (key === 'fortran_order' && fortranOrder === undefined) fortranOrder = readBoolean(scanner);
    else if (key === 'shape' && shape === undefined) shape = readShape(source, scanner);
    else throw malformed(source, `the header has ${quote(key)}, unknown or for the second time`);
    if (scanner.accept(',')) continue;
    scanner.expect('}');
    break;
  }
  scanner.end();
  if (type === undefined || fortranOrder === undefined || shape === undefined) {
    throw malformed(source, "the header needs the keys 'descr', 'fortran_order' and 'shape'");
  }
  return { ...type, fortranOrder, shape };
}

function readType(source: string, scanner: Scanner): { stored: Stored; order: ByteOrder } {
  if (scanner.accept('[')) {
    throw malformed(source, 'this is a structured array; save one field of real numbers instead');
  }
  const descr = scanner.quoted(`'"`).slice(1, -1);
  const [, mark, letters = ''] = /^([<>=|]?)([a-z][0-9])$/.exec(descr) ?? [];
  const stored = Object.hasOwn(STORED, letters) ? STORED[letters] : undefined;
  if (stored === undefined) {
    throw malformed(
      source,
      `dtype ${quote(descr)} cannot be read, only bool, integers and floats of up to 64 bits; save real numbers of these types instead`,
    );
  }
  return { stored, order: mark === '<' ? 'LE' : mark === '>' ? 'BE' : HOST_ORDER };
}

function readBoolean(scanner: Scanner): boolean {
  if (scanner.accept('True')) return true;
  if (scanner.accept('False')) return false;
  throw scanner.unexpected('True or False');
}

/** A tuple of Python: `()`, `(3,)`, `(3, 4)` or `(3, 4, )`; a number may end in the L of Python 2. */
function readShape(source: string, scanner: Scanner): number[] {
  const shape: number[] = [];
  scanner.expect('(');
  while (!scanner.accept(')')) {
    if (shape.length === MAX_DIMENSIONS)
      throw malformed(source, `the array has more than ${MAX_DIMENSIONS} dimensions`);
    shape.push(scanner.integer());
    scanner.accept('L');
    if (scanner.accept(',')) continue;
    if (shape.length === 1) throw scanner.unexpected('","');
    scanner.expect(')');
    break;
  }
  return shape;
}

/** Strides, in elements, of an array whose first index runs fastest. */
function fortranStrides(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

/** The dtypes that are written, in NumPy's letters. */
const DESCR = { float32: '<f4', float64: '<f8', int32: '<i4', int64: '<i8', bool: '|b1' } as const;

/** The file in pieces: the header, and the tensor's own memory where it is little endian and without gaps. */
export function encodeNpy(tensor: Tensor<Dtype>): Uint8Array[] {
  const view = viewArgument(tensor, "saveNpy(): argument 'tensor' (position 2)");
  const { shape } = view;
  const descr = DESCR[view.dtype];
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const room = shape.length === 0 ? 0 : GROWTH_DIGITS - String(shape[0]).length;
  const used = VERSION_END + 2 + dict.length + room + 1;
  // NumPy adds a whole block where none is needed.
  const padding = ALIGNMENT - (used % ALIGNMENT);
  const text = `${dict}${' '.repeat(room + padding)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  const header = Buffer.concat([MAGIC, Buffer.from([1, 0]), length, Buffer.from(text, 'latin1')]);
  return [header, ...littleEndianBytes(elementsOfView(view))];
}
