import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Special, Value } from '../pickle/values.ts';

/** A tensor in a checkpoint before its numbers are read; each format has its own kind. */
export interface StoredTensor extends Special {
  readonly special: 'tensor';
}

/** What a checkpoint holds, before a single number of it is read. */
export interface Contents {
  /** The object that was saved: dicts, lists, plain values and tensors. */
  readonly top: Value;
  /** Whether torch.save wrote it. */
  readonly isTorch: boolean;
  /** Reads the numbers of one of its tensors; `name` is for messages. */
  load(tensor: StoredTensor, name: string): Promise<Tensor<Dtype>>;
}
