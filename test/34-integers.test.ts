import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import {
  cat,
  type Dtype,
  loadNpy,
  loadSafetensors,
  saveNpy,
  saveSafetensors,
  Tensor,
  tensor,
  where,
  zeros,
} from '../lib/index.ts';
import { readGolden } from './golden/calls.ts';
import { codeOf } from './helpers/refusals.ts';

// Tensors of integers and bools, against what PyTorch makes of them.

/** From generate_integer_printing.py. */
interface Printed {
  readonly name: string;
  readonly dtype: 'int64' | 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly elements: readonly string[];
  readonly text: string;
}

test.each(readGolden<Printed>('integer-printing.json.gz'))('printed: $name', ({ dtype, shape, elements, text }) => {
  const x = tensor(elements.map(BigInt), { dtype }).reshape(...shape);
  expect(String(x)).toBe(text);
  expect(inspect(x)).toBe(text);
});

type Operand = Dtype | `${Dtype} without dimensions` | number | boolean;

/** From generate_promotion.py. */
type Promoted = [
  name: string,
  left: Dtype | number | boolean,
  right: Operand,
  result: { readonly dtype: Dtype; readonly elements: readonly string[] } | null,
];

const LEFT = [3, -2, 0];
const RIGHT = [2, 1, 4];

function operand(of: Operand, values: readonly number[]): Tensor<Dtype> | number | boolean {
  if (typeof of !== 'string') return of;
  const [dtype, ...without] = of.split(' ') as [Dtype, ...string[]];
  return without.length > 0 ? tensor(2).to(dtype) : tensor(values).to(dtype);
}

const CONDITION = tensor([true, false, true]);

function run(name: string, left: Operand, right: Operand): Tensor<Dtype> {
  const [a, b] = [operand(left, LEFT), operand(right, RIGHT)] as [Tensor, Tensor];
  if (name === 'where') return where(CONDITION, a, b);
  return name === 'cat' ? cat([a, b]) : (a[name as 'add'](b) as Tensor);
}

/** An element as Python prints it, and JavaScript reads it; this library has no -0 in results. */
function parsed(text: string): number {
  const names: Readonly<Record<string, number>> = {
    True: 1,
    False: 0,
    nan: Number.NaN,
    inf: Infinity,
    '-inf': -Infinity,
  };
  return names[text] ?? Number(text) + 0;
}

/** What PyTorch refuses and this library computes: a bool beside numbers counts as 0 or 1. */
const ALLOWED = (name: string) => name === 'sub';

const promotions = readGolden<Promoted>('promotion.json.gz');

test.each(promotions)('%s of %s and %s', (name, left, right, result) => {
  if (result !== null) {
    const made = run(name, left, right);
    expect(made.dtype).toBe(result.dtype);
    expect(Array.from(made.data as Float32Array, Number)).toEqual(result.elements.map(parsed));
  } else if (!ALLOWED(name)) {
    expect(codeOf(() => run(name, left, right))).toMatch(/^ERR_CONV1D_/);
  }
});

describe('integers that no number of JavaScript is', () => {
  const unsafe = tensor([2n ** 53n, 1n, -(2n ** 63n)]);
  test('are refused by toArray, item and JSON, and there in data, printing and arithmetic', () => {
    for (const read of [() => unsafe.toArray(), () => JSON.stringify(unsafe), () => unsafe.at(0).item()]) {
      expect(codeOf(read)).toBe('ERR_CONV1D_VALUE');
    }
    expect(unsafe.data).toEqual(BigInt64Array.of(2n ** 53n, 1n, -(2n ** 63n)));
    expect(unsafe.at(1).item()).toBe(1);
    expect(String(unsafe.at(2))).toBe('tensor(-9223372036854775808)');
    expect(unsafe.add(1).data[0]).toBe(2n ** 53n + 1n);
    expect(unsafe.eq(tensor([2n ** 53n + 1n, 1n, 0n])).toArray()).toEqual([0, 1, 0]);
    expect(tensor([2n ** 53n - 1n, -(2n ** 53n) + 1n]).toArray()).toEqual([2 ** 53 - 1, 1 - 2 ** 53]);
  });
  test('and those that a dtype does not have are refused', () => {
    for (const [value, dtype] of [
      [2n ** 63n, 'int64'],
      [-(2n ** 63n) - 1n, 'int64'],
      [2 ** 63, 'int64'],
      [2 ** 31, 'int32'],
      [-(2 ** 31) - 1, 'int32'],
      [Number.NaN, 'int64'],
      [Infinity, 'int32'],
    ] as const) {
      expect(codeOf(() => tensor([value], { dtype }))).toBe('ERR_CONV1D_VALUE');
      expect(codeOf(() => zeros(2, { dtype }).add(value as number))).toMatch(/^ERR_CONV1D_|^nothing$/);
    }
  });
});

