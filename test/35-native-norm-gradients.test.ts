import { describe, expect, test } from 'vitest';
import { loadAddon } from '../lib/native/loadAddon.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { detach } from './helpers/refusals.ts';

// What reaches the addon beside the checks of lib/: nothing is written, and nothing foreign is read.

const addon = loadAddon();
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const doubles = (...values: number[]): Float64Array => Float64Array.from(values);

const gone = <T extends FloatArray>(array: T): T => {
  detach(array);
  return array;
};

describe('what does not fit is refused before anything is written', () => {
  const untouched = () => floats(-7, -7);
  const memory = new Float32Array(6);
  const two = floats(1, 2);
  const one = floats(1);
  const cases: [name: string, code: string, call: (out: Float32Array) => unknown][] = [
    [
      'a gradient of another length',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normGradients(1, 1, 2, 1, one, two, two, null, false, y, null, null),
    ],
    [
      'too few statistics',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normGradients(1, 2, 1, 1, two, two, two, null, false, y, null, null),
    ],
    [
      'statistics of another kind',
      'ERR_CONV1D_TYPE',
      (y) => addon.normGradients(1, 1, 2, 1, two, two, doubles(1, 2), null, false, y, null, null),
    ],
    [
      'weights for each element of groups',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normGradients(1, 2, 1, 1, two, two, floats(1, 1, 1, 1), null, true, y, null, null),
    ],
    [
      'x that is gone',
      'ERR_CONV1D_DETACHED',
      (y) => addon.normGradients(1, 1, 2, 1, two, gone(floats(1, 2)), two, null, false, y, null, null),
    ],
    [
      'a gradient in its own place',
      'ERR_CONV1D_OVERLAP',
      () => {
        const x = memory.subarray(0, 2);
        return addon.normGradients(1, 1, 2, 1, two, x, two, null, false, memory.subarray(1, 3), null, null);
      },
    ],
    [
      'two gradients in one place',
      'ERR_CONV1D_OVERLAP',
      () => {
        const [ofWeight, ofBias] = [memory.subarray(0, 2), memory.subarray(1, 3)];
        return addon.normGradients(1, 1, 2, 1, two, two, two, null, false, null, ofWeight, ofBias);
      },
    ],
    [
      'groups that overflow',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normGradients(0, 2 ** 53, 2 ** 53, 1, floats(), floats(), floats(), null, false, y, null, null),
    ],
    [
      'undefined for null',
      'ERR_CONV1D_TYPE',
      (y) => addon.normGradients(1, 1, 2, 1, two, two, two, null, false, y, null, undefined as never),
    ],
    [
      'means of another length',
      'ERR_CONV1D_SHAPE',
      (y) => addon.batchNormGradients(1, 2, 1, true, two, two, one, two, two, y, null, null),
    ],
    [
      'a number for a flag',
      'ERR_CONV1D_TYPE',
      (y) => addon.batchNormGradients(1, 2, 1, 1 as never, two, two, two, two, two, y, null, null),
    ],
    [
      'a gradient over the scales',
      'ERR_CONV1D_OVERLAP',
      () => {
        const scales = memory.subarray(0, 2);
        return addon.batchNormGradients(1, 2, 1, true, two, two, two, two, scales, null, memory.subarray(0, 2), null);
      },
    ],
    ['no function', 'ERR_CONV1D_VALUE', (y) => addon.channelGradients(2, 2, 2, 1, two, two, two, null, y, null)],
    [
      'rows of half a channel',
      'ERR_CONV1D_SHAPE',
      (y) => addon.channelGradients(1, 1, 2, 2, two, two, two, null, y, null),
    ],
    ['a snake without b', 'ERR_CONV1D_TYPE', (y) => addon.channelGradients(0, 2, 2, 1, two, two, two, null, y, null)],
    ['a slope with b', 'ERR_CONV1D_TYPE', (y) => addon.channelGradients(1, 2, 2, 1, two, two, two, two, y, null)],
    ['a magnitude too many', 'ERR_CONV1D_SHAPE', (y) => addon.weightNormGradients(1, 1, 2, two, two, two, null, y)],
    [
      'v of another kind',
      'ERR_CONV1D_TYPE',
      (y) => addon.weightNormGradients(1, 1, 2, two, one, doubles(1, 2), null, y),
    ],
    ['a negative size', 'ERR_CONV1D_VALUE', (y) => addon.weightNormGradients(-1, 1, 2, two, one, two, null, y)],
    ['nothing at all', 'ERR_CONV1D_TYPE', () => (addon.channelGradients as () => unknown)()],
  ];
  test.each(cases)('%s: %s', (_, code, call) => {
    const out = untouched();
    expect(() => call(out)).toThrow(expect.objectContaining({ code }));
    expect(out).toEqual(untouched());
    expect(memory).toEqual(new Float32Array(6));
  });

  test('huge sizes around nothing come to an end', () => {
    const huge = 2 ** 51;
    const none = floats();
    addon.normGradients(0, huge, 0, huge, none, none, none, null, false, none, null, null);
    addon.batchNormGradients(huge, 0, huge, true, none, none, none, none, none, none, none, none);
    addon.channelGradients(1, 0, 1, huge, none, none, floats(1), null, none, null);
    addon.weightNormGradients(huge, 0, huge, none, none, none, none, none);
  });
});
