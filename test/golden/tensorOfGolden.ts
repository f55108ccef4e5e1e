import { Tensor } from '../../lib/index.ts';
import type { Dtype } from '../../lib/tensor/dtype.ts';
import { arrayKind } from '../../lib/tensor/dtype.ts';
import type { GoldenTensor } from './files.ts';

/** A tensor of golden data. */
export function tensorOfGolden({ dtype, shape, data }: GoldenTensor): Tensor<Dtype> {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return Tensor.from({ data: new (arrayKind(dtype))(bytes.buffer), shape }) as Tensor<Dtype>;
}
