import { ALGORITHMS } from '../../convolution/algorithm.ts';
import { type Layer, layerOver, makeOperator } from '../../convolution/layer.ts';
import { type Conv1dParameters, makeParameters, PADDING_MODES } from '../../convolution/parameters.ts';
import { makeTransposedParameters } from '../../convolution/transposedParameters.ts';
import { Recurrent, type RecurrentKind } from '../../native/recurrent.ts';
import { linearParameters } from '../../nn/linearParameters.ts';
import { arrayKind, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import { numelOf, sameShape } from '../../tensor/shape.ts';
import { type Field, type FieldReader, type FieldWriter, fixedField } from './field.ts';
import { list, named, record, whole, wrong } from './fields.ts';
import { numbered } from './tensors.ts';

// Layers with packed weights, which only the native side has. A file has the weights in PyTorch's order, and reading packs them again.

/** The parameters of each kind of layer, beside the names of its tensors. */
const CONVOLUTION = ['stride', 'padding', 'dilation', 'groups', 'paddingMode', 'algorithm', 'maxWeightBytes'] as const;
const TRANSPOSED = ['stride', 'padding', 'outputPadding', 'dilation', 'groups', 'algorithm', 'maxWeightBytes'] as const;

type Told = Readonly<Record<string, unknown>>;

function layerField(
  keys: readonly string[],
  makeShape: (shape: readonly number[]) => readonly number[],
  parametersOf: (
    shape: readonly [number, number, number],
    told: Told,
    where: string,
    dtype: FloatDtype,
  ) => Conv1dParameters,
): Field {
  return fixedField(
    (value, { base, tensors }) => {
      const { parameters, native, bias } = value as Layer;
      const { weightShape, outChannels, padLeft, padRight } = parameters;
      const memory = (length: number) => new (arrayKind(parameters.dtype))(length) as FloatArray;
      const weight = memory(numelOf(weightShape));
      const own = bias === null ? null : memory(outChannels);
      native.copyWeights(weight, own);
      const told: Told = { ...parameters, padding: [padLeft, padRight] };
      const named = (name: string, elements: FloatArray, shape: readonly number[]) => ({
        nameOf: numbered(`${base}.${name}`),
        elements,
        shape,
      });
      const [weightName, biasName = null] = tensors([
        named('weight', weight, makeShape(weightShape)),
        ...(own === null ? [] : [named('bias', own, [outChannels])]),
      ]);
      return {
        weight: weightName,
        bias: biasName,
        ...Object.fromEntries(keys.map((key) => [key, told[key]])),
      };
    },
    (json, where, reader) => {
      const told = record(json, where, ['weight', 'bias', ...keys]);
      return reader.once(json, () => readLayer(told, where, reader, parametersOf));
    },
  );
}

function readLayer(
  told: Told,
  where: string,
  reader: FieldReader,
  parametersOf: Parameters<typeof layerField>[2],
): Layer {
  const weight = reader.tensor(told.weight, `${where}.weight`);
  const [first, second, taps = 1] = weight.shape;
  if (first === undefined || second === undefined || weight.shape.length > 3 || weight.elements.length === 0) {
    throw wrong(`${where}.weight`, `has the shape [${weight.shape.join(', ')}], which is that of no layer's weight`);
  }
  const { algorithm = told.algorithm } = reader;
  const parameters = parametersOf([first, second, taps], { ...told, algorithm }, where, weight.dtype);
  const bias = told.bias === null ? null : reader.tensor(told.bias, `${where}.bias`);
  if (bias !== null && !sameShape(bias.shape, [parameters.outChannels])) {
    throw wrong(`${where}.bias`, `must have ${parameters.outChannels} elements, one for each output channel`);
  }
  // The native side has the weights from now on.
  const none = new (arrayKind(weight.dtype))(0) as FloatArray;
  const layer = layerOver(makeOperator(parameters), none, bias === null ? null : none);
  layer.packed = layer.native.pack(weight.elements, bias?.elements ?? null);
  return layer;
}

function ends(json: unknown, where: string): [left: number, right: number] {
  const [left, right, ...others] = list(json, where, 2);
  if (others.length > 0 || right === undefined) throw wrong(where, 'must be the padding of both ends, [left, right]');
  return [whole(left, `${where}[0]`, 0), whole(right, `${where}[1]`, 0)];
}

function shared(told: Told, where: string) {
  const positive = (key: string) => whole(told[key], `${where}.${key}`, 1);
  return {
    stride: positive('stride'),
    dilation: positive('dilation'),
    groups: positive('groups'),
    algorithm: named(told.algorithm, `${where}.algorithm`, ALGORITHMS),
    maxWeightBytes: whole(told.maxWeightBytes, `${where}.maxWeightBytes`, 0),
  };
}

export const CONVOLUTION_LAYER = layerField(
  CONVOLUTION,
  (shape) => shape,
  (shape, told, where, dtype) =>
    makeParameters(
      shape,
      { ...shared(told, where), padding: ends(told.padding, `${where}.padding`) },
      named(told.paddingMode, `${where}.paddingMode`, PADDING_MODES),
      dtype,
    ),
);

export const TRANSPOSED_LAYER = layerField(
  TRANSPOSED,
  (shape) => shape,
  (shape, told, where, dtype) => {
    const [padLeft, padRight] = ends(told.padding, `${where}.padding`);
    const outputPadding = whole(told.outputPadding, `${where}.outputPadding`, 0);
    const parameters = makeTransposedParameters(shape, { ...shared(told, where), padding: 0, outputPadding }, dtype);
    // A pass may have cut off both ends, for which no module has a parameter.
    makeTransposedParameters(
      shape,
      { ...shared(told, where), padding: Math.max(padLeft, padRight), outputPadding },
      dtype,
    );
    return { ...parameters, padding: padLeft, padLeft, padRight };
  },
);

/** (outFeatures, inFeatures), as in PyTorch. */
export const LINEAR_LAYER = layerField(
  [],
  ([outFeatures, inFeatures]) => [outFeatures!, inFeatures!],
  ([outFeatures, inFeatures, taps], _, where, dtype) => {
    if (taps !== 1) throw wrong(`${where}.weight`, 'must have the shape (outFeatures, inFeatures)');
    return linearParameters(inFeatures, outFeatures, dtype);
  },
);

/** The names of a direction's tensors, between the module's name and the layer's number. */
const CELL_TENSORS = [
  ['weightIh', 'weight_ih'],
  ['weightHh', 'weight_hh'],
  ['biasIh', 'bias_ih'],
  ['biasHh', 'bias_hh'],
] as const;

const MOST_DIRECTIONS = 2;

/** The cells of a layer of an LSTM or a GRU, one for each direction. */
export function cellsOf(kind: RecurrentKind): Field {
  const gates = kind === 'lstm' ? 4 : 3;
  return fixedField(
    (value, writer) =>
      (value as readonly Recurrent[]).map((cell, direction) => writeCell(cell, direction, gates, writer)),
    (json, where, reader) =>
      Object.freeze(
        list(json, where, MOST_DIRECTIONS).map((each, i) => {
          const told = record(each, `${where}[${i}]`, ['weightIh', 'weightHh', 'biasIh', 'biasHh']);
          return reader.once(each, () => readCell(told, `${where}[${i}]`, kind, gates, reader));
        }),
      ),
  );
}

function writeCell(cell: Recurrent, direction: number, gates: number, { node, base, tensors }: FieldWriter): unknown {
  const { dtype, shape } = node.inputs[0]!.metas[0]!;
  const hiddenSize = node.results[1]!.metas[0]!.shape[2]!;
  const rows = gates * hiddenSize;
  const shapes = [[rows, shape[2]!], [rows, hiddenSize], [rows], [rows]] as const;
  const arrays = shapes.map((each) => new (arrayKind(dtype as FloatDtype))(numelOf(each)) as FloatArray);
  cell.native.copyWeights(...(arrays as [FloatArray, FloatArray, FloatArray, FloatArray]));
  const end = direction === 0 ? '' : '_reverse';
  const names = tensors(
    CELL_TENSORS.map(([, name], i) => ({
      nameOf: (layer: number) => `${base}.${name}_l${layer}${end}`,
      elements: arrays[i]!,
      shape: shapes[i]!,
    })),
  );
  return Object.fromEntries(CELL_TENSORS.map(([key], i) => [key, names[i]]));
}

function readCell(told: Told, where: string, kind: RecurrentKind, gates: number, reader: FieldReader): Recurrent {
  const [ih, hh, biasIh, biasHh] = CELL_TENSORS.map(([key]) => reader.tensor(told[key], `${where}.${key}`));
  const [rows = 0, inputSize = 0] = ih!.shape;
  const hiddenSize = rows / gates;
  const expected = [[rows, inputSize], [rows, hiddenSize], [rows], [rows]];
  if (rows * inputSize === 0 || ![ih, hh, biasIh, biasHh].every((each, i) => sameShape(each!.shape, expected[i]!))) {
    throw wrong(
      where,
      `must have the weights and biases of a ${kind.toUpperCase()}: ${gates} rows for each hidden unit`,
    );
  }
  const cell = new Recurrent(kind, ih!.dtype, inputSize, hiddenSize);
  cell.pack({
    weightIh: ih!.elements,
    weightHh: hh!.elements,
    biasIh: biasIh!.elements,
    biasHh: biasHh!.elements,
  });
  return cell;
}
