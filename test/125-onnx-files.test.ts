import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rand } from '../lib/index.ts';
import { weights } from './helpers/onnx/cases/case.ts';
import { toHalf } from './helpers/onnx/half.ts';
import { load, type Named, run } from './helpers/onnx/load.ts';
import {
  type Constant,
  constant,
  type ElementName,
  type External,
  float,
  type Graph,
  int,
  ints,
  longs,
  model,
  type Node,
  node,
  ofGraph,
  rawBytes,
  text,
  texts,
  typedTensorMessage,
} from './helpers/onnx/model.ts';
import { withInitializers } from './helpers/onnx/torchFile.ts';

// What surrounds the operators: types of weights, files beside the model, and what is refused with which sentence.

const folder = mkdtempSync(join(tmpdir(), 'conv1d-onnx-'));
const inside = join(folder, 'inside');
beforeAll(() => mkdirSync(inside));
afterAll(() => rmSync(folder, { recursive: true }));

const KERNEL = weights([4, 2, 3]);
const BIAS = weights([4], 0.3);
const x = rand(1, 2, 20);
const halved = (one: Constant, type: ElementName): Constant => ({ ...one, type, values: one.values.map(toHalf) });
const wide = (one: Constant): Constant => ({ ...one, type: 'float32' });

/** x -> Conv -> Relu -> y, whose weights are what is given. */
function convolution(
  constants: Graph['constants'],
  before: readonly Node[] = [],
  type: ElementName = 'float32',
): Graph {
  const nodes = [...before, node('Conv', ['x', 'w', 'b'], ['c']), node('Relu', ['c'], ['y'])];
  return {
    nodes,
    inputs: [{ name: 'x', type, dims: [1, 2, 'length'] }],
    outputs: [{ name: 'y', type }],
    constants: constants ?? {},
  };
}

const bits = (results: Named) => Buffer.from((results.y!.data as Float32Array).slice().buffer).toString('hex');

describe('Weights of other types', () => {
  const [half, halfBias] = [halved(KERNEL, 'float16'), halved(BIAS, 'float16')];

  test('float16 behind a Cast are widened', async () => {
    const casts = ['w', 'b'].map((name) => node('Cast', [`${name}16`], [name], { to: int(1) }));
    const got = await run(model(convolution({ w16: half, b16: halfBias }, casts)), { x });
    expect(bits(got)).toBe(bits(await run(model(convolution({ w: wide(half), b: wide(halfBias) })), { x })));
  });

  test('a network of float16 computes in float32, with its weights widened', async () => {
    const got = await run(model(convolution({ w: half, b: halfBias }, [], 'float16')), { x });
    expect(got.y!.dtype).toBe('float32');
    expect(bits(got)).toBe(bits(await run(model(convolution({ w: wide(half), b: wide(halfBias) })), { x })));
  });

  test('bfloat16 behind a Cast are widened', async () => {
    const truncated = (one: Constant): Constant => {
      const words = new Uint32Array(Float32Array.from(one.values).buffer).map((word) => word & 0xffff0000);
      return { ...one, values: [...new Float32Array(words.buffer)] };
    };
    const [w, b] = [truncated(KERNEL), truncated(BIAS)];
    const casts = ['w', 'b'].map((name) => node('Cast', [`${name}16`], [name], { to: int(1) }));
    const constants = { w16: { ...w, type: 'bfloat16' }, b16: { ...b, type: 'bfloat16' } } as const;
    const got = await run(model(convolution(constants, casts)), { x });
    expect(bits(got)).toBe(bits(await run(model(convolution({ w, b })), { x })));
  });

  test('float64 weights behind a Cast are rounded', async () => {
    const casts = ['w', 'b'].map((name) => node('Cast', [`${name}64`], [name], { to: int(1) }));
    const constants = { w64: { ...KERNEL, type: 'float64' }, b64: { ...BIAS, type: 'float64' } } as const;
    const got = await run(model(convolution(constants, casts)), { x });
    expect(bits(got)).toBe(bits(await run(model(convolution({ w: KERNEL, b: BIAS })), { x })));
  });

  test.each([
    'float32',
    'float64',
    'float16',
    'int32',
    'int64',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'uint32',
    'bool',
  ] as const)('numbers of %s in the field of their type are those of raw bytes', async (type) => {
    const values = type === 'bool' ? [1, 0, 1] : type.startsWith('u') ? [3, 200, 0] : [3, -100, 0];
    const graph = {
      nodes: [node('Cast', ['w'], ['c'], { to: int(1) }), node('Mul', ['x', 'c'], ['y'])],
      inputs: [{ name: 'x', dims: [3] }],
      outputs: [{ name: 'y' }],
    };
    const file = withInitializers(model(graph), [typedTensorMessage(constant([3], values, type), 'w')]);
    const raw = model({ ...graph, constants: { w: constant([3], values, type) } });
    for (const each of [file, raw]) {
      const { y } = await run(each, { x: rand(3).mul(0).add(2) });
      expect([...(y!.data as Float32Array)]).toEqual(values.map((value) => 2 * value));
    }
  });
});

