import {
  compile,
  functional,
  Module,
  manualSeed,
  type Network,
  nn,
  parseOnnx,
  rand,
  type Tensor,
} from '../../../lib/index.ts';
import { type NodeOf, onnxBytes } from '../onnxModel.ts';

// Networks with what serving needs around its layers, for the tests of their files.

export type AnyNetwork = Network<readonly Tensor[], unknown>;

/** Speech is cleaned in its spectra, and comes back at another rate. */
class Cleaner extends Module {
  readonly window = this.registerBuffer('window', functional.hannWindow(32));
  readonly mask = new nn.Conv1d(34, 17, 3, { padding: 1 });

  override forward(x: Tensor): Tensor {
    const [batch, samples] = x.shape as [number, number];
    const spectra = functional.stft(x, 32, { hopLength: 8, window: this.window as Tensor });
    const frames = spectra.shape[2]!;
    const mask = this.mask.forward(spectra.permute(0, 3, 1, 2).reshape(batch, 34, frames)).sigmoid();
    const options = { hopLength: 8, window: this.window as Tensor, length: samples };
    return functional.resample(functional.istft(spectra.mul(mask.unsqueeze(3)), 32, options), 16000, 24000);
  }
}

export function cleaner(): AnyNetwork {
  manualSeed(5);
  return compile(new Cleaner().eval(), { input: rand(2, 96) }) as unknown as AnyNetwork;
}

/** A spectrogram of another rate, of float64. */
class Listener extends Module {
  override forward(x: Tensor): Tensor {
    const low = functional.resample(x, 3, 2);
    return functional.spectrogram(low, 15, { hopLength: 4, center: false }) as Tensor;
  }
}

export function listener(): AnyNetwork {
  return compile(new Listener().eval(), { input: rand(1, 80, { dtype: 'float64' }) }) as unknown as AnyNetwork;
}

const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;

/** What only ONNX's recurrent layers have; inputs behind the bias come last. */
export const RECURRENT: readonly (readonly [
  name: string,
  kind: keyof typeof GATES,
  attributes: NodeOf['attributes'],
])[] = [
  ['an LSTM with clipped sums, coupled gates and peepholes', 'LSTM', { clip: 0.7, input_forget: 1n }],
  [
    'an LSTM of two directions with other functions',
    'LSTM',
    { direction: 'bidirectional', activations: ['HardSigmoid', 'Relu', 'Softsign', 'Sigmoid', 'ScaledTanh', 'Tanh'] },
  ],
  ['a GRU that resets first, backward', 'GRU', { direction: 'reverse', linear_before_reset: 0n }],
  ['a plain cell', 'RNN', { activations: ['LeakyRelu'] }],
];

/** (L, N, 3) through a layer of 2 hidden units. */
export function recurrent(kind: keyof typeof GATES, attributes: NodeOf['attributes'] = {}): AnyNetwork {
  const directions = attributes.direction === 'bidirectional' ? 2 : 1;
  const rows = 2 * GATES[kind];
  let drawn = 0;
  const weight = (...shape: number[]) => ({
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.sin(++drawn)),
  });
  const hasPeepholes = kind === 'LSTM';
  const bytes = onnxBytes({
    nodes: [
      {
        type: kind,
        inputs: ['x', 'w', 'r', 'b', '', 'h', ...(hasPeepholes ? ['c', 'p'] : [])],
        outputs: ['y', 'last'],
        attributes: { hidden_size: 2n, ...attributes },
      },
    ],
    inputs: { x: ['L', 'N', 3], h: [directions, 'N', 2], ...(hasPeepholes ? { c: [directions, 'N', 2] } : {}) },
    outputs: ['y', 'last'],
    weights: {
      w: weight(directions, rows, 3),
      r: weight(directions, rows, 2),
      b: weight(directions, 2 * rows),
      ...(hasPeepholes ? { p: weight(directions, 6) } : {}),
    },
  });
  return parseOnnx(bytes) as unknown as AnyNetwork;
}
