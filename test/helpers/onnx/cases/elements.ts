import { constant, float, int, ofTensor, text } from '../model.ts';
import { drawn, given, single, weights } from './case.ts';

const x = drawn([2, 3, 5]);
const wide = drawn([2, 3, 5], 4, 'float64');
const positive = drawn([2, 9], 0.9);
const FLAGS = given([2, 3], [1, 0, 1, 0, 0, 1], 'bool');
const OTHERS = given([3], [0, 0, 1], 'bool');
const ODD = given([6], ['nan', 'inf', '-inf', 0, -0.5, 3]);
const LONGS = given([5], [-3, 0, 1, 7, 100], 'int64');
const INTS = given([5], [-3, 0, 1, 7, 100], 'int32');

const UNARY = [
  ...[
    [13, 'Abs'],
    [13, 'Neg'],
    [13, 'Sign'],
    [13, 'Exp'],
    [13, 'Erf'],
    [7, 'Sin'],
    [7, 'Cos'],
    [7, 'Tan'],
    [13, 'Tanh'],
  ],
  ...[
    [13, 'Sigmoid'],
    [14, 'Relu'],
    [1, 'Softplus'],
    [1, 'Softsign'],
    [14, 'HardSwish'],
    [18, 'Mish'],
    [13, 'Floor'],
  ],
  ...[
    [13, 'Ceil'],
    [11, 'Round'],
    [6, 'Selu'],
    [6, 'Elu'],
    [6, 'HardSigmoid'],
    [12, 'Celu'],
    [16, 'LeakyRelu'],
    [19, 'Identity'],
  ],
] as [number, string][];
const BINARY = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'];
const COMPARISONS = ['Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual'];

