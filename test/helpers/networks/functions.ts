import { functional, nn, Parameter, randn, type Tensor, tensor } from '../../../lib/index.ts';
import type { Maker } from './layers.ts';

// Pieces of each element, along dimensions, and with constants.

const UNARY: readonly [text: string, compute: (x: Tensor) => Tensor, jumps?: boolean][] = [
  ['neg', (x) => x.neg()],
  ['abs', (x) => x.abs()],
  ['relu', (x) => x.relu()],
  ['sqrt of abs + 0.1', (x) => x.abs().add(0.1).sqrt()],
  ['exp of tanh', (x) => x.tanh().exp()],
  ['log of abs + 0.5', (x) => x.abs().add(0.5).log()],
  ['log1p of abs', (x) => x.abs().log1p()],
  ['expm1 of tanh', (x) => x.tanh().expm1()],
  ['sin', (x) => x.sin()],
  ['cos', (x) => x.cos()],
  ['tanh', (x) => x.tanh()],
  ['sigmoid', (x) => x.sigmoid()],
  ['erf', (x) => x.erf()],
  ['square', (x) => x.square()],
  ['reciprocal of abs + 0.5', (x) => x.abs().add(0.5).reciprocal()],
  ['rsqrt of square + 0.5', (x) => x.square().add(0.5).rsqrt()],
  ['floor', (x) => x.floor(), true],
  ['ceil', (x) => x.ceil(), true],
  ['round', (x) => x.mul(3).round(), true],
  ['sign', (x) => x.sign(), true],
  ['clamp(-0.5, 0.7)', (x) => x.clamp(-0.5, 0.7)],
  ['clamp(-0.2)', (x) => x.clamp(-0.2)],
  ['clamp(null, 0.3)', (x) => x.clamp(null, 0.3)],
  ['functional.gelu', (x) => functional.gelu(x)],
  ["functional.gelu, 'tanh'", (x) => functional.gelu(x, { approximate: 'tanh' })],
  ['functional.silu', (x) => functional.silu(x)],
  ['functional.elu(0.7)', (x) => functional.elu(x, 0.7)],
  ['functional.leakyRelu(0.2)', (x) => functional.leakyRelu(x, 0.2)],
  ['functional.softplus', (x) => functional.softplus(x)],
  ['functional.hardtanh(-0.3, 0.4)', (x) => functional.hardtanh(x, -0.3, 0.4)],
  ['pow(2)', (x) => x.pow(2)],
  ['pow(3)', (x) => x.tanh().pow(3)],
  ['pow(0.5) of abs + 0.1', (x) => x.abs().add(0.1).pow(0.5)],
  ['pow(-1) of abs + 0.5', (x) => x.abs().add(0.5).pow(-1)],
  ['pow(1.7) of abs + 0.1', (x) => x.abs().add(0.1).pow(1.7)],
];

const unary: Maker = (dice) => {
  const [text, compute, jumps = false] = dice.pick(...UNARY);
  return { text, jumps, compute: ([x]) => compute(x!) };
};

const activationLayer: Maker = (dice) => {
  const [text, make] = dice.pick<readonly [string, () => nn.Module]>(
    ['ReLU', () => new nn.ReLU()],
    ['SiLU', () => new nn.SiLU()],
    ['Tanh', () => new nn.Tanh()],
    ['Sigmoid', () => new nn.Sigmoid()],
    ['LeakyReLU(0.1)', () => new nn.LeakyReLU(0.1)],
    ['ELU(0.5)', () => new nn.ELU(0.5)],
    ['GELU', () => new nn.GELU()],
    ['Softplus', () => new nn.Softplus({ beta: 2 })],
    ['Hardtanh', () => new nn.Hardtanh({ minVal: -0.5, maxVal: 0.5 })],
    ['Dropout', () => new nn.Dropout(0.5)],
    ['Identity', () => new nn.Identity()],
  );
  return { text, parts: () => ({ layer: make() }), compute: ([x], { layer }) => layer.forward(x) };
};

const scalar: Maker = (dice) => {
  const [name, value] = [dice.pick('add', 'sub', 'mul', 'div'), dice.pick(2, -0.7, 0.3, 1.1, 0.5)];
  return { text: `${name}(${value})`, compute: ([x]) => x![name](value) };
};

const scalarOnTheLeft: Maker = (dice) => {
  const [name, value] = [dice.pick('sub', 'mul', 'minimum', 'maximum'), dice.pick(1, -0.2, 0.4)];
  return {
    text: `tensor(${value}).${name}`,
    compute: ([x]) => tensor(value, { dtype: x!.dtype as 'float32' })[name](x!),
  };
};

const constant: Maker = (dice, x) => {
  const dim = dice.integer(0, Math.max(x.ndim - 1, 0));
  const size = x.ndim > 0 ? x.fixed(dim) : undefined;
  if (size === undefined || size === 0) return undefined;
  const shape =
    dice.integer(0, 1) === 0
      ? [size, ...new Array(x.ndim - 1 - dim).fill(1)]
      : new Array(x.ndim).fill(1).with(dim, size);
  const [name, isLeft] = [dice.pick('add', 'sub', 'mul', 'maximum'), dice.integer(0, 2) === 0];
  return {
    text: `${name} with a constant [${shape}]${isLeft ? ' on the left' : ''}`,
    parts: (dtype) => ({ constant: new Parameter(randn(shape, { dtype })) }),
    compute: ([y], { constant }) => (isLeft ? constant[name](y) : y![name](constant)),
  };
};

