import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLayer } from '../lib/command/batch/layer.ts';
import {
  Conv1d,
  type Conv1dFromSafetensorsOptions,
  functional,
  manualSeed,
  rand,
  saveSafetensors,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { detach } from './helpers/refusals.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A file with these tensors. */
async function saved(tensors: Record<string, Tensor>, metadata?: Record<string, string>): Promise<string> {
  files++;
  const path = join(folder, `${files}.safetensors`);
  await saveSafetensors(path, tensors, metadata);
  return path;
}

const weight = rand(6, 2, 5);
const bias = rand(6);
const options = { stride: 2, padding: [3, 1], dilation: 2, groups: 3, paddingMode: 'reflect' } as const;
const PARTS = { weight_g: tensor([[[5]], [[10]]]), weight_v: tensor([[[3, 4]], [[3, 4]]]) };
const FOLDED = [[[3, 4]], [[6, 8]]];

describe('a layer made of weights', () => {
  test.each([
    ['fromWeights', async () => Conv1d.fromWeights(weight, bias, options)],
    ['fromSafetensors', async () => Conv1d.fromSafetensors(await saved({ weight, bias }), options)],
  ])('by %s has their shape, and the options it was given', async (_, make) => {
    const conv = await make();
    const twin = new Conv1d(6, 6, 5, options);
    twin.loadStateDict({ weight, bias });
    expect(String(conv)).toBe(String(twin));
    expect(conv.training).toBe(true);
    expect(conv.weight.requiresGrad).toBe(true);
    const x = rand(2, 6, 40);
    expect(conv.forward(x).data).toEqual(twin.forward(x).data);
    expect(conv.eval().forward(x).data).toEqual(twin.forward(x).data);
  });

  test('computes what functional.conv1d computes with the same weights', () => {
    const x = rand(1, 2, 9);
    expect(Conv1d.fromWeights(weight, bias).forward(x).data).toEqual(functional.conv1d(x, weight, bias).data);
  });

  test.each([[undefined], [null]])('has no bias when it is given %o', (none) => {
    expect(Conv1d.fromWeights(weight, none).bias).toBe(null);
  });

  test('has no bias when the file has none', async () => {
    expect((await Conv1d.fromSafetensors(await saved({ weight }))).bias).toBe(null);
  });

  test('has the dtype of the weight, to which the bias is converted', async () => {
    const wide = tensor([[[1 / 3]]], { dtype: 'float64' });
    for (const conv of [
      Conv1d.fromWeights(wide, tensor([0.5])),
      await Conv1d.fromSafetensors(await saved({ weight: wide, bias: tensor([0.5]) })),
    ]) {
      expect([conv.dtype, conv.bias!.dtype, conv.weight.item(), conv.bias!.item()]).toEqual([
        'float64',
        'float64',
        1 / 3,
        0.5,
      ]);
    }
  });

  test('copies what it is given, views with gaps too', () => {
    const given = tensor([[[1, 2, 3]], [[4, 5, 6]]]);
    const conv = Conv1d.fromWeights(given.at([0, 2], [0, 1], [1, 3]));
    given.data.fill(9);
    expect(conv.weight.toArray()).toEqual([[[2, 3]], [[5, 6]]]);
  });

  test('leaves the generator of random numbers where it stood', async () => {
    const path = await saved({ weight, bias });
    const makers: [string, () => Promise<unknown>][] = [
      ['nothing', async () => {}],
      ['fromWeights', async () => Conv1d.fromWeights(weight, bias)],
      ['fromSafetensors', () => Conv1d.fromSafetensors(path)],
      ["the command's loader", () => loadLayer(path, undefined, {})],
    ];
    const next: Record<string, unknown> = {};
    for (const [name, make] of makers) {
      manualSeed(7);
      await make();
      next[name] = rand(4).toArray();
    }
    for (const [name] of makers) expect(next[name], name).toEqual(next.nothing);
    manualSeed(7);
    new Conv1d(2, 6, 5);
    expect(rand(4).toArray()).not.toEqual(next.nothing);
  });
});

describe('fromWeights refuses', () => {
  const detached = rand(1, 1, 1);
  detach(detached.data);
  test.each<[why: string, given: readonly unknown[], code: string, says: RegExp]>([
    ['no tensor', [[[[1]]]], 'ERR_CONV1D_TYPE', /argument 'weight' \(position 1\) must be Tensor/],
    ['a bias that is none', [weight, [1]], 'ERR_CONV1D_TYPE', /argument 'bias' \(position 2\) must be Tensor/],
    ['two dimensions', [rand(3, 5)], 'ERR_CONV1D_SHAPE', /expected a weight of shape .*, but got \[3, 5\]/],
    ['no taps', [zeros(3, 2, 0)], 'ERR_CONV1D_SHAPE', /kernelSize must be 1 or more/],
    [
      'a bias of another size',
      [weight, rand(5)],
      'ERR_CONV1D_SHAPE',
      /expected bias to be 1-dimensional with 6 elements/,
    ],
    ['groups that do not divide', [weight, null, { groups: 4 }], 'ERR_CONV1D_SHAPE', /^Given groups=4/],
    ['no groups', [weight, null, { groups: 0 }], 'ERR_CONV1D_VALUE', /^groups must be a positive integer/],
    ['a stride of 0', [weight, null, { stride: 0 }], 'ERR_CONV1D_VALUE', /stride 0/],
    [
      'a misspelt option',
      [weight, null, { strid: 2 }],
      'ERR_CONV1D_OPTION',
      /of Conv1d\.fromWeights; did you mean 'stride'/,
    ],
    ['the option bias', [weight, null, { bias: false }], 'ERR_CONV1D_OPTION', /unknown option 'bias'/],
    ['memory that is gone', [detached], 'ERR_CONV1D_DETACHED', /is gone/],
  ])('%s', (_, given, code, says) => {
    const make = Conv1d.fromWeights as (...given: readonly unknown[]) => Conv1d;
    expect(() => make(...given)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }));
  });
});

