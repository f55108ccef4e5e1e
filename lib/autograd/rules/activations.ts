import type { ElementGradient } from '../../native/gradients.ts';
import * as activations from '../../nn/ops/activations.ts';
import type { Operation } from '../../tensor/operation.ts';
import type { UnaryAttributes } from '../../tensor/ops/unary.ts';
import { defineElementRule } from '../elements.ts';

const RULES: readonly (readonly [Operation<UnaryAttributes>, torchsName: string, ElementGradient])[] = [
  [activations.leakyRelu, 'LeakyRelu', 'leakyRelu'],
  [activations.elu, 'Elu', 'elu'],
  [activations.gelu, 'Gelu', 'gelu'],
  [activations.geluTanh, 'Gelu', 'geluTanh'],
  [activations.silu, 'Silu', 'silu'],
  [activations.softplus, 'Softplus', 'softplus'],
  [activations.hardtanh, 'Hardtanh', 'hardtanh'],
];

for (const [operation, torchsName, name] of RULES) {
  defineElementRule(operation, `${torchsName}Backward0`, 'input', name, (attributes) => attributes);
}