const powers: Maker = (_, x) => {
  const size = x.ndim > 0 ? x.fixed(-1) : undefined;
  if (size === undefined || size === 0) return undefined;
  return {
    text: `pow of a constant [${size}], of abs + 0.2`,
    parts: (dtype) => ({ exponent: new Parameter(randn(size, { dtype })) }),
    compute: ([y], { exponent }) => y!.abs().add(0.2).pow(exponent),
  };
};

const prelu: Maker = (dice, x) => {
  const channels = x.ndim > 1 ? x.fixed(1) : 1;
  if (channels === undefined || channels === 0) return undefined;
  const count = dice.pick(1, channels);
  return {
    text: `PReLU(${count})`,
    parts: (dtype) => {
      const layer = new nn.PReLU(count, { dtype });
      (layer.parameters()[0]!.data as Float32Array).set(randn(count, { dtype }).data);
      return { layer };
    },
    compute: ([y], { layer }) => layer.forward(y),
  };
};

const snake: Maker = (_, x) => {
  const channels = x.ndim === 2 || x.ndim === 3 ? x.fixed(-2) : undefined;
  if (channels === undefined || channels === 0) return undefined;
  return {
    text: `Snake(${channels})`,
    parts: (dtype) => ({ layer: new nn.Snake(channels, { dtype }) }),
    compute: ([y], { layer }) => layer.forward(y),
  };
};

const glu: Maker = (dice, x) => {
  const dim = dice.integer(0, Math.max(x.ndim - 1, 0));
  const size = x.ndim > 0 ? x.fixed(dim) : undefined;
  if (size === undefined || size === 0 || size % 2 !== 0) return undefined;
  return { text: `GLU(${dim})`, parts: () => ({ glu: new nn.GLU(dim) }), compute: ([y], { glu }) => glu.forward(y) };
};

const softmax: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const [dim, isLog] = [dice.integer(0, x.ndim - 1), dice.integer(0, 2) === 0];
  return {
    text: `${isLog ? 'logSoftmax' : 'softmax'}(${dim})`,
    compute: ([y]) => (isLog ? y!.logSoftmax(dim) : y!.softmax(dim)),
  };
};

const reduction: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const name = dice.pick('mean', 'sum', 'amax', 'amin', 'norm', 'var');
  const first = dice.integer(0, x.ndim - 1);
  const dims = dice.integer(0, 3) === 0 && x.ndim > 1 ? [first, (first + 1) % x.ndim] : [first];
  const keepdim = dice.integer(0, 2) > 0;
  return {
    text: `${name}([${dims}], keepdim ${keepdim})`,
    compute: ([y]) =>
      name === 'var'
        ? y!.var(dims, { keepdim, correction: 0 })
        : name === 'sum'
          ? y!.sum(dims, { keepdim }).mul(0.2)
          : y![name](dims, { keepdim }),
  };
};

/** What is added up, multiplied, or less its mean again. */
const centred: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const [dim, name] = [dice.integer(0, x.ndim - 1), dice.pick('sub', 'mul', 'add', 'maximum')];
  return { text: `${name} of its mean over ${dim}`, compute: ([y]) => y![name](y!.mean([dim], { keepdim: true })) };
};

const squeezeAndExcite: Maker = (dice, x) => {
  const channels = x.ndim === 3 ? x.fixed(1) : undefined;
  if (channels === undefined || channels === 0) return undefined;
  const [width, pools] = [dice.integer(1, 4), dice.integer(0, 1) === 0];
  return {
    text: `squeeze and excite (${channels}, ${width}) by ${pools ? 'AdaptiveAvgPool1d and Conv1d' : 'mean and Linear'}`,
    parts: (dtype) =>
      pools
        ? {
            pool: new nn.AdaptiveAvgPool1d(1),
            down: new nn.Conv1d(channels, width, 1, { dtype }),
            up: new nn.Conv1d(width, channels, 1, { dtype }),
          }
        : { down: new nn.Linear(channels, width, { dtype }), up: new nn.Linear(width, channels, { dtype }) },
    compute: ([y], { pool, down, up }) => {
      const gate: Tensor = up.forward(down.forward(pools ? pool.forward(y) : y!.mean([2])).relu()).sigmoid();
      return y!.mul(pools ? gate : gate.unsqueeze(2));
    },
  };
};

const attention: Maker = (_, x) => {
  if (x.ndim !== 3 && x.ndim !== 2) return undefined;
  return {
    text: 'attention over the last dimension but one',
    compute: ([y]) => y!.matmul(y!.transpose(-1, -2)).mul(0.3).softmax(-1).matmul(y!),
  };
};

const matmul: Maker = (dice, x) => {
  const size = x.ndim > 0 ? x.fixed(-1) : undefined;
  if (size === undefined || size === 0) return undefined;
  const [out, isTransposed] = [dice.integer(1, 5), dice.integer(0, 1) === 1];
  return {
    text: `matmul with a parameter (${size}, ${out})${isTransposed ? ', transposed' : ''}`,
    parts: (dtype) => ({
      matrix: new Parameter((isTransposed ? randn(out, size, { dtype }) : randn(size, out, { dtype })).mul(0.4)),
    }),
    compute: ([y], { matrix }) => y!.matmul(isTransposed ? matrix.transpose(0, 1) : matrix),
  };
};

export const FUNCTIONS: readonly Maker[] = [
  unary,
  unary,
  unary,
  unary,
  activationLayer,
  activationLayer,
  scalar,
  scalarOnTheLeft,
  constant,
  constant,
  powers,
  prelu,
  snake,
  glu,
  softmax,
  reduction,
  centred,
  squeezeAndExcite,
  attention,
  matmul,
];
