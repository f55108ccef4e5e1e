import { constant, int, ints, longs, node, ofGraph, ofTensor, text } from '../model.ts';
import { drawn, given, several, single, weights } from './case.ts';

const x = drawn([2, 3, 4]);
const y = { name: 'y', type: 'float32' } as const;
const LONG = { outputs: ['int64'] } as const;
const branch = (op: string) =>
  ofGraph({ nodes: [node(op, ['x'], ['inner'])], outputs: [{ name: 'inner', type: 'float32' }] });

/** What moves elements, and arithmetic with shapes. */
export const shapes = [
  ...[19, 21].flatMap((opset) => [
    single(opset, 'Reshape', [x, longs(6, 4)]),
    single(opset, 'Reshape', [x, longs(0, -1)]),
    single(opset, 'Reshape', [x, longs(-1)]),
    single(opset, 'Shape', [x], {}, LONG),
    single(opset, 'Shape', [x], { start: int(1), end: int(-1) }, LONG),
    single(opset, 'Flatten', [x], { axis: int(2) }),
    single(opset, 'Flatten', [x], { axis: int(-2) }),
    single(opset, 'Flatten', [x], { axis: int(0) }),
    single(opset, 'Transpose', [x], { perm: ints(1, 2, 0) }),
    single(opset, 'Transpose', [x]),
    single(opset, 'Squeeze', [drawn([1, 3, 1]), longs(-1)]),
    single(opset, 'Squeeze', [drawn([1, 3, 1])]),
    single(opset, 'Unsqueeze', [x, longs(0, -1)]),
    single(opset, 'Size', [x], {}, LONG),
  ]),
  ...[20, 21].flatMap((opset) => [
    single(opset, 'ConstantOfShape', [longs(2, 3)]),
    single(opset, 'ConstantOfShape', [longs(2, 3)], { value: ofTensor(constant([1], [1.5])) }),
    single(opset, 'ConstantOfShape', [longs(4)], { value: ofTensor(constant([1], [-7], 'int64')) }, LONG),
    single(opset, 'ConstantOfShape', [longs()], { value: ofTensor(constant([1], [1.5])) }, { note: 'of no dimension' }),
  ]),
  single(
    18,
    'Split',
    [drawn([2, 9])],
    { axis: int(1), num_outputs: int(3) },
    { outputs: ['float32', 'float32', 'float32'] },
  ),
  single(
    18,
    'Split',
    [drawn([2, 8])],
    { axis: int(-1), num_outputs: int(3) },
    { outputs: ['float32', 'float32', 'float32'] },
  ),
  single(18, 'Split', [drawn([4, 3])], { num_outputs: int(2) }, { outputs: ['float32', 'float32'] }),
  single(18, 'Split', [drawn([2, 7]), longs(2, 5)], { axis: int(1) }, { outputs: ['float32', 'float32'] }),
  single(13, 'Split', [drawn([2, 6])], { axis: int(1) }, { outputs: ['float32', 'float32', 'float32'] }),
  single(13, 'Slice', [x, longs(1), longs(3), longs(1)]),
  single(13, 'Slice', [x, longs(0, 1), longs(9, -1), longs(1, 2)]),
  single(13, 'Slice', [x, longs(-1), longs(-9), longs(2), longs(-1)]),
  single(13, 'Slice', [x, longs(0), longs(2 ** 53), longs(2), longs(2)]),
  single(13, 'Slice', [x, longs(1, 1, 0), longs(2, 3, 4)]),
  single(13, 'Slice', [x, longs(3), longs(-(2 ** 53)), longs(2), longs(-2)]),
  single(13, 'Concat', [x, drawn([2, 2, 4]), weights([2, 1, 4])], { axis: int(1) }),
  single(13, 'Concat', [x, drawn([2, 3, 1])], { axis: int(-1) }),
  single(13, 'Gather', [x, constant([], [1], 'int64')], { axis: int(1) }),
  single(13, 'Gather', [x, longs(2, 0, -1)], { axis: int(1) }),
  single(13, 'Gather', [x, constant([2, 2], [3, 0, 1, 1], 'int64')], { axis: int(2) }),
  single(13, 'Gather', [weights([7, 4]), given([2, 3], [0, 6, 2, -1, 3, 3], 'int64')], {}, { note: 'as an embedding' }),
  single(13, 'Gather', [weights([7, 4]), given([2], [5, 1], 'int32')], {}, { note: 'as an embedding by int32' }),
  single(13, 'GatherElements', [x, given([2, 3, 2], [0, 3, 1, 1, 2, 0, 3, 3, 0, 1, 2, -1], 'int64')], { axis: int(2) }),
  single(13, 'GatherElements', [x, constant([1, 3, 4], [0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0], 'int64')]),
  single(13, 'Expand', [drawn([3, 1]), longs(2, 3, 4)]),
  single(13, 'Expand', [drawn([3, 4]), longs(1, 1)]),
  single(13, 'Tile', [drawn([2, 3]), longs(2, 3)]),
  single(13, 'Tile', [x, longs(1, 1, 4)]),
  single(11, 'Range', [constant([], [0], 'int64'), constant([], [7], 'int64'), constant([], [2], 'int64')], {}, LONG),
  single(11, 'Range', [constant([], [1]), constant([], [-1]), constant([], [-0.5])]),
  single(11, 'TopK', [drawn([3, 7]), longs(3)], { axis: int(1) }, { outputs: ['float32', 'int64'] }),
  single(11, 'TopK', [drawn([3, 7]), longs(2)], { axis: int(0), largest: int(0) }, { outputs: ['float32', 'int64'] }),
  single(
    11,
    'TopK',
    [given([1, 5], [1, 1, 0, 1, 0]), longs(4)],
    {},
    { outputs: ['float32', 'int64'], note: 'with ties' },
  ),
  ...[0, 1].flatMap((exclusive) =>
    [0, 1].map((reverse) =>
      single(14, 'CumSum', [x, constant([], [-1], 'int64')], { exclusive: int(exclusive), reverse: int(reverse) }),
    ),
  ),
  single(14, 'CumSum', [x, constant([], [1], 'int32')]),
  single(13, 'Softmax', [x]),
  single(13, 'Softmax', [x], { axis: int(1) }),
  single(13, 'LogSoftmax', [drawn([2, 3, 4], 80)], { axis: int(0) }),
  ...['bij,bjk->bik', 'bij,bkj->bik', 'ij,jk->ik', 'bhid,bhjd->bhij', 'bi,bi->b', 'i,j->ij', 'bct,ck->bkt'].map(
    (equation) => {
      const sizes = { b: 2, h: 2, i: 3, j: 4, k: 5, d: 3, c: 3, t: 6 } as Readonly<Record<string, number>>;
      const [one, other] = equation
        .split('->')[0]!
        .split(',')
        .map((letters) => [...letters].map((each) => sizes[each]!));
      return single(12, 'Einsum', [drawn(one!), drawn(other!)], { equation: text(equation) });
    },
  ),
  several(
    19,
    'If with a condition of the file',
    [node('If', ['is'], ['y'], { then_branch: branch('Neg'), else_branch: branch('Abs') })],
    { x, is: constant([], [1], 'bool') },
    [y],
  ),
  several(
    21,
    'If with a condition worked out of a shape',
    [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'two'], ['size']),
      node('Equal', ['size', 'four'], ['is']),
      node('If', ['is'], ['y'], { then_branch: branch('Neg'), else_branch: branch('Abs') }),
    ],
    { x, two: constant([], [2], 'int64'), four: constant([], [5], 'int64') },
    [y],
  ),
  several(
    17,
    'A view as torch exports it: sizes gathered, put together, reshaped',
    [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['n']),
      node('Unsqueeze', ['n', 'axes'], ['n1']),
      node('Gather', ['shape', 'two'], ['length']),
      node('Div', ['length', 'two'], ['half']),
      node('Unsqueeze', ['half', 'axes'], ['half1']),
      node('Concat', ['n1', 'three', 'half1', 'twos'], ['sizes'], { axis: int(0) }),
      node('Reshape', ['x', 'sizes'], ['y']),
    ],
    {
      x,
      zero: constant([], [0], 'int64'),
      two: constant([], [2], 'int64'),
      axes: longs(0),
      three: longs(3),
      twos: longs(2),
    },
    [y],
  ),
  several(
    17,
    'A mask of zeros of the shape of the input, expanded',
    [
      node('Shape', ['x'], ['shape']),
      node('ConstantOfShape', ['shape'], ['ones'], { value: ofTensor(constant([1], [1])) }),
      node('Expand', ['weight', 'shape'], ['wide']),
      node('Mul', ['ones', 'wide'], ['scale']),
      node('Mul', ['x', 'scale'], ['y']),
    ],
    { x, weight: weights([3, 1]) },
    [y],
  ),
];
