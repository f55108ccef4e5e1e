import {
  CELL_FUNCTIONS,
  type GeneralCell,
  type GeneralRecurrentAttributes,
} from '../../onnx/operations/generalRecurrent.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { type Field, type FieldReader, fixedField } from './field.ts';
import { flag, list, named, real, record, writtenReal } from './fields.ts';
import type { Check } from './schema.ts';
import { numbered } from './tensors.ts';

// The cells of recurrent layers in the forms that only ONNX has: as the file of the model had them, gate by gate.

const MOST_DIRECTIONS = 2;
const MOST_FUNCTIONS = 3;
const TENSORS = ['weight', 'recurrent', 'bias', 'peephole'] as const;

/** How many gates each kind has, and functions. */
const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const FUNCTIONS = { LSTM: 3, GRU: 2, RNN: 1 } as const;

export const GENERAL_CELLS: Field = fixedField(
  (value, { base, tensors }) =>
    (value as readonly GeneralCell[]).map((cell, direction) => {
      const given = TENSORS.filter((name) => cell[name] !== null);
      const end = direction === 0 ? '' : '_reverse';
      const names = tensors(
        given.map((name) => {
          const elements = cell[name]!;
          return { nameOf: numbered(`${base}.${name}${end}`), elements, shape: [elements.length] };
        }),
      );
      const written = Object.fromEntries(given.map((name, i) => [name, names[i]]));
      const functions = cell.functions.map(({ name, alpha, beta }) => ({
        name,
        alpha: writtenReal(alpha),
        beta: writtenReal(beta),
      }));
      return { bias: null, peephole: null, ...written, isReverse: cell.isReverse, functions };
    }),
  (json, where, reader) =>
    Object.freeze(list(json, where, MOST_DIRECTIONS).map((each, i) => readCell(each, `${where}[${i}]`, reader))),
);

function readCell(json: unknown, where: string, { tensor }: FieldReader): GeneralCell {
  const told = record(json, where, [...TENSORS, 'isReverse', 'functions']);
  const required = (name: (typeof TENSORS)[number]): FloatArray => tensor(told[name], `${where}.${name}`).elements;
  const optional = (name: (typeof TENSORS)[number]) => (told[name] === null ? null : required(name));
  return {
    weight: required('weight'),
    recurrent: required('recurrent'),
    bias: optional('bias'),
    peephole: optional('peephole'),
    isReverse: flag(told.isReverse, `${where}.isReverse`),
    functions: list(told.functions, `${where}.functions`, MOST_FUNCTIONS).map((each, i) => {
      const place = `${where}.functions[${i}]`;
      const { name, alpha, beta } = record(each, place, ['name', 'alpha', 'beta']);
      return {
        name: named(name, `${place}.name`, CELL_FUNCTIONS),
        alpha: real(alpha, `${place}.alpha`),
        beta: real(beta, `${place}.beta`),
      };
    }),
  };
}

/** Whether weights, states and lengths are of the sizes that the computation takes for granted. */
export const fitsGeneralCells: Check = (attributes: GeneralRecurrentAttributes, inputs) => {
  const { kind, hiddenSize, cells, given } = attributes;
  const [x, ...others] = inputs as [Meta, ...Meta[]];
  if (x.shape.length !== 3) return 'reads (L, N, features)';
  if (cells.length === 0) return 'needs a cell';
  const [, batch, features] = x.shape as [number, number, number];
  const rows = GATES[kind] * hiddenSize;
  for (const { weight, recurrent, bias, peephole, functions } of cells) {
    const isRight =
      weight.length === rows * features &&
      recurrent.length === rows * hiddenSize &&
      (bias === null || bias.length === 2 * rows) &&
      (peephole === null || (kind === 'LSTM' && peephole.length === 3 * hiddenSize)) &&
      functions.length === FUNCTIONS[kind];
    if (!isRight) return `has a cell that is none of ${kind}, ${features} features and ${hiddenSize} hidden units`;
  }
  if (given.length !== 3) return 'says which of three inputs are given';
  const [lengths, hidden, cell] = given;
  if (cell && kind !== 'LSTM') return `has a cell state, which ${kind} has not`;
  const state = [cells.length, batch, hiddenSize];
  const expected = [...(lengths ? [[batch]] : []), ...(hidden ? [state] : []), ...(cell ? [state] : [])];
  const isAsSaid =
    others.length === expected.length && expected.every((each, i) => each.join() === others[i]!.shape.join());
  if (!isAsSaid)
    return `reads ${['lengths', 'a hidden state', 'a cell state'].filter((_, i) => given[i]).join(', ') || 'one tensor'}`;
  if (lengths && others[0]!.dtype !== 'int32') return 'has lengths that are no int32';
  return others.slice(lengths ? 1 : 0).every(({ dtype }) => dtype === x.dtype)
    ? undefined
    : `has states that are not of ${x.dtype}`;
};
