import { type Attribute, constant, float, int, ints, longs, type Node, node, text } from '../model.ts';
import { type Case, drawn, type Operand, several, single, weights } from './case.ts';

const y = { name: 'y', type: 'float32' } as const;
const x = drawn([2, 3, 10]);

/** What exporters write around a few nodes, which read `x` and give `y`. */
function written(
  opset: number,
  title: string,
  input: Operand & object,
  constants: Parameters<typeof several>[3],
  ...nodes: readonly Node[]
): Case {
  return several(opset, title, nodes, { x: input, ...constants }, [y]);
}

/** A size as torch and tf2onnx take it, a vector of one element; {@link dimension} says which. */
const sizeOf = (name: string): Node[] => [
  node('Shape', ['x'], [`${name}_shape`]),
  node('Gather', [`${name}_shape`, `${name}_dim`], [name], { axis: int(0) }),
];
const dimension = (name: string, dim: number) => ({ [`${name}_dim`]: longs(dim) });

const WINDOWS: readonly (readonly [kernel: number, stride: number])[] = [
  [7, 3],
  [5, 4],
  [3, 5],
  [8, 4],
];
const SAME = ['SAME_UPPER', 'SAME_LOWER'] as const;

/** Windows whose place depends on the length. */
const windows = WINDOWS.flatMap(([kernel, stride]) => {
  const shared = { kernel_shape: ints(kernel), strides: ints(stride) };
  return SAME.flatMap((auto) => {
    const attributes: Readonly<Record<string, Attribute>> = { ...shared, auto_pad: text(auto) };
    return [
      single(11, 'Conv', [x, weights([4, 3, kernel], 0.4)], attributes),
      // onnxruntime has pads below 0 for narrower pools.
      ...(kernel < stride ? [] : ['MaxPool', 'AveragePool']).map((pool) => single(11, pool, [x], attributes)),
    ];
  });
});

