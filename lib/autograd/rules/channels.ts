import { functionGradients, type LearnedFunction } from '../../native/normGradients.ts';
import { type ChannelAttributes, prelu, snake } from '../../nn/ops/channelwise.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { viewsOf, wanted } from '../memory.ts';
import { defineRule } from '../rule.ts';

// Functions whose parameters belong to channels, and are learned.

function defineOfChannels(
  operation: Operation<ChannelAttributes & { readonly channelDim: number }>,
  kind: LearnedFunction,
  name: string,
): void {
  defineRule(operation, {
    name,
    saves: ({ inputs }) => inputs,
    backward: ({ attributes: { b, channelDim }, inputs, needs, saved: [x, learned] }, gradient) => {
      const out = wanted(inputs, needs);
      const a = floatsOfView(learned!);
      if (x!.numel > 0) {
        const length = a.length === 1 ? x!.numel : numelOf(x!.shape.slice(channelDim + 1));
        const rows = x!.numel / length;
        functionGradients(kind, rows, a.length, length, floatsOfView(gradient), floatsOfView(x!), a, b, {
          x: out[0] ?? null,
          a: out[1] ?? null,
        });
      }
      return viewsOf(out, inputs);
    },
  });
}

defineOfChannels(prelu, 'leakyRelu', 'PreluBackward0');
defineOfChannels(snake, 'snake', 'AddBackward0');
