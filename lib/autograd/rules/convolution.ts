import { biasGradient, inputGradient, weightGradient } from '../../convolution/gradients.ts';
import type { Layer } from '../../convolution/layer.ts';
import { type ConvolutionAttributes, convolution, transposedConvolution } from '../../convolution/operation.ts';
import { linear } from '../../nn/ops/linear.ts';
import { runOperation } from '../../tensor/operation.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { sum } from '../../tensor/ops/reduce.ts';
import { permute } from '../../tensor/ops/views.ts';
import { numelOf } from '../../tensor/shape.ts';
import { type View, viewOfAll } from '../../tensor/view.ts';
import { defineRule, type Recorded, type Rule } from '../rule.ts';
import { reshaped } from '../shapes.ts';

// Layers that multiply by a weight: the gradients of input, weight and bias, of which the last two are learned.

/** The input, where the weight learns; the weight, where gradients go on to the input. */
function saves({
  attributes: { layer },
  inputs: [x, weight],
  needs,
}: Recorded<{ readonly layer: Layer }>): (View | null)[] {
  return [needs[1] ? x! : null, needs[0] ? (weight ?? weightOf(layer)) : null];
}

/** The weight of a layer whose caller did not say that it can learn. */
function weightOf({ parameters: { dtype, weightShape }, weight }: Layer): View {
  return viewOfAll(weight, dtype, weightShape);
}

const ofConvolution: Rule<ConvolutionAttributes> = {
  // torch gives a single signal a batch dimension, and takes it off again.
  name: (_, [x]) => (x!.shape.length === 2 ? 'SqueezeBackward1' : 'ConvolutionBackward0'),
  saves,
  backward: ({ attributes: { layer, outputSize }, inputs: [input], needs, saved: [x, weight] }, gradient) => {
    const called = { shape: input!.shape, outputSize };
    return [
      needs[0] ? inputGradient(layer, called, gradient, weight!) : null,
      needs[1] ? weightGradient(layer, called, x!, gradient) : null,
      needs[2] ? biasGradient(layer, gradient) : null,
    ];
  },
};

defineRule(convolution, ofConvolution);
defineRule(transposedConvolution, ofConvolution);

/** torch's last step: it adds the bias by itself, or multiplies and adds at once; and views of more dimensions than two. */
function nameOfLinear(rank: number, hasBias: boolean): string {
  if (rank === 2) return hasBias ? 'AddmmBackward0' : 'MmBackward0';
  if (rank === 1) return hasBias ? 'AddBackward0' : 'SqueezeBackward3';
  if (hasBias) return rank === 3 ? 'ViewBackward0' : 'AddBackward0';
  return 'UnsafeViewBackward0';
}

defineRule(linear, {
  name: ({ layer }, [x]) => nameOfLinear(x!.shape.length, layer.bias !== null),
  saves,
  backward: ({ attributes: { layer }, inputs: [x], needs, saved: [features, weight] }, given) => {
    const { inChannels, outChannels } = layer.parameters;
    const rows = numelOf(x!.shape) / inChannels;
    const gradient = reshaped(given, [rows, outChannels]);
    const matrix = [outChannels, inChannels];
    return [
      needs[0] ? reshaped(runOperation(matmul, [gradient, reshaped(weight!, matrix)], undefined), x!.shape) : null,
      needs[1]
        ? runOperation(
            matmul,
            [runOperation(permute, [gradient], { dims: [1, 0] }), reshaped(features!, [rows, inChannels])],
            undefined,
          )
        : null,
      needs[2] ? runOperation(sum, [gradient], { dims: [0], keepdim: false }) : null,
    ];
  },
});
