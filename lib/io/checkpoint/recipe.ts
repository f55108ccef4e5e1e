import { MAX_DIMENSIONS } from '../../tensor/shape.ts';
import { declaredNumel, malformed } from '../malformed.ts';
import type { Stored } from '../numbers.ts';
import { isList, type Special, type Value } from '../pickle/values.ts';
import type { StoredTensor } from './contents.ts';

/** A stretch of bytes that tensors look at, as the pickle tells of it. */
export interface StorageRecipe extends Special {
  readonly special: 'storage';
  /** What it is called in the file. */
  readonly key: string;
  readonly type: ElementType;
  /** As many elements are in it, and where they begin in what the key names, in elements. */
  readonly numel: number;
  readonly begin: number;
}

/** The type of a storage's elements. */
export interface ElementType extends Special {
  readonly special: 'type';
  /** As torch calls it: `FloatStorage`, `float32`. */
  readonly name: string;
  /** Undefined for those that cannot be read: complex and quantised numbers, floats of 8 bits. */
  readonly stored: Stored | undefined;
  /** Of one element. */
  readonly bytes: number;
  /** Bytes without a type: whoever looks at them has one. */
  readonly isUntyped: boolean;
}

/** A tensor as the pickle tells of it, checked against its storage; strides and offset count elements. */
export interface TensorRecipe extends StoredTensor {
  readonly storage: StorageRecipe;
  readonly shape: readonly number[];
  readonly numel: number;
  readonly offset: number;
  readonly strides: readonly number[];
  /** From its first element to behind its last one. */
  readonly extent: number;
  /** Whether the numbers are the negatives of those in the storage, as in the imaginary part of a conjugate. */
  readonly isNegated: boolean;
}

/** A tensor of another kind. It is refused once somebody wants its numbers, so that the others of its file can be read. */
export interface UnreadableTensor extends StoredTensor {
  /** What it is, and what to do in Python. */
  readonly unreadable: string;
}

/** A tensor over a storage, as `torch._utils._rebuild_tensor` makes it. */
export function makeTensorRecipe(
  source: string,
  storage: StorageRecipe,
  offsetValue: Value,
  sizeValue: Value,
  strideValue: Value,
  isNegated: boolean,
): TensorRecipe {
  const what = `a tensor in storage ${JSON.stringify(storage.key.slice(0, 40))}`;
  const shape = readSizes(source, what, sizeValue);
  const strides = readSizes(source, what, strideValue);
  const offset = readSizes(source, what, [offsetValue])[0]!;
  if (strides.length !== shape.length) {
    throw malformed(source, `${what} has ${shape.length} sizes, but ${strides.length} strides`);
  }
  const numel = declaredNumel(source, () => what, shape);
  // Of no elements, none has to be there.
  const extent = numel === 0 ? 0 : shape.reduce((sum, size, dim) => sum + (size - 1) * strides[dim]!, 1);
  if (numel > 0 && !(offset + extent <= storage.numel)) {
    throw malformed(
      source,
      `${what} reaches up to element ${offset + extent}, but the storage has ${storage.numel}; is the file damaged?`,
    );
  }
  return { special: 'tensor', storage, shape, numel, offset, strides, extent, isNegated };
}

/** Bytes as elements of a type: `torch._utils._rebuild_tensor_v3` names the type beside the storage. */
export function withType(source: string, storage: StorageRecipe, type: ElementType): StorageRecipe {
  if (!storage.type.isUntyped) return { ...storage, type };
  if (storage.numel % type.bytes !== 0)
    throw malformed(source, `a storage of ${storage.numel} bytes is said to be ${type.name}`);
  return { ...storage, type, numel: storage.numel / type.bytes };
}

function readSizes(source: string, what: string, value: Value): number[] {
  const sizes = isList(value) ? value.slice(0, MAX_DIMENSIONS + 1) : [-1];
  if (sizes.length > MAX_DIMENSIONS) throw malformed(source, `${what} has more than ${MAX_DIMENSIONS} dimensions`);
  if (sizes.every((size): size is number => Number.isSafeInteger(size) && (size as number) >= 0)) return sizes;
  throw malformed(source, `${what} has sizes, strides or an offset that are no integers from 0 on`);
}
