import { int, longs } from '../model.ts';
import { drawn, given, single } from './case.ts';

const REDUCTIONS = ['Max', 'Min', 'Mean', 'Sum', 'Prod', 'L1', 'L2', 'SumSquare', 'LogSumExp'];
const x = drawn([2, 3, 5]);
const positive = given(
  [2, 3, 4],
  Array.from({ length: 24 }, (_, i) => 0.3 + ((i * 7) % 11)),
);
const MASK = given([2, 3], [1, 0, 1, 0, 0, 0], 'bool');

/** Opset 18 takes axes as an input; before it, all but ReduceSum have an attribute. */
export const reductions = [
  ...REDUCTIONS.flatMap((name) => [
    single(18, `Reduce${name}`, [x, longs(1)]),
    single(18, `Reduce${name}`, [x, longs(0, -1)], { keepdims: int(0) }),
    single(18, `Reduce${name}`, [x], { keepdims: int(0) }),
    single(18, `Reduce${name}`, [x, longs()], { keepdims: int(1), noop_with_empty_axes: int(0) }),
    single(19, `Reduce${name}`, [x, longs(-1)], { keepdims: int(1), noop_with_empty_axes: int(1) }),
    single(21, `Reduce${name}`, [x, longs(2)], { keepdims: int(0) }),
  ]),
  ...['Max', 'Min', 'Mean', 'Sum', 'Prod'].map((name) =>
    single(18, `Reduce${name}`, [x, longs()], { noop_with_empty_axes: int(1) }),
  ),
  single(18, 'ReduceLogSum', [positive, longs(1)]),
  single(21, 'ReduceLogSum', [positive, longs(0, 2)], { keepdims: int(0) }),
  ...['Max', 'Min', 'Mean', 'Sum', 'Prod'].map((name) =>
    single(18, `Reduce${name}`, [drawn([2, 3, 5], 4, 'float64'), longs(1)], {}, { outputs: ['float64'] }),
  ),
  single(20, 'ReduceMax', [MASK, longs(1)], {}, { outputs: ['bool'], note: 'of bools' }),
  single(20, 'ReduceMin', [MASK, longs(0)], { keepdims: int(0) }, { outputs: ['bool'], note: 'of bools' }),
  single(21, 'ReduceMax', [MASK], { keepdims: int(0) }, { outputs: ['bool'], note: 'of all bools' }),
  single(18, 'ReduceSum', [given([4], [1, 2, 3, 9], 'int64'), longs(0)], {}, { outputs: ['int64'], note: 'of int64' }),
  single(18, 'ReduceMax', [given([4], [1, 12, 3, 9], 'int64')], {}, { outputs: ['int64'], note: 'of int64' }),
  ...['ArgMax', 'ArgMin'].flatMap((name) => [
    single(13, name, [x], { axis: int(1) }, { outputs: ['int64'] }),
    single(13, name, [x], { axis: int(-1), keepdims: int(0) }, { outputs: ['int64'] }),
    single(
      13,
      name,
      [given([1, 4], [2, 5, 5, 1])],
      { axis: int(1), select_last_index: int(1) },
      { outputs: ['int64'] },
    ),
  ]),
];
