import { floatFunction } from '../../tensor/ops/unary.ts';

// Functions of one element that the kernels have, and for which tensors have no method.

export const hardswish = floatFunction('hardswish');
export const mish = floatFunction('mish');
/** `a x + b`. */
export const line = floatFunction('affine', 'line');
