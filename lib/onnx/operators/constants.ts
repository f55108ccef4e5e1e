import { tensor } from '../../tensor/factories.ts';
import { where } from '../../tensor/ops/where.ts';
import { tensorOf } from '../../tensor/tensor.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { elementType } from '../file/types.ts';
import { onnxError } from '../onnxError.ts';
import { remainder } from '../operations/integerDivision.ts';
import { arange } from '../operations/make.ts';
import type { Operators } from '../operator.ts';
import { type Any, axisOf, converted, narrowed, reshaped, run } from './tensors.ts';

/** A constant in one of its forms. */
function constant(call: Call): Any {
  const view = call.attributeTensor('value');
  if (view !== null) return tensorOf(view);
  if (call.hasAttribute('value_float')) return tensor(call.float('value_float', 0), { dtype: 'float32' });
  if (call.hasAttribute('value_int')) return tensor(call.integer('value_int', 0), { dtype: 'int64' });
  const floats = call.attributeFloats('value_floats');
  if (floats !== null) return tensor([...floats], { dtype: 'float32' });
  const integers = call.attributeIntegers('value_ints');
  if (integers !== null) return tensor(integers, { dtype: 'int64' });
  throw onnxError('a constant needs a value of numbers');
}

function ofShape(call: Call): Any {
  const value = call.attributeTensor('value');
  if (value === null) return call.filled(call.integers(0), 0, 'float32');
  if (value.numel !== 1) throw onnxError(`the value must have one element, but has ${value.numel}`);
  return call.filled(call.integers(0), Number(elementsOfView(value)[0]), value.dtype);
}

function range(call: Call): Any {
  const [start, limit, step] = [0, 1, 2].map((i) => call.number(i)) as [number, number, number];
  if (step === 0) throw onnxError('a step of 0 leads nowhere');
  const count = Math.max(Math.ceil((limit - start) / step), 0);
  if (!Number.isSafeInteger(count)) throw onnxError(`there are ${count} numbers in this range`);
  return call.make(arange, { start, step, count, dtype: call.dtype(0) });
}

/** 1 on a diagonal. */
function eyeLike(call: Call): Any {
  const dtype = call.hasAttribute('dtype') ? elementType(call.integer('dtype', 0), 'the result').dtype : call.dtype(0);
  const [rows, columns] = call.shape(0) as [number, number];
  const vector = (count: number, start: number) => call.make(arange, { start, step: 1, count, dtype: 'int64' });
  const places = vector(rows, call.integer('k', 0)).unsqueeze(1).eq(vector(columns, 0).unsqueeze(0));
  return places.to(dtype);
}

/** The elements on a diagonal and above it, or below it; zeros elsewhere. */
function triangle(call: Call): Any {
  const x = call.tensor(0);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const k = call.has(1) ? call.number(1) : 0;
  const places = (count: number, start: number) => call.make(arange, { start, step: 1, count, dtype: 'int64' });
  const [row, column] = [places(rows, k).unsqueeze(1), places(columns, 0).unsqueeze(0)];
  const isKept = call.flag('upper', true) ? column.ge(row) : column.le(row);
  return run(where, [isKept, x, call.filled([], 0, x.dtype)], undefined);
}

/** One-hot: along a new axis, one value at the position of the class, another one elsewhere. */
function oneHot(call: Call): Any {
  const classes = call.tensor(0);
  const depth = call.number(1);
  const ndim = classes.shape.length + 1;
  const axis = axisOf(call.integer('axis', -1), ndim);
  const along = call.make(arange, { start: 0, step: 1, count: depth, dtype: 'int64' });
  const places = reshaped(
    along,
    Array.from({ length: ndim }, (_, dim) => (dim === axis ? depth : 1)),
  );
  const whole = run(remainder, [converted(classes, 'int64'), call.filled([], depth, 'int64')], undefined);
  // Indices beyond the depth on either side belong to no class.
  const isInside = classes.ge(-depth).logicalNot().maximum(classes.ge(depth)).logicalNot().unsqueeze(axis);
  const isPlace = whole.unsqueeze(axis).eq(places).minimum(isInside);
  const values = call.tensor(2);
  return run(where, [isPlace, narrowed(values, 0, 1, 1), narrowed(values, 0, 0, 1)], undefined);
}

/** Tensors made from nothing, or from sizes, and masks. */
export const constants: Operators = {
  Constant: {
    inputs: [0, 0],
    attributes: ['value', 'value_float', 'value_floats', 'value_int', 'value_ints'],
    run: constant,
  },
  ConstantOfShape: { inputs: [1, 1], attributes: ['value'], run: ofShape },
  Range: { inputs: [3, 3], run: range },
  Trilu: { inputs: [1, 2], attributes: ['upper'], since: 14, run: triangle },
  OneHot: { inputs: [3, 3], attributes: ['axis'], run: oneHot },
  EyeLike: { inputs: [1, 1], attributes: ['dtype', 'k'], readsShapeOf: [0], run: eyeLike },
};
