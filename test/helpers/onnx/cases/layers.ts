import { type Attribute, float, floats, int, ints, longs, text, texts } from '../model.ts';
import { type Case, drawn, type Operand, single, weights } from './case.ts';

const x = drawn([2, 4, 9]);
const THREE = { outputs: ['float32', 'float32', 'float32'] } as const;
const TWO = { outputs: ['float32', 'float32'] } as const;

/** x of (steps, batch, 3), 4 hidden values, in one or two directions. */
function recurrent(
  op: 'LSTM' | 'GRU',
  directions: number,
  attributes: Readonly<Record<string, Attribute>>,
  { bias = true, states = false, peepholes = false, opset = 14, note = '' } = {},
): Case {
  const rows = (op === 'LSTM' ? 4 : 3) * 4;
  const state = drawn([directions, 2, 4], 1);
  const operands: Operand[] = [
    drawn([6, 2, 3]),
    weights([directions, rows, 3], 0.5),
    weights([directions, rows, 4], 0.4),
    bias ? weights([directions, 2 * rows], 0.3) : null,
    null,
    states ? state : null,
  ];
  if (op === 'LSTM') operands.push(states ? state : null, peepholes ? weights([directions, 12], 0.3) : null);
  const all = { hidden_size: int(4), ...attributes };
  const settings = Object.entries(attributes).map(([key, { value }]) => `${key}=${value}`);
  const parts = [bias ? '' : 'no bias', states ? 'states' : '', peepholes ? 'peepholes' : '', note];
  const title = [`${directions} directions`, ...settings, ...parts.filter((part) => part !== '')].join(', ');
  return single(opset, op, operands, all, { ...(op === 'LSTM' ? THREE : TWO), note: title });
}

const bidirectional = { direction: text('bidirectional') };
const reverse = { direction: text('reverse') };