describe('tensor of', () => {
  test('bools and bigints', () => {
    expect(tensor([[true, false]]).dtype).toBe('bool');
    expect(tensor(true).item()).toBe(1);
    expect(tensor([1n, -2n]).dtype).toBe('int64');
    expect(tensor([true, false], { dtype: 'float32' }).toArray()).toEqual([1, 0]);
    expect(tensor([5n, 0n], { dtype: 'bool' }).data).toEqual(Uint8Array.of(1, 0));
    expect(tensor([3n], { dtype: 'int32' }).data).toEqual(Int32Array.of(3));
    expect(tensor([2.9, -2.9], { dtype: 'int64' }).toArray()).toEqual([2, -2]);
    expect(tensor([Number.NaN, 0], { dtype: 'bool' }).toArray()).toEqual([1, 0]);
  });
  test.each([
    ['a bool and a number', [true, 1]],
    ['a number and a bool', [1, true]],
    ['a bigint and a number', [1n, 1]],
    ['a number and a bigint', [1, 1n]],
    ['a string', ['1']],
    ['null', [null]],
    ['an object', [{}]],
  ])('%s is refused', (_, values) => {
    expect(codeOf(() => tensor(values as never))).toBe('ERR_CONV1D_TYPE');
  });
  test('bytes says what they are', () => {
    expect(codeOf(() => tensor(Uint8Array.of(1, 0)))).toBe('ERR_CONV1D_TYPE');
    expect(tensor(Uint8Array.of(1, 0), { dtype: 'bool' }).dtype).toBe('bool');
  });
  test('bytes that are neither 0 nor 1 is refused, as is what Tensor.from gets of them', () => {
    const bytes = Uint8Array.of(0, 1, 2, 255);
    expect(codeOf(() => tensor(bytes, { dtype: 'bool' }))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => tensor(bytes, [2, 2], { dtype: 'bool' }))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => Tensor.from({ data: bytes, shape: [4] }))).toBe('ERR_CONV1D_VALUE');
    expect(tensor(bytes, { dtype: 'int64' }).toArray()).toEqual([0, 1, 2, 255]);
  });
});

const SAMPLES: readonly Tensor<Dtype>[] = [
  tensor([[1.5, -0], [Number.NaN, 1e30]]), // biome-ignore format: a matrix
  tensor([1.5, Number.NEGATIVE_INFINITY], { dtype: 'float64' }),
  tensor([[2n ** 62n, -1n, -(2n ** 63n)]]),
  tensor([2 ** 31 - 1, -(2 ** 31), 0], { dtype: 'int32' }),
  tensor([[true], [false]]),
  zeros(0, 3, { dtype: 'int64' }),
  zeros([], { dtype: 'bool' }),
];
const samples = SAMPLES.map((x) => [x.dtype, x.shape, x] as const);

test.each(samples)('a tensor of %s %j arrives through structuredClone', (dtype, shape, x) => {
  const back = Tensor.from(structuredClone(x) as never) as Tensor<Dtype>;
  expect([back.dtype, back.shape, back.data]).toEqual([dtype, shape, x.data]);
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-integers-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const isFloat = (dtype: Dtype) => dtype.startsWith('float');
  test.each(samples)(
    '%s %j goes through .npy and .safetensors, integers and bools as floats',
    async (dtype, shape, x) => {
      const [npy, safetensors] = [join(folder, `${dtype}${shape}.npy`), join(folder, `${dtype}${shape}.safetensors`)];
      await saveNpy(npy, x as Tensor);
      await saveSafetensors(safetensors, { x: x as Tensor });
      const load = [async () => loadNpy(npy), async () => (await loadSafetensors(safetensors)).x!];
      for (const read of load) {
        const back: Tensor<Dtype> = await read();
        expect([back.shape, back.to(dtype).data]).toEqual([shape, x.data]);
        if (isFloat(dtype)) expect(back.dtype).toBe(dtype);
      }
    },
  );

  test('an integer that no float64 is, is saved as it is, and not rounded when it is loaded', async () => {
    const path = join(folder, 'unsafe.npy');
    await saveNpy(path, tensor([2n ** 53n + 1n]) as never);
    await expect(loadNpy(path)).rejects.toMatchObject({ code: 'ERR_CONV1D_FORMAT' });
    expect(readFileSync(path).readBigInt64LE(128)).toBe(2n ** 53n + 1n);
  });
});
