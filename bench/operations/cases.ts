import type * as Library from '../../lib/index.ts';
import { noise } from '../inputs.ts';
import type { OnnxAttribute, OnnxNode } from '../onnx.ts';

type Lib = typeof Library;
type Input = Library.Tensor<'float32'>;

/** One operation on one shape, as each of the three libraries has it. */
export interface OperationCase {
  readonly group: string;
  readonly name: string;
  readonly shape: readonly number[];
  /** Made ready: weights drawn, evaluation mode. */
  ours(lib: Lib): (x: Input) => unknown;
  /** Null where ONNX has no such node. */
  readonly onnx: OnnxNode | null;
  /** An expression of Python whose value is a function of a tensor; `torch`, `nn` and `F` are there. */
  readonly torch: string;
}

const AUDIO: readonly (readonly number[])[] = [
  [8, 128, 1000],
  [1, 64, 44_000],
];

const vector = (size: number, seed: number) => ({ dims: [size], data: noise(size, seed) });
const positive = (size: number, seed: number) => ({
  dims: [size],
  data: noise(size, seed).map((x) => Math.abs(x) + 0.5),
});
const int = (value: number): OnnxAttribute => ({ int: value });
const ints = (...values: number[]): OnnxAttribute => ({ ints: values });

/** The same operation on each of the shapes. */
function onAudio(
  group: string,
  name: string,
  make: (shape: readonly number[]) => Pick<OperationCase, 'ours' | 'onnx' | 'torch'>,
): OperationCase[] {
  return AUDIO.map((shape) => ({ group, name, shape, ...make(shape) }));
}

/** A function of each element. */
function elementwise(name: string, ours: (lib: Lib, x: Input) => unknown, type: string | null, torch: string) {
  return onAudio('element-wise', name, () => ({
    ours: (lib) => (x) => ours(lib, x),
    onnx: type === null ? null : { type },
    torch,
  }));
}

function lstm(kind: 'LSTM' | 'GRU', hidden: number, steps: number, batch: number): OperationCase {
  const gates = kind === 'LSTM' ? 4 : 3;
  const weight = (seed: number) => ({
    dims: [1, gates * hidden, hidden],
    data: noise(gates * hidden * hidden, seed).map((w) => w / 16),
  });
  const bias = { dims: [1, 2 * gates * hidden], data: noise(2 * gates * hidden, 5) };
  return {
    group: 'recurrent',
    name: `${kind} ${hidden}`,
    shape: [steps, batch, hidden],
    ours: (lib) => {
      const layer = new lib.nn[kind](hidden, hidden).eval();
      return (x) => layer.forward(x);
    },
    onnx: {
      type: kind,
      attributes: { hidden_size: int(hidden), ...(kind === 'GRU' ? { linear_before_reset: int(1) } : {}) },
      others: [weight(3), weight(4), bias],
    },
    torch: `nn.${kind}(${hidden}, ${hidden}).eval()`,
  };
}

function transposed(inputs: number, outputs: number, kernel: number, stride: number, padding: number, length: number) {
  return {
    group: 'transposed',
    name: `ConvTranspose1d ${inputs} to ${outputs}, K ${kernel}, stride ${stride}`,
    shape: [1, inputs, length],
    ours: (lib: Lib) => {
      const layer = new lib.nn.ConvTranspose1d(inputs, outputs, kernel, { stride, padding }).eval();
      return (x: Input) => layer.forward(x);
    },
    onnx: {
      type: 'ConvTranspose',
      attributes: { strides: ints(stride), pads: ints(padding, padding), kernel_shape: ints(kernel) },
      others: [{ dims: [inputs, outputs, kernel], data: noise(inputs * outputs * kernel, 3) }, vector(outputs, 4)],
    },
    torch: `nn.ConvTranspose1d(${inputs}, ${outputs}, ${kernel}, ${stride}, ${padding}).eval()`,
  };
}

function linear(rows: number, inputs: number, outputs: number): OperationCase {
  return {
    group: 'products',
    name: `Linear ${inputs} to ${outputs}`,
    shape: [rows, inputs],
    ours: (lib) => {
      const layer = new lib.nn.Linear(inputs, outputs).eval();
      return (x) => layer.forward(x);
    },
    onnx: {
      type: 'Gemm',
      attributes: { transB: int(1) },
      others: [{ dims: [outputs, inputs], data: noise(inputs * outputs, 3) }, vector(outputs, 4)],
    },
    torch: `nn.Linear(${inputs}, ${outputs}).eval()`,
  };
}

function matmul(size: number): OperationCase {
  return {
    group: 'products',
    name: 'matmul',
    shape: [size, size],
    ours: (lib) => {
      const other = lib.tensor(noise(size * size, 3), [size, size]);
      return (x) => x.matmul(other);
    },
    onnx: { type: 'MatMul', others: [{ dims: [size, size], data: noise(size * size, 3) }] },
    torch: `(lambda w: lambda x: x @ w)(torch.randn(${size}, ${size}))`,
  };
}

/** A layer without weights, or with those of a norm. */
function layer(
  group: string,
  name: string,
  ours: (lib: Lib, shape: readonly number[]) => Library.Module,
  onnx: (shape: readonly number[]) => OnnxNode | null,
  torch: (shape: readonly number[]) => string,
): OperationCase[] {
  return onAudio(group, name, (shape) => ({
    ours: (lib) => {
      const made = ours(lib, shape).eval();
      return (x) => made.forward(x);
    },
    onnx: onnx(shape),
    torch: `${torch(shape)}.eval()`,
  }));
}

const EPS = { epsilon: { float: 1e-5 } } as const;

