import { tensor } from '../../tensor/factories.ts';
import { arange } from '../../tensor/ops/make.ts';
import { tensorOf } from '../../tensor/tensor.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';
import type { Any } from './tensors.ts';

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
  const [rows, columns] = call.shape(0) as [number, number];
  const vector = (count: number, start: number) => call.make(arange, { start, step: 1, count, dtype: 'int64' });
  const places = vector(rows, call.integer('k', 0)).unsqueeze(1).eq(vector(columns, 0).unsqueeze(0));
  return places.to(call.dtype(0));
}

/** Tensors that are made of none, or of sizes. */
export const constants: Operators = {
  Constant: {
    inputs: [0, 0],
    attributes: ['value', 'value_float', 'value_floats', 'value_int', 'value_ints'],
    run: constant,
  },
  ConstantOfShape: { inputs: [1, 1], attributes: ['value'], run: ofShape },
  Range: { inputs: [3, 3], run: range },
  EyeLike: { inputs: [1, 1], attributes: ['k'], readsShapeOf: [0], run: eyeLike },
};
