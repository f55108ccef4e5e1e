import { reorder, widenBfloat16, widenFloat16 } from '../../io/elements.ts';
import { allocate } from '../../tensor/allocate.ts';
import { arrayKind, type Elements } from '../../tensor/dtype.ts';
import { MAX_DIMENSIONS, numelOf } from '../../tensor/shape.ts';
import { type View, viewOfAll } from '../../tensor/view.ts';
import { onnxError } from '../onnxError.ts';
import type { TensorData } from './model.ts';
import { type ElementType, elementType } from './types.ts';
import { countVarints, readVarints } from './wire.ts';

/** Gives the bytes of a tensor outside the file. */
export type External = (tensor: TensorData, bytes: number) => Uint8Array;

/** A tensor of the file in memory of its own. Before it allocates that, it compares the number of elements with the bytes in the file. */
export function readTensor(tensor: TensorData, external: External): View {
  const what = `the tensor '${tensor.name}'`;
  const type = elementType(tensor.type, what);
  const { sizes } = tensor;
  if (sizes.length > MAX_DIMENSIONS) throw onnxError(`${what} has ${sizes.length} dimensions`);
  const numel = exactNumel(sizes, what);
  const elements = elementsOf(tensor, type, numel, external, what);
  return viewOfAll(elements, type.dtype, Object.freeze([...sizes]));
}

/** The number of bytes of its elements as raw data. */
export function byteLengthOf({ name, type, sizes }: TensorData): number {
  const what = `the tensor '${name}'`;
  return exactNumel(sizes, what) * elementType(type, what).bytes;
}

function exactNumel(sizes: readonly number[], what: string): number {
  try {
    return numelOf(sizes);
  } catch {
    throw onnxError(`${what} has the sizes ${sizes.join(', ')}, which are more than a tensor may have`);
  }
}

function elementsOf(
  tensor: TensorData,
  type: ElementType & { dtype: View['dtype'] },
  numel: number,
  external: External,
  what: string,
): Elements {
  const byteLength = numel * type.bytes;
  const raw = tensor.external === null ? tensor.raw : external(tensor, byteLength);
  if (raw !== null && !(raw.byteLength === 0 && tensor.fields.size > 0)) {
    if (raw.byteLength === byteLength) return ofRawData(raw, type, numel);
    throw onnxError(
      `${what} shall have ${numel} elements of ${type.name}, ${byteLength} bytes, but has ${raw.byteLength}`,
    );
  }
  const parts = tensor.fields.get(type.field) ?? [];
  const isVarints = type.field === 5 || type.field === 7 || type.field === 11;
  const stored = parts.reduce((sum, part) => sum + (isVarints ? countVarints(part) : part.byteLength / type.bytes), 0);
  if (stored !== numel) throw onnxError(`${what} shall have ${numel} elements of ${type.name}, but has ${stored}`);
  return isVarints ? ofVarints(parts, type, numel) : ofRawData(concatenated(parts, byteLength), type, numel);
}

function concatenated(parts: readonly Uint8Array[], byteLength: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Elements copied from little-endian bytes, so that the file's memory can be freed. */
function ofRawData(raw: Uint8Array, { name, dtype, bytes }: ElementType, numel: number): Elements {
  const elements = allocate(dtype!, numel);
  if (numel === 0) return elements;
  const target = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  if (name === 'float16' || name === 'bfloat16') {
    // Into the upper half of the floats, from where it widens them in place.
    const half = target.subarray(numel * 2);
    half.set(raw);
    reorder(half, 2, 'LE');
    (name === 'float16' ? widenFloat16 : widenBfloat16)(elements as Float32Array);
    return elements;
  }
  if (bytes === arrayKind(dtype!).prototype.BYTES_PER_ELEMENT) {
    target.set(raw);
    if (bytes !== 1) reorder(target, bytes, 'LE');
    else for (let i = 0; i < numel; i++) elements[i] = raw[i] === 0 ? 0 : 1;
    return elements;
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i < numel; i++) elements[i] = narrow(view, name, i);
  return elements;
}

/** Widens an integer of fewer bits. */
function narrow(view: DataView, name: string, i: number): number | bigint {
  switch (name) {
    case 'uint8':
      return view.getUint8(i);
    case 'int8':
      return view.getInt8(i);
    case 'uint16':
      return view.getUint16(2 * i, true);
    case 'int16':
      return view.getInt16(2 * i, true);
    default:
      return BigInt(view.getUint32(4 * i, true));
  }
}

/** Elements from varints: integers, and the bits of 16-bit floats. */
function ofVarints(parts: readonly Uint8Array[], { name, dtype }: ElementType, numel: number): Elements {
  const isHalf = name === 'float16' || name === 'bfloat16';
  const elements: Elements = isHalf ? allocate('float32', numel) : allocate(dtype!, numel);
  const halves = isHalf ? new Uint16Array(elements.buffer, elements.byteOffset + 2 * numel, numel) : new Uint16Array(0);
  let i = 0;
  for (const part of parts) {
    for (const value of readVarints(part)) {
      if (isHalf) halves[i] = Number(value & 0xffffn);
      else if (dtype === 'int64') elements[i] = BigInt.asIntN(64, value);
      else elements[i] = dtype === 'bool' ? Number(value !== 0n) : Number(BigInt.asIntN(32, value));
      i++;
    }
  }
  if (name === 'float16') widenFloat16(elements as Float32Array);
  if (name === 'bfloat16') widenBfloat16(elements as Float32Array);
  return elements;
}
