import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Dtype, loadCheckpoint, nn, parseCheckpoint, type Tensor, tensor } from '../lib/index.ts';
import { bytesOf, type GoldenTensor, checkpointsGolden as golden } from './golden/files.ts';
import { temporaryFolder } from './helpers/cli.ts';

type Tensors = Record<string, Tensor<Dtype>>;

/** The tensors have the dtypes, shapes and bits of PyTorch's or NumPy's; of NaN, that they are. */
function expectTensors(tensors: Tensors, expected: Readonly<Record<string, GoldenTensor>>): void {
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    const found = tensors[name]!;
    expect({ dtype: found.dtype, shape: found.shape }, name).toEqual({ dtype, shape });
    expect(found.isContiguous, name).toBe(true);
    const { buffer } = bytesOf(data);
    expect(found.data, name).toEqual(new (found.data.constructor as Float32ArrayConstructor)(buffer));
  }
}

describe('a file of torch.save', () => {
  test.each(golden.cases)('$name has the tensors that PyTorch has', async ({ file, key, tensors }) => {
    expectTensors(await parseCheckpoint(bytesOf(file), key === null ? {} : { key }), tensors);
  });

  test('is read from disk, wherever the numbers lie', async () => {
    const path = join(temporaryFolder(), 'model.pt');
    for (const { file, key, tensors } of golden.cases) {
      writeFileSync(path, bytesOf(file));
      expectTensors(await loadCheckpoint(path, key === null ? {} : { key }), tensors);
    }
  });

  test('gives every tensor memory of its own', async () => {
    const { file } = golden.cases.find(({ name }) => name === 'views and shared storages, zip')!;
    const { base, same, row } = await parseCheckpoint(bytesOf(file));
    expect(new Set([base!.data.buffer, same!.data.buffer, row!.data.buffer]).size).toBe(3);
    expect(row!.data.buffer.byteLength).toBe(48);
  });

  test('makes a network that gives what PyTorch gives', async () => {
    const net = new nn.Sequential(new nn.Conv1d(2, 8, 3), new nn.ReLU(), new nn.Conv1d(8, 1, 1));
    net.loadStateDict(await parseCheckpoint(bytesOf(golden.forward.file)));
    const { x, y } = golden.forward;
    const found = net.eval().forward(tensor(new Float32Array(bytesOf(x.data).buffer), [...x.shape]));
    const expected = tensor(new Float32Array(bytesOf(y.data).buffer), [...y.shape]);
    expect(found.sub(expected).abs().max().item()).toBeLessThan(1e-6);
  });

  test.each(golden.besideOthers)('with $name: the others are read', async ({ file, tensors }) => {
    expectTensors(await parseCheckpoint(bytesOf(file), { prefix: 'x.' }), tensors);
    await expect(parseCheckpoint(bytesOf(file))).rejects.toMatchObject({
      code: 'ERR_CONV1D_FORMAT',
      message: expect.stringMatching(/^checkpoint: tensor "y" (?:is|has) .* in Python|device meta/),
    });
  });

  test('is read by the part of the names', async () => {
    const { file } = golden.forward;
    expect(Object.keys(await parseCheckpoint(bytesOf(file), { prefix: '2.' }))).toEqual(['2.weight', '2.bias']);
    expect(Object.keys(await parseCheckpoint(bytesOf(file), { key: 'optimizer', prefix: 'state.1.' }))).toEqual([
      'state.1.step',
      'state.1.exp_avg',
      'state.1.exp_avg_sq',
    ]);
    expect(Object.keys(await parseCheckpoint(bytesOf(file), { key: 'model.0.weight' }))).toEqual(['weight']);
    await expect(parseCheckpoint(bytesOf(file), { prefix: 'x', source: 'm.pt' })).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: 'm.pt: no tensor\'s name begins with "x"; its names are "0.weight", "0.bias", "2.weight", "2.bias"',
    });
  });
});

