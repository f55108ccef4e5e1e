import { floatFunction } from '../../tensor/ops/unary.ts';

// Functions of one element that the kernels have, and tensors have no method for.

export const hardswish = floatFunction('hardswish');
export const mish = floatFunction('mish');
/** `a x + b`. */
export const line = floatFunction('affine', 'line');
