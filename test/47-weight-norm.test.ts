import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Conv1d, type FloatDtype, rand, type StateDict, type Tensor, tensor, zeros } from '../lib/index.ts';
import { bytesOf } from './golden/files.ts';
import { detach } from './helpers/refusals.ts';

type Packed = { readonly dtype: FloatDtype; readonly shape: readonly number[]; readonly data: string };

/** From generate_weight_norm.py. */
interface Case {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly groups: number;
  readonly state: Readonly<Record<'weight_g' | 'weight_v' | 'bias', Packed>>;
  readonly weight: Packed;
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/weight-norm.json.gz', import.meta.url))).toString(),
) as readonly Case[];

function unpack({ dtype, shape, data }: Packed): Tensor {
  const { buffer } = bytesOf(data);
  return tensor(dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer), shape);
}

/** Both ways in which PyTorch names the two parts. */
const forms: [name: string, keys: readonly [g: string, v: string]][] = [
  ['weight_norm', ['weight_g', 'weight_v']],
  ['parametrizations.weight_norm', ['parametrizations.weight.original0', 'parametrizations.weight.original1']],
];

function stateOf({ state }: Case, [g, v]: readonly [string, string], prefix = ''): StateDict {
  const { weight_g, weight_v, bias } = state;
  return { [`${prefix}${g}`]: unpack(weight_g), [`${prefix}${v}`]: unpack(weight_v), [`${prefix}bias`]: unpack(bias) };
}

function layerOf({ inChannels, outChannels, kernelSize, groups, weight }: Case): Conv1d {
  return new Conv1d(inChannels, outChannels, kernelSize, { groups, dtype: weight.dtype });
}

/** The largest distance between two arrays, in units in the last place of the second; NaN is at no distance from NaN. */
function ulps(a: Tensor, b: Tensor): number {
  const [bits, least] = b.dtype === 'float32' ? [23, 2 ** -149] : [52, 2 ** -1074];
  const distances = Array.from(b.data, (y, i) => {
    const x = a.data[i]!;
    if (Object.is(x, y) || x === y) return 0;
    return Math.abs(x - y) / Math.max(2 ** (Math.floor(Math.log2(Math.abs(y))) - bits), least);
  });
  return Math.max(...distances);
}

describe.each(forms)('the keys of %s', (_, keys) => {
  test.each(golden)('$name: the folded weight is that of PyTorch within 3 ulp', (one) => {
    const conv = layerOf(one);
    expect(conv.loadStateDict(stateOf(one, keys))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(ulps(conv.weight, unpack(one.weight))).toBeLessThanOrEqual(3);
    expect(conv.bias!.data).toEqual(unpack(one.state.bias).data);
  });

  test('are found behind a prefix, and nothing else is looked at', () => {
    const one = golden[0]!;
    const conv = layerOf(one);
    const model = { ...stateOf(one, keys, 'ups.0.'), 'ups.1.weight': zeros(1) };
    conv.loadStateDict(model, { prefix: 'ups.0.' });
    expect(ulps(conv.weight, unpack(one.weight))).toBeLessThanOrEqual(3);
  });

  test('name the prefix that was forgotten', () => {
    const one = golden[0]!;
    expect(() => layerOf(one).loadStateDict(stateOf(one, keys, 'ups.0.'))).toThrow(
      'A weight of this shape has the prefix "ups.0.": give { prefix: "ups.0." }.',
    );
  });

  test('alone are not enough: half of them is missing and unexpected, as in PyTorch', () => {
    const conv = new Conv1d(1, 1, 1, { bias: false });
    const keysOf = conv.loadStateDict({ [keys[0]]: zeros(1, 1, 1) }, { strict: false });
    expect(keysOf).toEqual({ missingKeys: ['weight'], unexpectedKeys: [keys[0]] });
  });

  test.each([
    ['a direction', [3, 1, 1], [3, 2, 4]],
    ['a magnitude', [4, 1, 1], [3, 2, 5]],
    ['a magnitude', [3, 2, 1], [3, 2, 5]],
    ['a magnitude', [3], [3, 2, 5]],
  ])('with %s of a wrong shape are refused, and nothing is copied: %j %j', (_part, g, v) => {
    const conv = new Conv1d(2, 3, 5, { bias: false });
    const before = conv.weight.data.slice();
    expect(() => conv.loadStateDict({ [keys[0]]: rand(...g), [keys[1]]: rand(...v) })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_STATE_DICT',
        message: expect.stringMatching(/size mismatch for .*: copying a param with shape torch\.Size\(\[[\d, ]+\]\)/),
      }),
    );
    expect(conv.weight.data).toEqual(before);
  });
});