describe('Weights in a file beside the model', () => {
  const bytes = Buffer.concat([Buffer.alloc(16), rawBytes('float32', KERNEL.values), rawBytes('float32', BIAS.values)]);
  const place = ({ dims, type }: Constant, external: Readonly<Record<string, string>>): External => ({
    dims,
    type,
    external,
  });
  const [kernelBytes, biasBytes] = [4 * KERNEL.values.length, 4 * BIAS.values.length];

  /** A model in `inside` whose kernel lies at this place; the bias is in the model. */
  function write(external: Readonly<Record<string, string>>): string {
    const path = join(inside, 'model.onnx');
    writeFileSync(path, model(convolution({ w: place(KERNEL, external), b: BIAS })));
    return path;
  }

  beforeAll(() => {
    for (const name of [join(inside, 'weights.bin'), join(folder, 'outside.bin')]) writeFileSync(name, bytes);
    writeFileSync(join(inside, 'from 0.bin'), bytes.subarray(16, 16 + kernelBytes));
    symlinkSync(join(folder, 'outside.bin'), join(inside, 'link.bin'));
    symlinkSync(folder, join(inside, 'up'));
    mkdirSync(join(inside, 'folder'));
    writeFileSync(join(inside, 'folder', 'weights.bin'), bytes);
    execFileSync('mkfifo', [join(inside, 'pipe')]);
  });

  test('are those of the model', async () => {
    const path = join(inside, 'both.onnx');
    const w = place(KERNEL, { location: 'weights.bin', offset: '16', length: String(kernelBytes) });
    const b = place(BIAS, { location: 'weights.bin', offset: String(16 + kernelBytes), length: String(biasBytes) });
    writeFileSync(path, model(convolution({ w, b })));
    const right = bits(await run(model(convolution({ w: KERNEL, b: BIAS })), { x }));
    expect(bits(await run(path, { x }))).toBe(right);
    for (const external of [
      { location: 'from 0.bin' },
      { location: './weights.bin', offset: '16', length: String(kernelBytes) },
      { location: 'folder/weights.bin', offset: '16', length: String(kernelBytes), checksum: '0' },
      // Without a length, the one that the shape needs.
      { location: 'weights.bin', offset: '16' },
    ]) {
      expect(bits(await run(write(external), { x })), external.location).toBe(right);
    }
  });

  const length = String(kernelBytes);
  test.each([
    ['an absolute path', { location: join(folder, 'outside.bin'), offset: '16', length }],
    ['an absolute path of the folder itself', { location: join(inside, 'weights.bin'), offset: '16', length }],
    ['a path that goes up', { location: '../outside.bin', offset: '16', length }],
    ['a path that goes down and up', { location: 'folder/../../outside.bin', offset: '16', length }],
    ['a link that leaves the folder', { location: 'link.bin', offset: '16', length }],
    ['a folder that is such a link', { location: 'up/outside.bin', offset: '16', length }],
    ['a folder', { location: 'folder', length }],
    ['a pipe', { location: 'pipe', length }],
    ['a device', { location: '/dev/zero', length }],
    ['no name', { location: '', length }],
    ['no location', { offset: '16', length }],
    ['a name with a NUL', { location: 'weights.bin\0', offset: '16', length }],
    ['a file that is too short', { location: 'weights.bin', offset: '100', length }],
    ['an offset beyond the end', { location: 'weights.bin', offset: '99999999999', length }],
    ['an offset of 2^64', { location: 'weights.bin', offset: '18446744073709551616', length }],
    ['an offset below 0', { location: 'weights.bin', offset: '-16', length }],
    ['an offset that is no number', { location: 'weights.bin', offset: '0x10', length }],
    ['an offset with a fraction', { location: 'weights.bin', offset: '16.5', length }],
    ['a length that the shape has not', { location: 'weights.bin', offset: '16', length: '8' }],
    ['a huge length', { location: 'weights.bin', offset: '16', length: '99999999999999' }],
    ['a length below 0', { location: 'weights.bin', offset: '16', length: '-96' }],
  ])('are refused for %s', async (_what, external) => {
    await expect(load(write(external))).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }),
    );
  });

  test('are missed with the code of Node', async () => {
    const path = write({ location: 'nothing.bin', length });
    await expect(load(path)).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  test('are refused where the model is bytes, which have no folder', async () => {
    const file = model(convolution({ w: place(KERNEL, { location: 'weights.bin', offset: '16', length }), b: BIAS }));
    await expect(load(file)).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });
});