describe('a file of numpy.savez', () => {
  test.each(golden.archives)('$name has the arrays that NumPy has', async ({ file, tensors }) => {
    expectTensors(await parseCheckpoint(bytesOf(file)), tensors);
  });

  test.each(golden.archives)("$name, with the kernels of Keras in torch's order", async ({ file, keras }) => {
    const tensors = await parseCheckpoint(bytesOf(file), { layout: 'keras' });
    expectTensors(Object.fromEntries(Object.keys(keras).map((name) => [name, tensors[name]!])), keras);
  });

  test('takes an order of dimensions for a name, which wins over the layout', async () => {
    const [{ file, tensors }] = golden.archives as [(typeof golden.archives)[0]];
    const permute = { 'conv/kernel': [1, 0, 2], fortran: [1, 0], scalar: [] };
    const found = await parseCheckpoint(bytesOf(file), { layout: 'keras', permute });
    expect(found['conv/kernel']!.shape).toEqual([2, 3, 4]);
    const plain = await parseCheckpoint(bytesOf(file));
    expect(found['conv/kernel']!.toArray()).toEqual(plain['conv/kernel']!.permute(1, 0, 2).toArray());
    expect(found.fortran!.toArray()).toEqual(plain.fortran!.transpose(0, 1).toArray());
    expect(found.scalar!.shape).toEqual(tensors.scalar!.shape);
  });

  test.each([
    [{ 'conv/kernel': [0, 1] }, 'ERR_CONV1D_SHAPE', 'an order of its 3 dimensions, each of 0 to 2 once'],
    [{ 'conv/kernel': [0, 1, 1] }, 'ERR_CONV1D_SHAPE', 'permute has [0, 1, 1] for "conv/kernel" of shape [3, 2, 4]'],
    [{ 'conv/kernels': [0, 1, 2] }, 'ERR_CONV1D_VALUE', 'permute has "conv/kernels", which is no tensor'],
    [{ 'conv/kernel': 1 }, 'ERR_CONV1D_TYPE', "must have an array for 'conv/kernel'"],
    [[1], 'ERR_CONV1D_TYPE', 'the option permute must be an object'],
  ])('refuses the order %j', async (permute, code, says) => {
    const options = { permute: permute as Record<string, number[]> };
    await expect(parseCheckpoint(bytesOf(golden.archives[0]!.file), options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });
});

describe('nothing of a file is run', () => {
  test.each(golden.refused)('$name is refused, by its name', async ({ name, file, says }) => {
    await expect(parseCheckpoint(bytesOf(file), { source: name })).rejects.toMatchObject({
      code: 'ERR_CONV1D_FORMAT',
      name: 'RangeError',
      message: expect.stringMatching(new RegExp(`^${name}: .*`, 's')),
    });
    await expect(parseCheckpoint(bytesOf(file))).rejects.toThrow(says);
    expect(existsSync('conv1d-was-here')).toBe(false);
  });

  test.each(golden.ambiguous)('$name needs a key', async ({ file, says }) => {
    await expect(parseCheckpoint(bytesOf(file))).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: expect.stringContaining(says),
    });
    expect(Object.keys(await parseCheckpoint(bytesOf(file), { key: '' })).length).toBeGreaterThan(0);
  });

  test.each([
    ['x', 'has nothing at the key "x"; its keys are "epoch"'],
    ['model.x', 'has nothing at the key "model.x"'],
    ['epoch', 'what it has at the key "epoch" is neither a tensor nor'],
  ])('the key %s is refused', async (key, says) => {
    await expect(parseCheckpoint(bytesOf(golden.forward.file), { key })).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: expect.stringContaining(says),
    });
  });
});

test('other files are named for what they are', async () => {
  const said = (bytes: string) => parseCheckpoint(Buffer.from(bytes, 'latin1'), { source: 'x' });
  await expect(said('\x93NUMPY\x01\x00')).rejects.toThrow('this is an .npy file, which loadNpy reads');
  await expect(said('GGUF and so on')).rejects.toThrow('this is a GGUF file');
  await expect(said(`${'\0'.repeat(257)}ustar`)).rejects.toThrow('this is a tar archive');
  await expect(said('')).rejects.toThrow('neither a zip archive nor a pickle');
  await expect(loadCheckpoint('examples/filterbank.safetensors')).rejects.toThrow('which loadSafetensors reads');
});
