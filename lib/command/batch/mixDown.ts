import { allocate } from '../../tensor/allocate.ts';
import { isFloat32 } from '../../tensor/dtype.ts';
import { tensor } from '../../tensor/factories.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * One channel in place of several: their mean, summed in double precision in the order of the channels and rounded once.
 *
 * @param samples  (channels, length) or (batch, channels, length); anything else comes back as it is
 * @returns        (1, length) or (batch, 1, length), of the same dtype
 */
export function mixDown(samples: Tensor): Tensor {
  const [length = 0, channels = 1] = samples.shape.toReversed();
  if ((samples.ndim !== 2 && samples.ndim !== 3) || channels < 2) return samples;
  const items = samples.ndim === 3 ? samples.shape[0]! : 1;
  const { data } = samples;
  const mixed = allocate(samples.dtype, items * length);
  const sums = isFloat32(mixed) ? new Float64Array(length) : undefined;
  for (let item = 0; item < items; item++) {
    const mean = mixed.subarray(item * length).subarray(0, length);
    const sum = sums?.fill(0) ?? mean;
    for (let channel = 0; channel < channels; channel++) {
      const from = (item * channels + channel) * length;
      for (let i = 0; i < length; i++) sum[i]! += data[from + i]!;
    }
    for (let i = 0; i < length; i++) mean[i] = sum[i]! / channels;
  }
  return tensor(mixed, [...samples.shape.slice(0, -2), 1, length]);
}