test('a float32 weight is within 0.501 ulp of the exact one', () => {
  const v = rand(64, 32, 7);
  const g = rand(64, 1, 1);
  const conv = new Conv1d(32, 64, 7, { bias: false });
  conv.loadStateDict({ weight_g: g, weight_v: v });
  const wide = new Conv1d(32, 64, 7, { bias: false, dtype: 'float64' });
  const float64 = (x: Tensor) => tensor(x.data, x.shape, { dtype: 'float64' });
  wide.loadStateDict({ weight_g: float64(g), weight_v: float64(v) });
  const distances = Array.from(conv.weight.data, (w, i) => {
    const exact = wide.weight.data[i]!;
    return exact === 0 ? Math.abs(w) : Math.abs(w - exact) / 2 ** (Math.floor(Math.log2(Math.abs(w))) - 23);
  });
  expect(Math.max(...distances)).toBeLessThanOrEqual(0.501);
});

test('squares that float32 has not are no obstacle', () => {
  const conv = new Conv1d(1, 2, 2, { bias: false });
  conv.loadStateDict({ weight_g: tensor([[[5]], [[10]]]), weight_v: tensor([[[3e-30, 4e-30]], [[3e30, 4e30]]]) });
  expect(conv.weight.toArray()).toEqual([[[3, 4]], [[6, 8]]]);
});

test('a plain weight goes before the parts, which are then unexpected', () => {
  const conv = new Conv1d(1, 1, 1, { bias: false });
  const dict = { weight: tensor([[[3]]]), weight_g: zeros(1, 1, 1), weight_v: zeros(1, 1, 1) };
  expect(conv.loadStateDict(dict, { strict: false }).unexpectedKeys).toEqual(['weight_g', 'weight_v']);
  expect(conv.weight.item()).toBe(3);
});

test('memory that is gone stops the load as a whole', () => {
  const conv = new Conv1d(2, 3, 5);
  const before = conv.bias!.data.slice();
  const g = rand(3, 1, 1);
  detach(g.data);
  expect(() => conv.loadStateDict({ weight_g: g, weight_v: rand(3, 2, 5), bias: zeros(3) })).toThrow(
    expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }),
  );
  expect(conv.bias!.data).toEqual(before);
});

describe('a forgotten prefix', () => {
  const model = { 'a.weight': rand(3, 2, 5), 'b.c.weight': rand(3, 2, 5), 'd.weight': rand(3, 2, 4), e: rand(3, 2, 5) };
  const load = (dict: StateDict, options?: { prefix?: string; strict?: boolean }) =>
    new Conv1d(2, 3, 5, { bias: false }).loadStateDict(dict, options);

  test('is suggested: all that have a weight of the right shape', () => {
    expect(() => load(model)).toThrow(
      '\n\t2 weights of this shape have the prefixes "a.", "b.c.": give one as { prefix }.',
    );
  });
  test('is not, where no shape fits', () => {
    expect(() => load({ 'd.weight': rand(3, 2, 4) })).toThrow(/Unexpected key\(s\) in state_dict: "d\.weight"\. $/);
  });
  test('is named the other way round, when there is none', () => {
    expect(() => load({ weight: rand(3, 2, 5) }, { prefix: 'conv.' })).toThrow(
      'A weight of this shape has no prefix: leave out the option.',
    );
  });
  test('is none of strict: false, which loads what fits', () => {
    expect(load(model, { strict: false }).missingKeys).toEqual(['weight']);
  });
});
