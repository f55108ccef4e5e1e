import { allocate } from '../tensor/allocate.ts';
import type { Dtype, Elements } from '../tensor/dtype.ts';
import { type ByteOrder, byteWindows, reorder } from './elements.ts';
import type { ReadRequest } from './files.ts';
import { lastOf, readNumbers, type Stored, storedSize, widenedDtype } from './numbers.ts';

// Checkpoints keep their integers: an index stays one, and what is converted for other programs has the dtype it had. The readers of .npy
// and .safetensors turn integers into floats (numbers.ts).

/** Reads numbers into the elements of a tensor; as a string, what is wrong with one that has no exact counterpart. */
export type ReadElements = (
  stored: Stored,
  numel: number,
  start: number,
  order: ByteOrder,
) => Generator<ReadRequest, Elements | string, void>;

type Narrow = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

type Kind = {
  readonly dtype: 'int32' | 'int64' | 'bool';
  /** As in numbers.ts: widens numbers at the end of the elements, in place, from the first to the last. */
  readonly widen: (elements: Elements) => string | undefined;
};

/** The kinds of integers, each with the narrowest dtype that has all of them; of uint64, what int64 has. */
const KINDS: Readonly<Partial<Record<Stored, Kind>>> = {
  bool: { dtype: 'bool', widen: checkBools },
  int8: { dtype: 'int32', widen: (elements) => widen(elements, new Int8Array(...lastOf(elements, 1))) },
  uint8: { dtype: 'int32', widen: (elements) => widen(elements, new Uint8Array(...lastOf(elements, 1))) },
  int16: { dtype: 'int32', widen: (elements) => widen(elements, new Int16Array(...lastOf(elements, 2))) },
  uint16: { dtype: 'int32', widen: (elements) => widen(elements, new Uint16Array(...lastOf(elements, 2))) },
  int32: { dtype: 'int32', widen: () => undefined },
  uint32: { dtype: 'int64', widen: widenUint32 },
  int64: { dtype: 'int64', widen: () => undefined },
  uint64: { dtype: 'int64', widen: checkUint64 },
};

/** What numbers of this kind become where integers stay integers. */
export function keptDtype(stored: Stored): Dtype {
  return KINDS[stored]?.dtype ?? widenedDtype(stored);
}

/** Like `readNumbers`, but integers stay integers (int32, int64) and bools bools. */
export const readKept: ReadElements = function* (stored, numel, start, order) {
  const kind = KINDS[stored];
  if (kind === undefined) return yield* readNumbers(stored, numel, start, order);
  const elements: Elements = allocate(kind.dtype, numel);
  const size = storedSize(stored);
  const [buffer, byteOffset] = lastOf(elements, size);
  let position = start;
  for (const target of byteWindows({ buffer, byteOffset, byteLength: size * numel })) {
    yield { target, position };
    if (size !== 1) reorder(target, size, order);
    position += target.byteLength;
  }
  return kind.widen(elements) ?? elements;
};

function widen(elements: Elements, numbers: Narrow): undefined {
  const integers = elements as Int32Array;
  for (let i = 0; i < integers.length; i++) integers[i] = numbers[i]!;
}

function widenUint32(elements: Elements): undefined {
  const integers = elements as BigInt64Array;
  const numbers = new Uint32Array(...lastOf(integers, 4));
  for (let i = 0; i < integers.length; i++) integers[i] = BigInt(numbers[i]!);
}

/** A uint64 beyond int64 looks negative there. */
function checkUint64(elements: Elements): string | undefined {
  const integers = elements as BigInt64Array;
  const wrong = integers.findIndex((integer) => integer < 0n);
  if (wrong < 0) return undefined;
  return `element ${wrong} is ${BigInt.asUintN(64, integers[wrong]!)}, which int64 cannot hold`;
}

function checkBools(elements: Elements): string | undefined {
  const bytes = elements as Uint8Array;
  const wrong = bytes.findIndex((byte) => byte > 1);
  return wrong < 0 ? undefined : `element ${wrong} is ${bytes[wrong]}, and a bool is 0 or 1`;
}
