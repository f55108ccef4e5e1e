import { readFileSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import * as conv1d from '../../lib/index.ts';
import { bytesOf } from './files.ts';

// The calls of torch_calls.py, made with this package. It finds functions, methods and layers by name.

type Tensor = conv1d.Tensor;
type Callable = (...args: readonly unknown[]) => unknown;
type Named = Readonly<Record<string, unknown>>;

export type DtypeName = 'float32' | 'float64' | 'int64' | 'int32' | 'bool';

/** A tensor to be made: given values, or drawn ones. */
export type Input = { readonly shape: readonly number[]; readonly dtype: DtypeName } & (
  | { readonly values: readonly (number | string | boolean)[] }
  | { readonly seed: number; readonly scale: number }
  | { readonly fill?: number }
);

/** A tensor that came out; of a large one the elements 0, every, 2 * every, .... */
export interface Packed {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly every: number;
  readonly data: string;
}

/** Tensors, and arrays and objects of them. */
export type Result = Packed | readonly Result[] | { readonly [name: string]: Result };

/** A call of an operation. */
export interface Call {
  readonly on: 'tensor' | 'functional' | 'free';
  readonly call: string;
  readonly arguments: readonly unknown[];
  readonly inputs: readonly Input[];
  readonly callSeed?: number;
}

/** A layer to be made. */
export interface LayerRecord {
  readonly layer: string;
  readonly arguments: readonly unknown[];
}

/** A key of a state dict, with the CRC-32 of the initial values where PyTorch's bits are ours. */
export type StateEntry = readonly [key: string, shape: readonly number[], dtype: DtypeName, checksum: number | null];

/** What tests use of a layer. */
export interface Layer {
  forward(...args: readonly unknown[]): unknown;
  train(mode: boolean): unknown;
  stateDict(): Record<string, Tensor>;
  loadStateDict(dict: Record<string, Tensor>, options?: { strict: boolean }): unknown;
}

const { manualSeed } = conv1d;
const library = conv1d as unknown as Named;
const tensor = conv1d.tensor as unknown as (...args: readonly unknown[]) => Tensor;

/** The content of a file beside this one. */
export function readGolden<T>(name: string): readonly T[] {
  return readGoldenObject(name);
}

/** The same of a file that is an object. */
export function readGoldenObject<T>(name: string): T {
  const bytes = readFileSync(new URL(name, import.meta.url));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}

export function makeInput(input: Input): Tensor {
  const { shape, dtype } = input;
  if ('seed' in input) {
    manualSeed(input.seed);
    return conv1d
      .rand(shape, { dtype: dtype as 'float32' })
      .sub(0.5)
      .mul(input.scale);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const values = 'values' in input ? input.values.map(toNumber) : Array(count).fill(input.fill ?? 0);
  return tensor(values, shape, { dtype });
}

/** Of a number as JSON has it: NaN and infinities are text there. */
function toNumber(value: number | string | boolean): number {
  return Number(typeof value === 'string' ? value.replace('inf', 'Infinity') : value);
}

/** An argument with the tensors and layers that stand for themselves in the record. */
export function decode(value: unknown, tensors: readonly Tensor[]): unknown {
  if (Array.isArray(value)) return value.map((each) => decode(each, tensors));
  if (typeof value !== 'object' || value === null) return value;
  if ('tensor' in value) return tensors[value.tensor as number];
  if ('number' in value) return toNumber(value.number as string);
  if ('absent' in value) return undefined;
  if ('layer' in value) return makeLayer(value as unknown as LayerRecord);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each, tensors)]));
}

export function makeLayer({ layer, arguments: args }: LayerRecord): Layer {
  const Kind = (library.nn as Named)[layer] as new (...args: readonly unknown[]) => Layer;
  return new Kind(...args.map((each) => decode(each, [])));
}

