import { floatFunction } from '../../tensor/ops/unary.ts';

// The activations that are functions of nn.functional only. `a` and `b` are their parameters, as native/kernels/kernel_table.h has them.

export const leakyRelu = floatFunction('leakyRelu');
export const elu = floatFunction('elu');
export const gelu = floatFunction('gelu');
export const geluTanh = floatFunction('geluTanh', 'gelu');
export const silu = floatFunction('silu');
export const softplus = floatFunction('softplus');
export const hardtanh = floatFunction('clamp', 'hardtanh');
