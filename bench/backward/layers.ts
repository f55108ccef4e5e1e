import { nn, tensor } from 'conv1d';
import type * as Binding from '../../binding.d.ts';
import { makeValues, noise } from '../inputs.ts';
import { nativeLayer } from '../nativeLayer.ts';
import { outLength, type Problem, sizes } from '../problems.ts';
import { type Work, wayOf } from './work.ts';

/** Seeds 1 to 3 are those of input, weight and bias; pytorch.py draws the same gradient of the output. */
const GRADIENT_SEED = 5;

/** Forward and backward of a layer as users write them, and the kernels of its weight's and its input's gradient alone. */
export function openLayer(problem: Problem, addon: typeof Binding): Work {
  const { inChannels, outChannels, kernelSize, stride, dilation, groups, padLeft, padRight, batch, length } = problem;
  const values = makeValues(problem);
  const padding = [padLeft, padRight] as const;
  const conv = new nn.Conv1d(inChannels, outChannels, kernelSize, { stride, padding, dilation, groups });
  const weight = tensor(values.weight, [outChannels, inChannels / groups, kernelSize]);
  conv.loadStateDict({ weight, bias: tensor(values.bias) });
  const { bias } = conv;
  if (bias === null) throw new Error('layers of the benchmark have a bias');
  const x = tensor(values.input, [batch, inChannels, length], { requiresGrad: true });
  const data = noise(sizes(problem).output, GRADIENT_SEED);
  const gradient = tensor(data, [batch, outChannels, outLength(problem)]);
  const run = () => {
    x.grad = null;
    conv.weight.grad = null;
    bias.grad = null;
    conv.forward(x).backward(gradient);
  };
  run();
  return {
    gradients: { input: x.grad!.data, weight: conv.weight.grad!.data, bias: bias.grad!.data },
    ways: [wayOf('ours', run), ...kernels(problem, addon, data)],
  };
}

/** The native calls beneath, into memory that is there already. */
function kernels(problem: Problem, addon: typeof Binding, gradient: Float32Array) {
  const { batch, length } = problem;
  const { input, weight } = makeValues(problem);
  const layer = nativeLayer(addon, problem);
  const [toWeight, toInput] = [new Float32Array(weight.length), new Float32Array(input.length)];
  return [
    wayOf('weightGradient', () => layer.weightGradient(input, batch, length, gradient, toWeight)),
    wayOf('inputGradient', () => layer.inputGradient(gradient, batch, length, weight, toInput)),
  ];
}
