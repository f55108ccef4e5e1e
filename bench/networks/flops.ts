import { nn, type Tensor } from 'conv1d';

/** What a call of a layer works on: its first input and its output. */
type Call = (input: Tensor, output: Tensor) => number;

/**
 * The floating-point operations of one `forward`: two for each product of the convolutions, transposed convolutions, linear layers and
 * LSTMs, those with the zeros of a padding included.
 */
export function countFlops(network: nn.Module, inputs: readonly Tensor[]): number {
  let flops = 0;
  const watched: nn.Module[] = [];
  for (const module of network.modules()) {
    const count = counterOf(module);
    if (count === null) continue;
    const forward = module.forward.bind(module);
    const watch = (...args: unknown[]) => {
      const result = forward(...args);
      flops += count(args[0] as Tensor, [result].flat()[0] as Tensor);
      return result;
    };
    Object.defineProperty(module, 'forward', { value: watch, configurable: true });
    watched.push(module);
  }
  try {
    network.forward(...inputs);
  } finally {
    for (const module of watched) Reflect.deleteProperty(module, 'forward');
  }
  return flops;
}

function counterOf(module: nn.Module): Call | null {
  if (module instanceof nn.Conv1d) {
    const products = (module.inChannels / module.groups) * module.kernelSize;
    return (_, output) => 2 * output.numel * products;
  }
  if (module instanceof nn.ConvTranspose1d) {
    const products = (module.outChannels / module.groups) * module.kernelSize;
    return (input) => 2 * input.numel * products;
  }
  if (module instanceof nn.Linear) {
    const { inFeatures } = module;
    return (_, output) => 2 * output.numel * inFeatures;
  }
  if (module instanceof nn.LSTM) return (input) => (2 * input.numel * lstmProducts(module)) / module.inputSize;
  return null;
}

/** For each step of each sequence. */
function lstmProducts({ inputSize, hiddenSize, numLayers, bidirectional }: nn.LSTM): number {
  const directions = bidirectional ? 2 : 1;
  const layers = Array.from({ length: numLayers }, (_, i) => (i === 0 ? inputSize : directions * hiddenSize));
  return layers.reduce((sum, width) => sum + directions * 4 * hiddenSize * (width + hiddenSize), 0);
}