/** Functions of elements, comparisons and logic. */
export const elements = [
  ...UNARY.map(([since, name]) => single(Math.max(since, 13), name, [x])),
  single(18, 'Mish', [drawn([40], 60)], {}, { note: 'of large values' }),
  single(13, 'Softplus', [drawn([40], 200)], {}, { note: 'of large values' }),
  single(13, 'Sigmoid', [drawn([40], 200)], {}, { note: 'of large values' }),
  single(13, 'Round', [given([7], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999])], {}, { note: 'half to even' }),
  single(13, 'Sign', [given([5], [-2, -0, 0, 1e-30, 4])]),
  ...['Sqrt', 'Log', 'Reciprocal'].map((name) => single(13, name, [given([4], [0.25, 1, 3, 1e6])])),
  ...['Sqrt', 'Abs', 'Exp', 'Tanh', 'Sigmoid', 'Neg', 'Floor'].map((name) =>
    single(13, name, [name === 'Sqrt' ? given([3], [1, 2, 3], 'float64') : wide], {}, { outputs: ['float64'] }),
  ),
  ...['none', 'tanh'].map((approximate) => single(20, 'Gelu', [x], { approximate: text(approximate) })),
  single(20, 'Gelu', [drawn([30], 30)]),
  single(13, 'Elu', [x], { alpha: float(2) }),
  single(13, 'Celu', [x], { alpha: float(0.7) }),
  single(13, 'Selu', [x], { alpha: float(1.5), gamma: float(1.1) }),
  single(13, 'LeakyRelu', [x], { alpha: float(0.3) }),
  single(13, 'HardSigmoid', [x], { alpha: float(0.3), beta: float(0.4) }),
  single(16, 'PRelu', [x, weights([3, 1])]),
  single(16, 'PRelu', [x, weights([1])]),
  single(16, 'PRelu', [x, weights([2, 3, 5])]),
  single(9, 'PRelu', [x, weights([5])]),
  ...BINARY.flatMap((name) => [
    single(14, name, [x, drawn([2, 3, 5])]),
    single(14, name, [x, drawn([3, 1])]),
    single(14, name, [drawn([5]), drawn([2, 1, 5])]),
    single(13, name, [x, constant([], [0.7])]),
    single(13, name, [constant([1, 3, 1], [0.7, -2, 0.3]), x]),
  ]),
  ...['Add', 'Sub', 'Mul', 'Div'].map((name) =>
    single(14, name, [LONGS, given([1], [2], 'int64')], {}, { outputs: ['int64'] }),
  ),
  ...['Add', 'Sub', 'Mul', 'Div'].map((name) =>
    single(14, name, [wide, drawn([5], 4, 'float64')], {}, { outputs: ['float64'] }),
  ),
  single(
    14,
    'Div',
    [given([4], [-7, 7, -8, 9], 'int32'), given([1], [2], 'int32')],
    {},
    { outputs: ['int32'], note: 'of int32 towards 0' },
  ),
  ...['Sum', 'Mean', 'Max', 'Min'].flatMap((name) => [
    single(13, name, [x]),
    single(13, name, [x, drawn([3, 1]), weights([5])]),
  ]),
  single(15, 'Pow', [positive, constant([], [2])]),
  single(15, 'Pow', [x, constant([], [3])]),
  single(15, 'Pow', [given([4], [0.5, 1, 2, 9]), drawn([4])]),
  single(13, 'Pow', [given([4], [0.5, 1, 2, 9]), given([1], [2], 'int64')]),
  single(15, 'Pow', [x, constant([], [2], 'int64')], {}, { note: 'to an int64 of the file' }),
  single(13, 'Clip', [x, constant([], [-0.5]), constant([], [0.8])]),
  single(13, 'Clip', [x, null, constant([], [0.8])]),
  single(13, 'Clip', [x, constant([], [-0.5])]),
  single(13, 'Clip', [x]),
  single(13, 'Clip', [wide, constant([], [-0.5], 'float64')], {}, { outputs: ['float64'] }),
  ...COMPARISONS.flatMap((name) => [
    single(name === 'Equal' ? 19 : 16, name, [x, drawn([3, 1])], {}, { outputs: ['bool'] }),
    single(name === 'Equal' ? 13 : 12, name, [LONGS, given([1], [1], 'int64')], {}, { outputs: ['bool'] }),
    single(16, name, [ODD, constant([], [0])], {}, { outputs: ['bool'], note: 'of NaN and infinities' }),
  ]),
  single(19, 'Equal', [FLAGS, OTHERS], {}, { outputs: ['bool'], note: 'of bools' }),
  ...['And', 'Or', 'Xor'].map((name) => single(7, name, [FLAGS, OTHERS], {}, { outputs: ['bool'] })),
  single(13, 'Not', [FLAGS], {}, { outputs: ['bool'] }),
  single(20, 'IsNaN', [ODD], {}, { outputs: ['bool'] }),
  single(13, 'IsNaN', [given([2], ['nan', 1], 'float64')], {}, { outputs: ['bool'] }),
  single(16, 'Where', [FLAGS, drawn([2, 3]), drawn([3])]),
  single(16, 'Where', [OTHERS, drawn([2, 3]), constant([], [-1])]),
  single(9, 'Where', [OTHERS, given([3], [1, 2, 3], 'int64'), given([1], [9], 'int64')], {}, { outputs: ['int64'] }),
  single(19, 'Cast', [x], { to: int(11) }, { outputs: ['float64'], note: 'to float64' }),
  single(19, 'Cast', [x], { to: int(7) }, { outputs: ['int64'], note: 'to int64' }),
  single(21, 'Cast', [x], { to: int(6), saturate: int(1) }, { outputs: ['int32'], note: 'to int32' }),
  single(21, 'Cast', [x], { to: int(9) }, { outputs: ['bool'], note: 'to bool' }),
  single(13, 'Cast', [LONGS], { to: int(1) }, { note: 'of int64' }),
  single(13, 'Cast', [INTS], { to: int(1) }, { note: 'of int32' }),
  single(13, 'Cast', [FLAGS], { to: int(1) }, { note: 'of bools' }),
  single(13, 'Cast', [FLAGS], { to: int(7) }, { outputs: ['int64'], note: 'of bools to int64' }),
  single(13, 'Cast', [INTS], { to: int(7) }, { outputs: ['int64'], note: 'of int32 to int64' }),
  single(13, 'Cast', [wide], { to: int(1) }, { note: 'of float64' }),
  single(21, 'Constant', [], { value: ofTensor(weights([2, 3])) }),
  single(13, 'Constant', [], { value_float: float(0.7) }),
  single(13, 'Constant', [], { value_int: int(-3) }, { outputs: ['int64'] }),
];