/** x of (1, 4, 8) through a node to y, with constants. */
function one(
  op: string,
  others: Readonly<Record<string, Constant>>,
  attributes: Node['attributes'] = {},
  domain = '',
): Graph {
  const reads = ['x', ...Object.keys(others).filter((name) => !name.startsWith('-'))];
  return {
    nodes: [{ ...node(op, reads, ['y'], attributes), name: 'a node', domain }],
    inputs: [{ name: 'x', dims: [1, 4, 8] }],
    outputs: [{ name: 'y' }],
    constants: others,
  };
}

const LSTM = { w: weights([1, 16, 8]), r: weights([1, 16, 4]) };
const inner: Graph = { nodes: [node('Neg', ['x'], ['z'])], outputs: [{ name: 'z' }] };

describe('What is refused', () => {
  test('is named, with its node, and all other operators that are missing beside it', async () => {
    const names = ['NonMaxSuppression', 'QLinearConv', 'StringNormalizer', 'Foo'];
    const nodes = names.map((name, i) => ({
      ...node(name, [i === 0 ? 'x' : `v${i - 1}`], [i === 3 ? 'y' : `v${i}`]),
      name: `node ${i}`,
      ...(name === 'Foo' ? { domain: 'com.example' } : {}),
    }));
    const graph = { nodes, inputs: [{ name: 'x', dims: [1, 4] }], outputs: [{ name: 'y' }] };
    const error = await load(model(graph, 17, { 'com.example': 1 })).then(
      () => null,
      (reason: Error) => reason,
    );
    for (const part of [...names, 'node 0', 'node 3', 'com.example']) expect(error?.message).toContain(part);
  });

  test.each<[string, Graph, number]>([
    [
      'activations that there are not',
      one('LSTM', LSTM, { hidden_size: int(4), activations: texts('Sine', 'Tanh', 'Tanh') }),
      14,
    ],
    ['a direction that there is not', one('LSTM', LSTM, { hidden_size: int(4), direction: text('sideways') }), 14],
    ['a mode of Pad that there is not', one('Pad', { p: longs(0, 0, 1, 0, 0, 1) }, { mode: text('mirror') }), 18],
    [
      'broadcasting as it was before opset 7',
      one('Add', { w: constant([4], [1, 2, 3, 4]) }, { broadcast: int(1), axis: int(1) }),
      6,
    ],
    ['an opset that is not known yet', one('Relu', {}), 99],
    ['a domain without its opset', one('Relu', {}, {}, 'com.example'), 17],
    ['an attribute of the wrong type', one('LeakyRelu', {}, { alpha: text('much') }), 17],
    ['an attribute that there is not', one('LeakyRelu', {}, { slope: float(0.2) }), 17],
    ['an axis beyond the shape', one('Softmax', {}, { axis: int(3) }), 17],
    [
      'a convolution in two dimensions',
      { ...one('Conv', { w: weights([4, 1, 3, 3]) }), inputs: [{ name: 'x', dims: [1, 1, 8, 8] }] },
      17,
    ],
    ['an index beyond the end', one('ScatterND', { i: longs(4), u: weights([4, 8]) }), 17],
    ['indices that are no integers', one('ScatterND', { i: constant([1, 1], [0]), u: weights([1, 4, 8]) }), 17],
    ['updates that do not fit', one('ScatterND', { i: constant([1, 1], [0], 'int64'), u: weights([4, 8, 1]) }), 17],
    ['weights that do not fit', one('Conv', { w: weights([4, 3, 3]) }), 17],
    ['more groups than channels', one('Conv', { w: weights([4, 1, 3]) }, { group: int(8) }), 17],
    ['a stride of 0', one('Conv', { w: weights([4, 4, 3]) }, { strides: ints(0) }), 17],
    ['Loop', one('Loop', {}, { body: ofGraph(inner) }), 17],
    ['an output that nothing makes', { ...one('Relu', {}), outputs: [{ name: 'nowhere' }] }, 17],
    ['an input that nothing makes', { ...one('Add', {}), nodes: [node('Add', ['x', 'nowhere'], ['y'])] }, 17],
    [
      'a circle',
      {
        ...one('Add', {}),
        nodes: [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b']), node('Neg', ['a'], ['y'])],
      },
      17,
    ],
    [
      'two nodes that make one value',
      { ...one('Neg', {}), nodes: [node('Neg', ['x'], ['y']), node('Abs', ['x'], ['y'])] },
      17,
    ],
    ['an Einsum that is no matmul', one('Einsum', { b: weights([8, 8]) }, { equation: text('iij,jk->ik') }), 17],
    ['a Reshape to what does not fit', one('Reshape', { s: longs(5, 7) }), 17],
    ['a Reshape with two sizes left open', one('Reshape', { s: longs(-1, -1) }), 17],
    [
      'an If that a value decides',
      {
        ...one('If', {}),
        nodes: [
          node('ReduceSum', ['x'], ['s'], { keepdims: int(0) }),
          node('Cast', ['s'], ['c'], { to: int(9) }),
          node('If', ['c'], ['y'], { then_branch: ofGraph(inner), else_branch: ofGraph(inner) }),
        ],
      },
      17,
    ],
    [
      'numbers that are fewer than the shape needs',
      one('Add', { w: { dims: [1, 4, 8], type: 'float32', values: [1, 2] } }),
      17,
    ],
    ['a shape of 2^60 elements', one('Add', { w: { dims: [2 ** 30, 2 ** 30], type: 'float32', values: [1] } }), 17],
    ['a size below 0', one('Add', { w: { dims: [-1], type: 'float32', values: [1] } }), 17],
    ['a constant of 2^60 elements', one('Expand', { s: longs(2 ** 30, 2 ** 30, 1, 1) }), 17],
  ])('%s', async (_what, graph, opset) => {
    const file = model(graph, opset);
    const outcome = load(file).then((network) => network.forward({ x: rand(...(graph.inputs![0]!.dims as number[])) }));
    await expect(outcome).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['a text', Buffer.from('import torch\n')],
    ['a safetensors file', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')])],
    ['the first half of a file', model(convolution({ w: KERNEL, b: BIAS })).subarray(0, 120)],
    ['zeros', new Uint8Array(1000)],
  ])('%s', async (_what, bytes) => {
    await expect(load(bytes)).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test.each([
    ['no path', 5],
    ['a plain object', {}],
    ['nothing', undefined],
  ])('%s instead of a file', async (_what, value) => {
    await expect(load(value as never)).rejects.toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  });

  test('a path to nothing, with the code of Node', async () => {
    await expect(load(join(folder, 'nothing.onnx'))).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
