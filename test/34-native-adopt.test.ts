import { describe, expect, test } from 'vitest';
import { addon } from '../lib/native/addon.ts';
import { rand } from '../lib/tensor/factories.ts';
import { codeOf } from './helpers/refusals.ts';

// Layers over a snapshot of another one, which may take others meanwhile.

const f = (count: number) => rand(count).data as Float32Array;

describe('Convolution.adopt', () => {
  const make = (outChannels = 3) =>
    new addon.Convolution('float32', 2, outChannels, 3, 1, 0, 0, 1, 1, 'zeros', 'direct', 2 ** 28, false, undefined);
  const x = f(2 * 9);
  const run = (forward: ReturnType<InstanceType<typeof addon.Convolution>['pack']>) => {
    const out = new Float32Array(3 * 7);
    forward(x, 1, 9, out);
    return out;
  };

  test('computes with the snapshot of the other, whatever becomes of that', () => {
    const [other, own] = [make(), make()];
    const expected = run(other.pack(f(18), f(3)));
    const forward = own.adopt(other);
    expect(run(forward)).toEqual(expected);
    expect(run(other.pack(f(18), f(3)))).not.toEqual(expected);
    expect(run(forward)).toEqual(expected);
    other.unpack();
    expect(run(forward)).toEqual(expected);
    own.unpack();
    expect(codeOf(() => run(forward))).toBe('ERR_CONV1D_TYPE');
  });

  test('refuses one without a snapshot, of other parameters, and what is none', () => {
    expect(codeOf(() => make().adopt(make()))).toBe('ERR_CONV1D_TYPE');
    const wide = make(4);
    wide.pack(f(24), f(4));
    expect(codeOf(() => make().adopt(wide))).toBe('ERR_CONV1D_VALUE');
    for (const value of [undefined, null, 5, {}, Object.create(addon.Convolution.prototype)]) {
      expect(codeOf(() => make().adopt(value as never))).toBe('ERR_CONV1D_TYPE');
    }
  });
});

describe('Recurrent.adopt', () => {
  const make = (hiddenSize = 2) => new addon.Recurrent('gru', 'float32', 3, hiddenSize);
  const pack = (layer: InstanceType<typeof addon.Recurrent>, h = 2) =>
    layer.pack(f(3 * h * 3), f(3 * h * h), f(3 * h), f(3 * h));
  const x = f(4 * 3);
  const run = (layer: InstanceType<typeof addon.Recurrent>) => {
    const out = new Float32Array(4 * 2);
    layer.run(x, 4, 1, null, null, false, out, 0, 2, new Float32Array(2), null, null);
    return out;
  };

  test('computes with the snapshot of the other, whatever becomes of that', () => {
    const [other, own] = [make(), make()];
    pack(other);
    const expected = run(other);
    own.adopt(other);
    pack(other);
    expect(run(other)).not.toEqual(expected);
    expect(run(own)).toEqual(expected);
  });

  test('refuses one without a snapshot, of other sizes, and what is none', () => {
    expect(codeOf(() => make().adopt(make()))).toBe('ERR_CONV1D_TYPE');
    const wide = make(4);
    pack(wide, 4);
    expect(codeOf(() => make().adopt(wide))).toBe('ERR_CONV1D_VALUE');
    for (const value of [undefined, null, 5, {}, Object.create(addon.Recurrent.prototype)]) {
      expect(codeOf(() => make().adopt(value as never))).toBe('ERR_CONV1D_TYPE');
    }
  });
});