export function makeCall({ on, call, arguments: args, callSeed }: Call, tensors: readonly Tensor[]): unknown {
  const values = args.map((each) => decode(each, tensors));
  if (callSeed !== undefined) manualSeed(callSeed);
  if (on === 'tensor') {
    const [self, ...others] = values as [Record<string, Callable>, ...unknown[]];
    return self[call]!(...others);
  }
  return ((on === 'functional' ? library.functional : library) as Record<string, Callable>)[call]!(...values);
}

/** The tensors of a result beside those that came of PyTorch, with their names in it. */
export function pairs(got: unknown, expected: Result, name = ''): { name: string; got: Tensor; expected: Packed }[] {
  if (isPacked(expected)) return [{ name, got: got as Tensor, expected }];
  return Object.entries(expected).flatMap(([key, each]) =>
    pairs((got as Named)[key], each as Result, name === '' ? key : `${name}.${key}`),
  );
}

function isPacked(result: Result): result is Packed {
  return 'data' in result && typeof result.data === 'string';
}

/** The largest of PyTorch's magnitudes that is finite. */
export function largestOf(expected: Packed): number {
  const finite = Array.from<number | bigint>(elementsOf(expected) as ArrayLike<number>)
    .map(Number)
    .filter(Number.isFinite);
  return Math.max(0, ...finite.map(Math.abs));
}

/** What a record says, for a message: its results are too long to read. */
export function without(record: object, ...names: readonly string[]): string {
  return JSON.stringify(record, (key, value) => (names.includes(key) ? undefined : value));
}

/** PyTorch's elements: numbers, or bigints of int64. */
export function elementsOf({ dtype, data }: Packed): ArrayLike<number> | BigInt64Array {
  const { buffer } = bytesOf(data);
  if (dtype === 'float32') return new Float32Array(buffer);
  if (dtype === 'float64') return new Float64Array(buffer);
  if (dtype === 'int64') return new BigInt64Array(buffer);
  return dtype === 'int32' ? new Int32Array(buffer) : new Uint8Array(buffer);
}

/** Our elements: those that the record has. */
export function sampled(got: Tensor, { every }: Packed): (number | bigint)[] {
  const data = got.data as unknown as ArrayLike<number | bigint>;
  return Array.from({ length: Math.ceil(data.length / every) }, (_, i) => data[i * every]!);
}

/**
 * The largest distance of our elements from PyTorch's, in units in the last place of the larger of the element and `least`; 0 where
 * both are equal, NaN, or zeros of either sign, and Infinity where integers differ or only one is finite.
 */
export function largestDistance(got: Tensor, expected: Packed, least: number): number {
  const right = Array.from<number | bigint>(elementsOf(expected) as ArrayLike<number>);
  const distances = sampled(got, expected).map((value, i) => {
    const other = right[i]!;
    if (value === other || Object.is(value, other)) return 0;
    const isFloat = typeof value === 'number' && typeof other === 'number' && expected.dtype.startsWith('float');
    if (!isFloat || !Number.isFinite(value) || !Number.isFinite(other)) return Number.POSITIVE_INFINITY;
    return Math.abs(value - other) / unit(Math.max(Math.abs(other), least), expected.dtype);
  });
  return Math.max(0, ...distances);
}

/** Keys, shapes, dtypes and checksums of a layer's values, as {@link StateEntry} has them; no checksum where `like` has none. */
export function stateOf(layer: Layer, like: readonly StateEntry[]): StateEntry[] {
  return Object.entries(layer.stateDict()).map(([key, { shape, dtype, data }], i) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return [key, [...shape], dtype, like[i]?.[3] === null ? null : crc32(bytes)];
  });
}

/** The unit in the last place of a number. */
function unit(value: number, dtype: DtypeName): number {
  const [digits, smallest] = dtype === 'float32' ? [23, -126] : [52, -1022];
  return 2 ** (Math.max(Math.floor(Math.log2(value)), smallest) - digits);
}
