import { quote } from '../../check/quote.ts';
import type { Dtype, Elements } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { isContiguous } from '../../tensor/view.ts';
import type { ByteOrder } from '../elements.ts';
import { type OpenFile, runDecoder } from '../files.ts';
import { readKept } from '../integers.ts';
import { malformed } from '../malformed.ts';
import type { Meter } from './meter.ts';
import type { TensorRecipe, UnreadableTensor } from './recipe.ts';

/**
 * Reads the stretch of a storage that a tensor spans, and gives the tensor memory of its own, without gaps.
 *
 * @param openStorage  gives the bytes of the storage with a key
 * @param name         what the tensor is called in messages
 */
export async function readTensor(
  source: string,
  openStorage: (key: string) => Promise<OpenFile>,
  tensor: TensorRecipe | UnreadableTensor,
  name: string,
  order: ByteOrder,
  meter: Meter,
): Promise<Tensor<Dtype>> {
  const what = `tensor ${quote(name)}`;
  if ('unreadable' in tensor) throw malformed(source, `${what} ${tensor.unreadable}`);
  const { storage, shape, numel, offset, strides, extent, isNegated } = tensor;
  const { stored, name: typeName, bytes } = storage.type;
  if (stored === undefined) {
    const advice = 'leave it out, or convert it to float32 in Python';
    throw malformed(source, `${what} has elements of ${typeName}, which cannot be read here; ${advice}`);
  }
  if (isNegated && stored === 'bool') throw malformed(source, `${what} is the negative of bools; is the file damaged?`);
  const file = await openStorage(storage.key);
  const start = (storage.begin + offset) * bytes;
  const end = start + extent * bytes;
  if (numel > 0 && end > file.size) {
    const room = `storage ${quote(storage.key)} has ${file.size} bytes`;
    throw malformed(source, `${what} needs ${end} bytes, but its ${room}; is the file cut off?`);
  }
  const isWhole = numel === 0 || isContiguous(shape, strides);
  meter.takeNumbers(stored, numel);
  if (!isWhole) meter.takeNumbers(stored, extent);
  const elements = await runDecoder<Elements>(function* () {
    const read = yield* readKept(stored, isWhole ? numel : extent, start, order);
    if (typeof read === 'string') throw malformed(source, `${what} has dtype ${stored}, but ${read}`);
    return read;
  }, file);
  const read = isWhole
    ? new Tensor<Dtype>(elements, [...shape])
    : new Tensor<Dtype>(elements, [...shape], false, 0, [...strides]).contiguous();
  return isNegated ? read.neg() : read;
}
