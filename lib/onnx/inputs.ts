import { rangeError, typeError } from '../check/errors.ts';
import { isPlainObject } from '../check/unknownOption.ts';
import { describe, integer } from '../check/validate.ts';
import type { Dtype } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import { MAX_DIMENSIONS } from '../tensor/shape.ts';
import type { ValueInfo } from './file/model.ts';
import { elementType } from './file/types.ts';
import { onnxError } from './onnxError.ts';

/** An input of a model; its sizes are numbers, or names for sizes that may differ from call to call. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly (number | string)[];
}

/** Reads the description of an input. A size without a name gets one from its input and dimension, `x.2`. */
export function inputSpec({ name, type, shape }: ValueInfo): InputSpec {
  if (type === null || type === 0) throw onnxError(`the input '${name}' is no tensor`);
  const { dtype } = elementType(type, `the input '${name}'`);
  if (shape === null) throw onnxError(`the file does not say how many dimensions the input '${name}' has`);
  if (shape.length > MAX_DIMENSIONS)
    throw onnxError(`the input '${name}' has ${shape.length} dimensions, and ${MAX_DIMENSIONS} are the most`);
  return { name, dtype, shape: shape.map((size, dim) => size ?? `${name}.${dim}`) };
}

/** The sizes that a caller gave to names, checked. */
export function readDimensions(given: unknown, specs: readonly InputSpec[]): ReadonlyMap<string, number> {
  if (given === undefined) return new Map();
  if (!isPlainObject(given)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `loadOnnx(): dimensions must be an object such as { time: 16000 }, but got ${describe(given)}`,
    );
  }
  const names = sizeNames(specs);
  return new Map(
    Object.entries(given).map(([name, value]): [string, number] => {
      if (!names.includes(name)) {
        throw typeError(
          'ERR_CONV1D_OPTION',
          `loadOnnx(): no size is called ${describe(name)}; ${names.length === 0 ? 'all are fixed' : `there are ${names.join(', ')}`}`,
        );
      }
      const size = integer(value, `loadOnnx(): the size ${name}`);
      if (size > 0) return [name, size];
      throw rangeError('ERR_CONV1D_VALUE', `loadOnnx(): the size ${name} must be 1 or more, but got ${size}`);
    }),
  );
}

/** The names of sizes that may differ, in the order of the inputs. */
function sizeNames(specs: readonly InputSpec[]): string[] {
  return [...new Set(specs.flatMap(({ shape }) => shape.filter((size) => typeof size === 'string')))];
}

/** Lengths to try: short windows, lengths that survive strides, a second of sound. */
const LENGTHS = [16, 100, 64, 512, 576, 1000, 4000, 16000, 1, 2, 8, 80, 160, 256, 480, 1024, 2048, 48000];

/** Examples of inputs, the most likely first, with several values for sizes that the caller did not give. */
export function* examples(specs: readonly InputSpec[], given: ReadonlyMap<string, number>): Generator<Meta[]> {
  const open = sizeNames(specs).filter((name) => !given.has(name));
  // Which sizes are batches: those whose names say so; all but the last dimensions; none.
  const guesses = [
    open.filter((name) => isBatch(name, specs)),
    open.filter((name) => specs.every(({ shape }) => shape.length > 1 && shape.at(-1) !== name)),
    [],
  ];
  const seen = new Set<string>();
  for (const guess of guesses) {
    const batches = new Set(guess);
    for (const length of open.length === batches.size ? [1] : LENGTHS) {
      for (const batch of batches.size === 0 ? [1] : [1, 2]) {
        const sizeOf = (name: string) => given.get(name) ?? (batches.has(name) ? batch : length);
        const metas = specs.map(({ dtype, shape }) => ({
          dtype,
          shape: shape.map((size) => (typeof size === 'number' ? size : sizeOf(size))),
        }));
        const key = JSON.stringify(metas);
        if (seen.has(key)) continue;
        seen.add(key);
        yield metas;
      }
    }
  }
}

/** Whether a size is a batch: its name says so, or it is the first dimension and its name does not suggest time. */
function isBatch(name: string, specs: readonly InputSpec[]): boolean {
  if (/batch|^n$|^b$|^bs$/i.test(name)) return true;
  if (/time|length|len|seq|frame|sample|step|^t$|^l$|^s$/i.test(name)) return false;
  return specs.some(({ shape }) => shape.length > 1 && shape[0] === name);
}