/** What the page of operations has, group by group. */
export const OPERATIONS: readonly OperationCase[] = [
  ...onAudio('element-wise', 'add', (shape) => {
    const data = noise(
      shape.reduce((product, size) => product * size, 1),
      3,
    );
    return {
      ours: (lib) => {
        const other = lib.tensor(data, shape);
        return (x) => x.add(other);
      },
      onnx: { type: 'Add', others: [{ dims: shape, data }] },
      torch: `(lambda y: lambda x: x + y)(torch.randn(${JSON.stringify(shape)}))`,
    };
  }),
  ...elementwise('relu', (_, x) => x.relu(), 'Relu', 'torch.relu'),
  ...elementwise('exp', (_, x) => x.exp(), 'Exp', 'torch.exp'),
  ...elementwise('sin', (_, x) => x.sin(), 'Sin', 'torch.sin'),
  ...elementwise('tanh', (_, x) => x.tanh(), 'Tanh', 'torch.tanh'),
  ...elementwise('sigmoid', (_, x) => x.sigmoid(), 'Sigmoid', 'torch.sigmoid'),
  ...elementwise('erf', (_, x) => x.erf(), 'Erf', 'torch.erf'),
  ...elementwise('gelu', (lib, x) => lib.functional.gelu(x), 'Gelu', 'F.gelu'),
  ...elementwise('pow 2.5', (_, x) => x.abs().pow(2.5), null, 'lambda x: x.abs().pow(2.5)'),
  ...layer(
    'element-wise',
    'Snake',
    (lib, s) => new lib.nn.Snake(s[1]!),
    () => null,
    () => 'nn.Sequential(Snake())',
  ),
  ...layer(
    'norms',
    'BatchNorm1d',
    (lib, s) => new lib.nn.BatchNorm1d(s[1]!),
    ([, c]) => ({ type: 'BatchNormalization', others: [vector(c!, 3), vector(c!, 4), vector(c!, 5), positive(c!, 6)] }),
    ([, c]) => `nn.BatchNorm1d(${c})`,
  ),
  ...layer(
    'norms',
    'GroupNorm 8',
    (lib, s) => new lib.nn.GroupNorm(8, s[1]!),
    ([, c]) => ({
      type: 'GroupNormalization',
      attributes: { ...EPS, num_groups: int(8) },
      others: [vector(c!, 3), vector(c!, 4)],
    }),
    ([, c]) => `nn.GroupNorm(8, ${c})`,
  ),
  ...layer(
    'norms',
    'InstanceNorm1d',
    (lib, s) => new lib.nn.InstanceNorm1d(s[1]!, { affine: true }),
    ([, c]) => ({ type: 'InstanceNormalization', attributes: EPS, others: [vector(c!, 3), vector(c!, 4)] }),
    ([, c]) => `nn.InstanceNorm1d(${c}, affine=True)`,
  ),
  ...layer(
    'norms',
    'LayerNorm',
    (lib, s) => new lib.nn.LayerNorm(s[2]!),
    ([, , l]) => ({ type: 'LayerNormalization', attributes: EPS, others: [vector(l!, 3), vector(l!, 4)] }),
    ([, , l]) => `nn.LayerNorm(${l})`,
  ),
  ...layer(
    'norms',
    'Softmax',
    (lib) => new lib.nn.Softmax(-1),
    () => ({ type: 'Softmax', attributes: { axis: int(-1) } }),
    () => 'nn.Softmax(-1)',
  ),
  ...layer(
    'pooling',
    'MaxPool1d 3, stride 1',
    (lib) => new lib.nn.MaxPool1d(3, { stride: 1, padding: 1 }),
    () => ({ type: 'MaxPool', attributes: { kernel_shape: ints(3), strides: ints(1), pads: ints(1, 1) } }),
    () => 'nn.MaxPool1d(3, 1, 1)',
  ),
  ...layer(
    'pooling',
    'MaxPool1d 2',
    (lib) => new lib.nn.MaxPool1d(2),
    () => ({ type: 'MaxPool', attributes: { kernel_shape: ints(2), strides: ints(2) } }),
    () => 'nn.MaxPool1d(2)',
  ),
  ...layer(
    'pooling',
    'AvgPool1d 4',
    (lib) => new lib.nn.AvgPool1d(4),
    () => ({ type: 'AveragePool', attributes: { kernel_shape: ints(4), strides: ints(4) } }),
    () => 'nn.AvgPool1d(4)',
  ),
  ...layer(
    'pooling',
    'AdaptiveAvgPool1d 1',
    (lib) => new lib.nn.AdaptiveAvgPool1d(1),
    () => ({ type: 'GlobalAveragePool' }),
    () => 'nn.AdaptiveAvgPool1d(1)',
  ),
  ...onAudio('reductions', 'sum over time', () => ({
    ours: () => (x) => x.sum(2),
    onnx: null,
    torch: 'lambda x: x.sum(2)',
  })),
  ...onAudio('reductions', 'max over channels', () => ({
    ours: () => (x) => x.amax(1),
    onnx: null,
    torch: 'lambda x: x.amax(1)',
  })),
  linear(1, 512, 512),
  linear(8, 512, 512),
  linear(256, 512, 512),
  matmul(64),
  matmul(512),
  lstm('LSTM', 128, 1, 1),
  lstm('LSTM', 128, 100, 1),
  lstm('LSTM', 512, 75, 1),
  lstm('LSTM', 256, 50, 8),
  lstm('GRU', 128, 100, 1),
  lstm('GRU', 256, 50, 8),
  transposed(512, 256, 16, 8, 4, 86),
  transposed(256, 128, 16, 8, 4, 688),
  transposed(128, 64, 4, 2, 1, 5504),
  transposed(1024, 512, 16, 8, 4, 47),
];