/** Layers with weights. */
export const layers = [
  ...[18, 20].map((opset) =>
    single(opset, 'GroupNormalization', [x, weights([2]), weights([2], 0.3)], {
      num_groups: int(2),
      epsilon: float(1e-3),
    }),
  ),
  single(21, 'GroupNormalization', [x, weights([4]), weights([4], 0.3)], { num_groups: int(2) }),
  single(21, 'GroupNormalization', [drawn([2, 4, 3, 3]), weights([4]), weights([4], 0.3)], { num_groups: int(4) }),
  single(17, 'LayerNormalization', [x, weights([9]), weights([9], 0.3)]),
  single(17, 'LayerNormalization', [x, weights([9])], { epsilon: float(0.01) }),
  single(17, 'LayerNormalization', [x, weights([4, 9]), weights([4, 9], 0.3)], { axis: int(1) }),
  single(
    17,
    'LayerNormalization',
    [x, weights([9]), weights([9], 0.3)],
    { stash_type: int(1) },
    { ...THREE, note: 'with mean and deviation' },
  ),
  ...[9, 15].map((opset) =>
    single(opset, 'BatchNormalization', [
      x,
      weights([4]),
      weights([4]),
      weights([4]),
      { ...weights([4]), values: [0.5, 1, 2, 0.1] },
    ]),
  ),
  single(6, 'InstanceNormalization', [x, weights([4]), weights([4], 0.3)], { epsilon: float(0.01) }),
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB) =>
      single(13, 'Gemm', [drawn(transA ? [4, 3] : [3, 4]), weights(transB ? [5, 4] : [4, 5]), weights([5])], {
        transA: int(transA),
        transB: int(transB),
      }),
    ),
  ),
  single(13, 'Gemm', [drawn([3, 4]), weights([4, 5]), weights([3, 1])], { alpha: float(0.5), beta: float(2) }),
  single(13, 'Gemm', [drawn([3, 4]), drawn([4, 5]), drawn([1, 5])]),
  single(13, 'Gemm', [drawn([3, 4]), weights([4, 5])], { alpha: float(0.5) }),
  single(13, 'MatMul', [drawn([2, 3, 4]), weights([4, 5])]),
  single(13, 'MatMul', [drawn([4]), weights([4, 5])]),
  single(13, 'MatMul', [weights([5, 4]), drawn([4])]),
  single(13, 'MatMul', [drawn([2, 1, 3, 4]), drawn([3, 4, 2])]),
  single(13, 'MatMul', [weights([3, 4]), drawn([2, 4, 9])]),
  single(11, 'Conv', [x, weights([6, 4, 3])]),
  single(11, 'Conv', [x, weights([6, 4, 3]), weights([6])], { pads: ints(2, 0), strides: ints(2) }),
  single(11, 'Conv', [x, weights([6, 2, 3]), weights([6])], {
    group: int(2),
    dilations: ints(2),
    pads: ints(0, 3),
    kernel_shape: ints(3),
  }),
  single(11, 'Conv', [x, weights([4, 1, 4]), weights([4])], { group: int(4), pads: ints(1, 2) }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET'].flatMap((auto) =>
    [1, 2].map((stride) =>
      single(11, 'Conv', [x, weights([2, 4, 4])], { auto_pad: text(auto), strides: ints(stride) }),
    ),
  ),
  single(11, 'Conv', [drawn([2, 4, 1, 9]), weights([6, 4, 1, 3]), weights([6])], {
    pads: ints(0, 1, 0, 2),
    strides: ints(1, 2),
  }),
  single(11, 'Conv', [drawn([2, 4, 9, 1]), weights([6, 4, 3, 1]), weights([6])], {
    pads: ints(1, 0, 1, 0),
    dilations: ints(2, 1),
  }),
  single(11, 'Conv', [drawn([2, 4, 1, 9]), weights([2, 4, 1, 4])], {
    auto_pad: text('SAME_UPPER'),
    strides: ints(1, 2),
  }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4])]),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4]), weights([3])], { strides: ints(2), pads: ints(1, 1) }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4]), weights([3])], {
    strides: ints(3),
    pads: ints(2, 0),
    output_padding: ints(1),
  }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 3])], { strides: ints(2), output_padding: ints(1), pads: ints(1, 1) }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4])], { group: int(2), dilations: ints(2), strides: ints(2) }),
  single(11, 'ConvTranspose', [x, weights([4, 1, 4])], { group: int(4), strides: ints(2), pads: ints(0, 2) }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].flatMap((auto) =>
    [3, 4].map((size) =>
      single(11, 'ConvTranspose', [x, weights([4, 3, size])], { auto_pad: text(auto), strides: ints(2) }),
    ),
  ),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4])], { strides: ints(2), output_shape: ints(18) }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4])], { strides: ints(2), output_shape: ints(19) }),
  single(11, 'ConvTranspose', [x, weights([4, 3, 4])], {
    strides: ints(2),
    output_shape: ints(19),
    auto_pad: text('SAME_UPPER'),
  }),
  single(11, 'ConvTranspose', [drawn([2, 4, 1, 9]), weights([4, 3, 1, 4])], {
    strides: ints(1, 2),
    pads: ints(0, 1, 0, 1),
  }),
  ...(['LSTM', 'GRU'] as const).flatMap((op) => [
    recurrent(op, 1, {}),
    recurrent(op, 1, {}, { bias: false }),
    recurrent(op, 1, {}, { states: true }),
    recurrent(op, 1, reverse),
    recurrent(op, 2, bidirectional),
    recurrent(op, 2, bidirectional, { states: true }),
    recurrent(op, 1, { clip: float(0.4) }),
    recurrent(op, 1, {}, { opset: 7, note: 'opset 7' }),
  ]),
  recurrent('GRU', 1, { linear_before_reset: int(1) }),
  recurrent('GRU', 2, { ...bidirectional, linear_before_reset: int(1) }, { states: true }),
  recurrent('GRU', 1, { ...reverse, linear_before_reset: int(1) }, { bias: false }),
  recurrent('GRU', 1, { activations: texts('Sigmoid', 'Tanh') }),
  recurrent('LSTM', 1, {}, { peepholes: true }),
  recurrent('LSTM', 2, bidirectional, { peepholes: true, states: true }),
  recurrent('LSTM', 1, { input_forget: int(1) }),
  recurrent('LSTM', 1, { activations: texts('Sigmoid', 'Tanh', 'Tanh') }),
  recurrent('LSTM', 1, { activations: texts('HardSigmoid', 'Relu', 'Softsign') }),
  recurrent('LSTM', 2, {
    ...bidirectional,
    activations: texts('Sigmoid', 'Tanh', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Elu'),
    activation_alpha: floats(0.2, 0.7),
  }),
  recurrent('GRU', 1, { activations: texts('Tanh', 'Relu') }),
  recurrent('GRU', 1, {
    activations: texts('HardSigmoid', 'ScaledTanh'),
    activation_alpha: floats(0.3, 1.2),
    activation_beta: floats(0.4, 0.7),
  }),
  single(
    14,
    'LSTM',
    [
      drawn([6, 2, 3]),
      weights([1, 16, 3], 0.5),
      weights([1, 16, 4], 0.4),
      weights([1, 32], 0.3),
      { ...longs(6, 3), type: 'int32' },
    ],
    { hidden_size: int(4) },
    { ...THREE, note: 'with sequence lengths' },
  ),
  single(
    14,
    'GRU',
    [drawn([6, 2, 3]), weights([2, 12, 3], 0.5), weights([2, 12, 4], 0.4), null, { ...longs(2, 6), type: 'int32' }],
    { hidden_size: int(4), ...bidirectional },
    { ...TWO, note: 'with sequence lengths, in both directions' },
  ),
  single(
    14,
    'LSTM',
    [drawn([6, 2, 3]), weights([1, 16, 3], 0.5), weights([1, 16, 4], 0.4)],
    { hidden_size: int(4) },
    { outputs: ['', 'float32'], note: 'of which only the last hidden state is asked for' },
  ),
];
