import { quote } from '../check/quote.ts';
import { allocate } from '../tensor/allocate.ts';
import { viewArgument } from '../tensor/arguments.ts';
import { type Dtype, dtypeOf } from '../tensor/dtype.ts';
import { formatShape, MAX_DIMENSIONS } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { elementsOfView } from '../tensor/view.ts';
import { type ByteOrder, byteWindows, HOST_ORDER, littleEndianBytes, reorder } from './elements.ts';
import { concatenate, decodeBytes, decodeFile, type ReadRequest, writeFileAtomic } from './files.ts';
import { declaredNumel, malformed } from './malformed.ts';
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
// What version 1.0 can have. Longer headers describe structured arrays, which are not read.
const MAX_HEADER_BYTES = 0xffff;
// NumPy leaves room for the first size to grow to this many digits, and begins the data at a multiple of 64.
const GROWTH_DIGITS = 21;
const ALIGNMENT = 64;
// Booleans, integers and float16: NumPy makes float32 of them without losing more than digits.
const REAL_NUMBERS = /^[<>=|]?(b1|[iu][1248]|f2)$/;

type NpyHeader = {
  readonly dtype: Dtype;
  readonly order: ByteOrder;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
};

/**
 * Loads an array of float32 or float64 from a .npy file, as `numpy.save` writes it. Big-endian elements and Fortran's
 * order are turned into ours.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid or has another dtype
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

/** Like {@link loadNpy}; `inspect` is shown all bytes of the file, in order, piece by piece. */
export function readNpy(path: string, inspect?: (bytes: Uint8Array) => void): Promise<Tensor> {
  return decodeFile(decodeNpy, path, inspect);
}

/**
 * Like {@link loadNpy}, from bytes in memory. The tensor has memory of its own.
 *
 * @param source  what the bytes are called in messages: a file's name, a URL
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array
 * @throws RangeError ERR_CONV1D_FORMAT  when they are not valid or of another dtype
 * @throws RangeError ERR_CONV1D_MEMORY  when the tensor does not fit into memory
 * @example
 * parseNpy(serializeNpy(tensor([1, 2])));            // tensor([1., 2.])
 * parseNpy(new Uint8Array(3), 'body of a request');  // ERR_CONV1D_FORMAT
 * @category Files
 */
export function parseNpy(bytes: Uint8Array, source = 'npy'): Tensor {
  return decodeBytes(decodeNpy, bytes, source);
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
export async function saveNpy(path: string, tensor: Tensor): Promise<void> {
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
export function serializeNpy(tensor: Tensor): Uint8Array {
  return concatenate(encodeNpy(tensor));
}

function* decodeNpy(source: string, size: number): Generator<ReadRequest, Tensor, void> {
  const { header, dataStart } = yield* readHeader(source, size);
  const { dtype, order, shape } = header;
  const numel = declaredNumel(source, 'the array', shape);
  const elementSize = dtype === 'float32' ? 4 : 8;
  if (size - dataStart !== numel * elementSize) {
    const declared = `an array of ${dtype} and shape ${formatShape(shape)} has ${numel * elementSize} bytes`;
    throw malformed(source, `${declared}, but ${size - dataStart} follow the header`);
  }
  const elements = allocate(dtype, numel);
  let position = dataStart;
  for (const target of byteWindows(elements)) {
    yield { target, position };
    reorder(target, elementSize, order);
    position += target.byteLength;
  }
  if (!header.fortranOrder) return new Tensor(elements, shape);
  return new Tensor(elements, shape, false, 0, fortranStrides(shape)).contiguous();
}

function* readHeader(
  source: string,
  size: number,
): Generator<ReadRequest, { header: NpyHeader; dataStart: number }, void> {
  // The shortest file of all has a few bytes more than this, so that both forms of the length can be read at once.
  const start = Buffer.alloc(VERSION_END + 4);
  if (size < start.length)
    throw malformed(source, `a .npy file has more than ${start.length} bytes, but this has ${size}`);
  yield { target: start, position: 0 };
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw malformed(source, 'a .npy file begins with \\x93NUMPY, but this does not');
  }
  const [major, minor] = start.subarray(MAGIC.length);
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
  let type: { dtype: Dtype; order: ByteOrder } | undefined;
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

function readType(source: string, scanner: Scanner): { dtype: Dtype; order: ByteOrder } {
  if (scanner.accept('[')) {
    throw malformed(source, 'this is a structured array; save one field of float32 or float64 instead');
  }
  const descr = scanner.quoted(`'"`).slice(1, -1);
  const [, mark, letter] = /^([<>=|]?)(f4|f8)$/.exec(descr) ?? [];
  if (mark === undefined || letter === undefined) {
    const advice = REAL_NUMBERS.test(descr) ? "array.astype('float32')" : 'real numbers of these types';
    throw malformed(source, `dtype ${quote(descr)} cannot be read, only float32 and float64; save ${advice} instead`);
  }
  const order = mark === '<' ? 'LE' : mark === '>' ? 'BE' : HOST_ORDER;
  return { dtype: letter === 'f4' ? 'float32' : 'float64', order };
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

/** The file in pieces: the header, and the tensor's own memory where it is little endian and without gaps. */
export function encodeNpy(tensor: Tensor): Uint8Array[] {
  const view = viewArgument(tensor, "saveNpy(): argument 'tensor' (position 2)");
  const { shape } = view;
  const descr = dtypeOf(view.storage) === 'float32' ? '<f4' : '<f8';
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