/** In small, what whole models are made of. */
export const exported = [
  ...windows,
  single(12, 'MaxPool', [x], { kernel_shape: ints(3), strides: ints(2), pads: ints(2, 1), ceil_mode: int(1) }),
  single(19, 'AveragePool', [x], { kernel_shape: ints(3), strides: ints(2), pads: ints(2, 1), ceil_mode: int(1) }),
  single(11, 'LpPool', [x], { kernel_shape: ints(3), strides: ints(2), auto_pad: text('SAME_UPPER') }),
  single(11, 'Conv', [drawn([2, 3, 5, 10]), weights([4, 3, 5, 3], 0.3), weights([4])], { pads: ints(0, 1, 0, 1) }),
  single(11, 'Conv', [drawn([2, 4, 5, 10]), weights([6, 2, 5, 3], 0.3)], { group: int(2), strides: ints(1, 2) }),
  single(13, 'Slice', [x, longs(1), longs(-1), longs(2), longs(3)]),
  single(13, 'Slice', [x, longs(-1), longs(-(2 ** 53)), longs(2), longs(-1)]),
  single(13, 'Slice', [x, longs(-4), longs(2 ** 53), longs(2), longs(2)]),
  ...['...ij,...jk->...ik', 'bij,...jk', '...ik,bkj->...ij', 'i...k,j...k->ij...'].map((equation) =>
    single(12, 'Einsum', [drawn([2, 3, 4]), drawn(equation.startsWith('i...') ? [5, 3, 4] : [2, 4, 5])], {
      equation: text(equation),
    }),
  ),
  single(12, 'Einsum', [drawn([2, 3]), drawn([3, 4]), drawn([4, 5])], { equation: text('ab,bc,cd->ad') }),
  single(12, 'Einsum', [drawn([3, 3])], { equation: text('ii->i') }),
  single(12, 'Einsum', [drawn([2, 3, 3])], { equation: text('...ii->...') }),
  single(9, 'Shrink', [x], { lambd: float(0.7), bias: float(0.2) }),
  single(12, 'GatherND', [x, constant([2, 2], [0, 1, 1, -1], 'int64')]),
  single(12, 'GatherND', [x, constant([2, 1], [2, 0], 'int64')], { batch_dims: int(1) }),
  single(9, 'Scatter', [drawn([3, 4]), constant([1, 2], [1, 3], 'int64'), drawn([1, 2])], { axis: int(1) }),
  single(16, 'ScatterElements', [x, constant([1, 2, 2], [0, -1, 1, 0], 'int64'), weights([1, 2, 2])], { axis: int(1) }),
  single(18, 'ScatterElements', [x, constant([1, 2, 2], [0, 0, 1, 1], 'int64'), weights([1, 2, 2])], {
    axis: int(1),
    reduction: text('add'),
  }),
  single(16, 'ScatterND', [x, constant([2, 2], [0, 1, 1, -1], 'int64'), weights([2, 10])], { reduction: text('mul') }),
  single(18, 'ScatterND', [x, constant([2, 3], [0, 1, 2, 0, 1, 2], 'int64'), weights([2])], { reduction: text('max') }),
  single(10, 'ReverseSequence', [drawn([2, 5, 3]), constant([2], [5, 2], 'int64')], {
    time_axis: int(1),
    batch_axis: int(0),
  }),
  single(13, 'Gather', [x, constant([2], [-1, 0], 'int64')], { axis: int(2) }),
  single(10, 'ReverseSequence', [drawn([5, 2, 3]), constant([2], [1, 4], 'int64')]),
  written(
    13,
    'A signal reversed over its whole length, as tf2onnx turns backward layers',
    x,
    { ...dimension('length', 2), ...dimension('batch', 0) },
    ...sizeOf('length'),
    ...sizeOf('batch'),
    node('Tile', ['length', 'batch'], ['lengths']),
    node('Transpose', ['x'], ['steps'], { perm: ints(2, 0, 1) }),
    node('ReverseSequence', ['steps', 'lengths'], ['back'], { time_axis: int(0), batch_axis: int(1) }),
    node('Transpose', ['back'], ['turned'], { perm: ints(1, 2, 0) }),
    node('Add', ['x', 'turned'], ['y']),
  ),
  single(11, 'LpNormalization', [constant([2, 3], [0, 0, 0, 3, 4, 0])], { axis: int(1), p: int(2) }),
  written(
    13,
    'The first positions of a table, added to a signal',
    x,
    { ...dimension('length', 2), table: weights([1, 3, 64]), zero: longs(0), two: longs(2), step: longs(1) },
    ...sizeOf('length'),
    node('Slice', ['table', 'zero', 'length', 'two', 'step'], ['positions']),
    node('Add', ['x', 'positions'], ['y']),
  ),
  written(
    14,
    'Rows of a table by their numbers, in the order of a Range',
    x,
    {
      ...dimension('length', 2),
      table: weights([64, 3]),
      zero: constant([], [0], 'int64'),
      one: constant([], [1], 'int64'),
    },
    ...sizeOf('length'),
    node('Squeeze', ['length'], ['count']),
    node('Range', ['zero', 'count', 'one'], ['numbers']),
    node('Gather', ['table', 'numbers'], ['rows'], { axis: int(0) }),
    node('Transpose', ['rows'], ['columns'], { perm: ints(1, 0) }),
    node('Add', ['x', 'columns'], ['y']),
  ),
  written(
    14,
    'A state of the file for each item of a batch, and a GRU over Transposes',
    x,
    {
      ...dimension('batch', 0),
      one: longs(1),
      five: longs(5),
      state: weights([1, 1, 5]),
      w: weights([1, 15, 3], 0.4),
      r: weights([1, 15, 5], 0.4),
      b: weights([1, 30], 0.4),
    },
    ...sizeOf('batch'),
    node('Concat', ['one', 'batch', 'five'], ['sizes'], { axis: int(0) }),
    node('Expand', ['state', 'sizes'], ['h0']),
    node('Transpose', ['x'], ['steps'], { perm: ints(2, 0, 1) }),
    node('GRU', ['steps', 'w', 'r', 'b', '', 'h0'], ['all', ''], { hidden_size: int(5), linear_before_reset: int(1) }),
    node('Squeeze', ['all', 'one'], ['plain']),
    node('Transpose', ['plain'], ['y'], { perm: ints(1, 2, 0) }),
  ),
  written(
    13,
    'A strided Keras convolution: Transposes, an axis of 1 and SAME',
    drawn([2, 4, 10]),
    { two: longs(2), w: weights([6, 4, 1, 5], 0.4) },
    node('Unsqueeze', ['x', 'two'], ['image']),
    node('Conv', ['image', 'w'], ['wide'], { auto_pad: text('SAME_UPPER'), strides: ints(1, 3) }),
    node('Squeeze', ['wide', 'two'], ['narrow']),
    node('Transpose', ['narrow'], ['rows'], { perm: ints(0, 2, 1) }),
    node('Relu', ['rows'], ['y']),
  ),
  written(
    18,
    'Parts by num_outputs, means by axes of an input',
    drawn([2, 6, 10]),
    { axes: longs(-1) },
    node('Split', ['x'], ['a', 'b', 'c'], { axis: int(1), num_outputs: int(3) }),
    node('ReduceMean', ['b', 'axes'], ['mean'], { keepdims: int(1) }),
    node('Sub', ['a', 'mean'], ['centred']),
    node('Concat', ['centred', 'c'], ['y'], { axis: int(1) }),
  ),
  written(
    17,
    'A layer norm over channels between Transposes, and its decomposition',
    x,
    { w: weights([3]), b: weights([3], 0.5), two: constant([], [2]), eps: constant([], [1e-5]) },
    node('Transpose', ['x'], ['rows'], { perm: ints(0, 2, 1) }),
    node('LayerNormalization', ['rows', 'w', 'b'], ['normed'], { axis: int(-1), epsilon: float(1e-5) }),
    node('ReduceMean', ['normed'], ['mean'], { axes: ints(-1) }),
    node('Sub', ['normed', 'mean'], ['centred']),
    node('Pow', ['centred', 'two'], ['squares']),
    node('ReduceMean', ['squares'], ['variance'], { axes: ints(-1) }),
    node('Add', ['variance', 'eps'], ['safe']),
    node('Sqrt', ['safe'], ['deviation']),
    node('Div', ['centred', 'deviation'], ['again']),
    node('Mul', ['again', 'w'], ['scaled']),
    node('Add', ['scaled', 'b'], ['shifted']),
    node('Transpose', ['shifted'], ['y'], { perm: ints(0, 2, 1) }),
  ),
  written(
    13,
    'A group norm by InstanceNormalization of reshaped groups',
    drawn([2, 6, 10]),
    {
      grouped: longs(0, 2, -1),
      ones: constant([2], [1, 1]),
      zeros: constant([2], [0, 0]),
      w: weights([6, 1]),
      b: weights([6, 1], 0.5),
    },
    node('Reshape', ['x', 'grouped'], ['groups']),
    node('InstanceNormalization', ['groups', 'ones', 'zeros'], ['normed'], { epsilon: float(1e-5) }),
    node('Shape', ['x'], ['shape']),
    node('Reshape', ['normed', 'shape'], ['whole']),
    node('Mul', ['whole', 'w'], ['scaled']),
    node('Add', ['scaled', 'b'], ['y']),
  ),
  written(
    14,
    'Attention with heads, a causal mask and a scale of its own sizes',
    drawn([2, 8, 10]),
    {
      ...dimension('length', 2),
      q: weights([8, 8], 0.4),
      k: weights([8, 8], 0.4),
      v: weights([8, 8], 0.4),
      heads: longs(0, 0, 2, 4),
      joined: longs(0, 0, 8),
      low: constant([], [-1e9]),
      root: constant([], [2]),
    },
    ...sizeOf('length'),
    node('Concat', ['length', 'length'], ['square'], { axis: int(0) }),
    node('ConstantOfShape', ['square'], ['ones'], {
      value: { kind: 'tensor', value: constant([1], [1]) },
    }),
    node('Trilu', ['ones'], ['triangle'], { upper: int(0) }),
    node('Cast', ['triangle'], ['isKept'], { to: int(9) }),
    node('Transpose', ['x'], ['rows'], { perm: ints(0, 2, 1) }),
    ...['q', 'k', 'v'].flatMap((each) => [
      node('MatMul', ['rows', each], [`${each}_rows`]),
      node('Reshape', [`${each}_rows`, 'heads'], [`${each}_heads`]),
      node('Transpose', [`${each}_heads`], [`${each}_all`], {
        perm: each === 'k' ? ints(0, 2, 3, 1) : ints(0, 2, 1, 3),
      }),
    ]),
    node('MatMul', ['q_all', 'k_all'], ['products']),
    node('Div', ['products', 'root'], ['scores']),
    node('Where', ['isKept', 'scores', 'low'], ['masked']),
    node('Softmax', ['masked'], ['shares'], { axis: int(-1) }),
    node('MatMul', ['shares', 'v_all'], ['mixed']),
    node('Transpose', ['mixed'], ['turned'], { perm: ints(0, 2, 1, 3) }),
    node('Reshape', ['turned', 'joined'], ['whole']),
    node('Transpose', ['whole'], ['y'], { perm: ints(0, 2, 1) }),
  ),
];
