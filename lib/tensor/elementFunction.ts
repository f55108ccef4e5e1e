import type { ChannelFunction } from '../native/channelwise.ts';
import type { BinaryFunction, UnaryFunction } from '../native/pointwise.ts';
import type { FloatArray } from './dtype.ts';

/** What an operation does to each element, in the words of the kernels. */
export type ElementFunction =
  /** Of one element; a and b are its parameters. */
  | { readonly kind: 'unary'; readonly name: UnaryFunction; readonly a: number; readonly b: number }
  /** Of two elements: of two tensors, or of one and a number. */
  | { readonly kind: 'binary'; readonly name: BinaryFunction; readonly other?: number | undefined }
  /** Of one element, with parameters of its channel. */
  | {
      readonly kind: 'channel';
      readonly name: ChannelFunction;
      readonly a: FloatArray;
      readonly b: FloatArray | null;
      readonly channelDim: number;
    };
