import { quote } from '../../check/quote.ts';
import type { Dtype, Elements } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { isContiguous } from '../../tensor/view.ts';
import type { ByteOrder } from '../elements.ts';
import { type OpenFile, runDecoder } from '../files.ts';
import { readKept } from '../integers.ts';
import { malformed } from '../malformed.ts';
import { storedSize } from '../numbers.ts';
import type { Meter } from './meter.ts';
import type { TensorRecipe } from './recipe.ts';

/**
 * Reads the stretch of a storage that a tensor spans, and gives the tensor memory of its own, without gaps.
 *
 * @param file  the bytes of the storage
 * @param name  what the tensor is called in messages
 */
export async function readTensor(
  file: OpenFile,
  { storage, shape, numel, offset, strides, extent }: TensorRecipe,
  name: string,
  order: ByteOrder,
  meter: Meter,
): Promise<Tensor<Dtype>> {
  const { stored, name: typeName } = storage.type;
  const what = `tensor ${quote(name)}`;
  if (stored === undefined) {
    const advice = 'leave it out, or convert it to float32 in Python';
    throw malformed(file.source, `${what} has elements of ${typeName}, which cannot be read here; ${advice}`);
  }
  const start = (storage.begin + offset) * storedSize(stored);
  const end = start + extent * storedSize(stored);
  if (numel > 0 && end > file.size) {
    const room = `storage ${quote(storage.key)} has ${file.size} bytes`;
    throw malformed(file.source, `${what} needs ${end} bytes, but its ${room}; is the file cut off?`);
  }
  const isWhole = numel === 0 || isContiguous(shape, strides);
  meter.takeNumbers(stored, numel);
  if (!isWhole) meter.takeNumbers(stored, extent);
  const elements = await runDecoder<Elements>(function* (source) {
    const read = yield* readKept(stored, isWhole ? numel : extent, start, order);
    if (typeof read === 'string') throw malformed(source, `${what} has dtype ${stored}, but ${read}`);
    return read;
  }, file);
  if (isWhole) return new Tensor<Dtype>(elements, [...shape]);
  return new Tensor<Dtype>(elements, [...shape], false, 0, [...strides]).contiguous();
}