describe('of a file with several layers', () => {
  const model = () =>
    saved({
      'a.conv.weight': weight,
      'a.conv.bias': bias,
      'b.weight_g': PARTS.weight_g,
      'b.weight_v': PARTS.weight_v,
      'c.parametrizations.weight.original0': PARTS.weight_g,
      'c.parametrizations.weight.original1': PARTS.weight_v,
      'c.bias': rand(2),
      'fc.weight': rand(2, 2),
    });

  test.each([
    ['a.conv.', [6, 2, 5], true],
    ['a.conv', [6, 2, 5], true],
    ['b.', [2, 1, 2], false],
    ['c.', [2, 1, 2], true],
  ])('the prefix %s chooses one', async (prefix, shape, hasBias) => {
    const conv = await Conv1d.fromSafetensors(await model(), { prefix });
    expect(conv.weight.shape).toEqual(shape);
    expect(conv.bias !== null).toBe(hasBias);
    if (shape[0] === 2) expect(conv.weight.toArray()).toEqual(FOLDED);
  });

  test.each(['b.', 'c'])("the command's key %s does, and folds weight norm", async (key) => {
    const { conv, parameters } = await loadLayer(await model(), key, { stride: 2 });
    expect(conv.weight.toArray()).toEqual(FOLDED);
    expect([parameters.inChannels, parameters.stride, conv.training]).toEqual([1, 2, false]);
  });

  test.each<[options: Conv1dFromSafetensorsOptions | undefined, says: string]>([
    [undefined, 'has 3 convolutions; choose one with the option prefix: a.conv., b., c.'],
    [{ prefix: '' }, "has no tensor 'weight'; choose one with the option prefix: a.conv., b., c."],
    [{ prefix: 'fc' }, "'fc.weight' has shape [2, 2], not (outChannels, inChannels / groups, kernelSize); choose one"],
  ])('%j is refused with the prefixes there are', async (given, says) => {
    const path = await model();
    await expect(Conv1d.fromSafetensors(path, given)).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: expect.stringContaining(`${path}: ${says}`),
    });
  });
});

describe('fromSafetensors refuses', () => {
  test.each<[options: unknown, code: string]>([
    [{ prefix: 1 }, 'ERR_CONV1D_TYPE'],
    [{ stride: '2' }, 'ERR_CONV1D_TYPE'],
    [{ groups: 4 }, 'ERR_CONV1D_SHAPE'],
    [{ dtype: 'float64' }, 'ERR_CONV1D_OPTION'],
    [null, 'ERR_CONV1D_TYPE'],
  ])('the options %j', async (given, code) => {
    await expect(Conv1d.fromSafetensors(await saved({ weight }), given as never)).rejects.toMatchObject({ code });
  });

  test('a weight that is quantised', async () => {
    const header = '{"weight":{"dtype":"I8","shape":[1,1,2],"data_offsets":[0,2]}}';
    const length = Buffer.alloc(8);
    length.writeUInt32LE(header.length);
    const path = join(folder, 'int8.safetensors');
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(2)]));
    await expect(Conv1d.fromSafetensors(path)).rejects.toMatchObject({
      code: 'ERR_CONV1D_FORMAT',
      message: `${path}: 'weight' is I8: quantised numbers mean nothing without their scale, which is not read; save it as F32, F16 or BF16`,
    });
  });

  test('a magnitude that is none of its direction', async () => {
    const path = await saved({ 'a.weight_g': rand(3, 1, 1), 'a.weight_v': rand(2, 1, 2) });
    await expect(Conv1d.fromSafetensors(path)).rejects.toMatchObject({
      code: 'ERR_CONV1D_FORMAT',
      message: `${path}: 'a.weight_g' has shape [3, 1, 1], and weight norm of its weight takes [2, 1, 1]`,
    });
  });
});
