import { describe } from '../../check/validate.ts';
import { DTYPE_NAMES, type Dtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { MAX_DIMENSIONS, numelOf } from '../../tensor/shape.ts';
import type { Axes, Axis } from '../trace/axes.ts';
import type { Range } from '../trace/range.ts';
import { DEEPEST, type Form, leafNames } from '../trace/tree.ts';
import { list, named, record, text, whole, wrong } from './fields.ts';
import { MOST_PORTS, MOST_SIZES, MOST_WORK } from './format.ts';

/** A file's description of the inputs, and of how the result is arranged. */
export interface Ports {
  readonly forms: readonly Form[];
  readonly outputForm: Form;
  readonly axes: Axes;
  readonly batchRange: Range;
  readonly lengthRange: Range;
  /** The pairs of N and L with which compile() followed the forward. */
  readonly sizes: readonly (readonly [batch: number, length: number])[];
  /** The dtype and shape of each input at each of these sizes. */
  readonly metas: readonly (readonly Meta[])[];
}

type Told = Readonly<Record<string, unknown>>;

export function readPorts(told: Told): Ports {
  const forms = list(told.arguments, 'arguments', MOST_PORTS).map((form, i) => readForm(form, `arguments[${i}]`));
  const inputs = list(told.inputs, 'inputs', MOST_PORTS).map((input, i) => readInput(input, `inputs[${i}]`));
  const leaves = forms.reduce((count, form) => count + leafNames(form, '').length, 0);
  if (inputs.length === 0 || inputs.length !== leaves) {
    throw wrong('inputs', `has ${inputs.length} elements for ${leaves} tensors among the arguments`);
  }
  const sizes = list(told.sizes, 'sizes', MOST_SIZES).map((each, i): [number, number] => {
    const [batch, length] = list(each, `sizes[${i}]`, 2);
    return [whole(batch, `sizes[${i}][0]`, 0), whole(length, `sizes[${i}][1]`, 0)];
  });
  if (sizes.length === 0) throw wrong('sizes', 'must have those of the example');
  if (sizes.length * inputs.length > MOST_WORK) throw wrong('sizes', `are too many for ${inputs.length} inputs`);
  const [batchSize, lengthSize] = sizes[0]!;
  const axes: Axes = {
    batch: inputs.map(({ batch }) => batch),
    length: inputs.map(({ length }) => length),
    batchSize,
    lengthSize,
    lengthStep: whole(told.lengthStep, 'lengthStep', 0),
  };
  const metas = inputs.map((input, i) => sizes.map((size) => metaOf(input, size, `inputs[${i}]`)));
  for (const [i, { shape }] of inputs.entries()) {
    if (metas[i]![0]!.shape.join() === shape.join()) continue;
    throw wrong(`inputs[${i}]`, `has the shape [${shape.join(', ')}], which is not that of the first sizes`);
  }
  return {
    forms,
    outputForm: readForm(told.result, 'result'),
    axes,
    batchRange: readRange(told.batch, 'batch'),
    lengthRange: readRange(told.length, 'length'),
    sizes,
    metas,
  };
}

function readDtypeOf(json: unknown, where: string): Dtype {
  return named(json, where, DTYPE_NAMES);
}

interface Input {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly batch: Axis | null;
  readonly length: Axis | null;
}

function readInput(json: unknown, where: string): Input {
  const told = record(json, where, ['dtype', 'shape', 'batch', 'length']);
  const shape = list(told.shape, `${where}.shape`, MAX_DIMENSIONS).map((size, i) =>
    whole(size, `${where}.shape[${i}]`, 0),
  );
  const batch = readAxis(told.batch, `${where}.batch`, shape);
  const length = readAxis(told.length, `${where}.length`, shape);
  if (batch !== null && batch.dim === length?.dim) throw wrong(where, 'has batch and length in one dimension');
  return { dtype: readDtypeOf(told.dtype, `${where}.dtype`), shape, batch, length };
}

function readAxis(json: unknown, where: string, shape: readonly number[]): Axis | null {
  if (json === null) return null;
  const { dim, times } = record(json, where, ['dim', 'times']);
  return { dim: whole(dim, `${where}.dim`, 0, shape.length - 1), times: whole(times, `${where}.times`, 1) };
}

/** The dtype and shape of an input for some N and L. */
function metaOf({ dtype, shape, batch, length }: Input, [n, l]: readonly [number, number], where: string): Meta {
  const sized = [...shape];
  if (batch !== null) sized[batch.dim] = n * batch.times;
  if (length !== null) sized[length.dim] = l * length.times;
  if (!sized.every(Number.isSafeInteger)) throw wrong(where, 'is longer than anything, for one of the sizes');
  numelOf(sized);
  return { dtype, shape: Object.freeze(sized) };
}

function readRange(json: unknown, where: string): Range {
  const { least, most, one, step } = record(json, where, ['least', 'most', 'one', 'step']);
  const first = whole(least, `${where}.least`, 0);
  return {
    least: first,
    most: most === null ? Number.POSITIVE_INFINITY : whole(most, `${where}.most`, first),
    one: whole(one, `${where}.one`, 0),
    step: whole(step, `${where}.step`, 1),
  };
}

function readForm(json: unknown, where: string, depth = 0): Form {
  if (json === 'leaf') return 'leaf';
  if (depth === DEEPEST || typeof json !== 'object' || json === null) {
    throw wrong(
      where,
      `must be 'leaf', or arrays and objects of that, ${DEEPEST} deep at most, but is ${describe(json)}`,
    );
  }
  if (Array.isArray(json)) {
    return list(json, where, MOST_PORTS).map((each, i) => readForm(each, `${where}[${i}]`, depth + 1));
  }
  const entries = list(Object.entries(json), where, MOST_PORTS) as readonly [string, unknown][];
  return Object.fromEntries(
    entries.map(([key, each]) => [text(key, where), readForm(each, `${where}.${key}`, depth + 1)]),
  );
}
