import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  compile,
  loadOnnx,
  Network,
  nn,
  type OnnxOptions,
  parseOnnx,
  rand,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { type GraphOf, onnxBytes } from './helpers/onnxModel.ts';

const folder = mkdtempSync(join(tmpdir(), 'conv1d-onnx-calls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { cache } = createRequire(import.meta.url);
const hasProtobuf = () => Object.keys(cache).some((file) => file.includes('@bufbuild'));
const hadProtobuf = hasProtobuf();

const conv = new nn.Conv1d(2, 3, 5, { padding: 2 }).eval();
const WEIGHTS = {
  w: { shape: [3, 2, 5], values: [...conv.weight.data] },
  b: { shape: [3], values: [...conv.bias!.data] },
};

/** x -> Conv -> Relu -> y, of any batch and length. */
const LAYER: GraphOf = {
  nodes: [
    { type: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes: { pads: [2, 2] } },
    { type: 'Relu', inputs: ['c'], outputs: ['y'] },
  ],
  inputs: { x: ['batch', 2, 'time'] },
  outputs: ['y'],
  weights: WEIGHTS,
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'nothing';
}

const bits = (x: Tensor) => Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength).toString('hex');

describe('a model of a file', () => {
  const bytes = onnxBytes(LAYER);
  const x = rand(4, 2, 33);
  const expected = compile(new nn.Sequential(conv, new nn.ReLU()).eval(), { input: x }).forward(x) as Tensor;

  test('computes what its layers compute, bit for bit, by names and without', async () => {
    const path = join(folder, 'layer.onnx');
    writeFileSync(path, bytes);
    const network = await loadOnnx(path, { outputs: ['y'] });
    expect(bits(network.forward(x))).toBe(bits(expected));
    expect(bits(network.forward({ x }).y)).toBe(bits(expected));
    expect(bits((await network.forwardAsync({ x })).y)).toBe(bits(expected));
    expect(bits((await loadOnnx(bytes)).forward(x))).toBe(bits(expected));
  });

  test('has the names of the file, also for other threads', () => {
    const network = parseOnnx(bytes);
    expect(network.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', 2, 'time'] }]);
    expect(network.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['batch', 3, 'time'] }]);
    const opened = Network.open<[Tensor], Tensor, { y: Tensor }>(network.share());
    expect(opened.inputs).toEqual(network.inputs);
    expect(bits(opened.forward({ x }).y)).toBe(bits(expected));
    const [step] = network.summary().steps;
    expect([step!.name, step!.operation, step!.fused]).toEqual(['c', 'conv1d', ['relu']]);
  });

  test('brings the library that reads it: an import of the package alone does not load it', () => {
    expect(hadProtobuf).toBe(false);
    parseOnnx(bytes);
    expect(hasProtobuf()).toBe(true);
  });

  test('copies its bytes', () => {
    const own = bytes.slice();
    const network = parseOnnx(own);
    own.fill(0);
    expect(bits(network.forward(x))).toBe(bits(expected));
  });

  test('takes no other size where the file has a number', () => {
    const network = parseOnnx(onnxBytes({ ...LAYER, inputs: { x: [1, 2, 33] } }));
    expect(network.inputs[0]!.shape).toEqual([1, 2, 33]);
    expect(codeOf(() => network.forward(rand(1, 2, 34)))).toMatch(/^ERR_CONV1D_SHAPE/);
    expect(codeOf(() => network.forward(rand(2, 2, 33)))).toMatch(/^ERR_CONV1D_SHAPE/);
  });

  test('takes sizes of one name only together', () => {
    const sum: GraphOf = {
      nodes: [{ type: 'Add', inputs: ['x', 'y'], outputs: ['z'] }],
      inputs: { x: ['n', 4], y: ['n', 4] },
      outputs: ['z'],
    };
    const network = parseOnnx(onnxBytes(sum));
    expect(network.forward(rand(3, 4), rand(3, 4)).shape).toEqual([3, 4]);
    expect(codeOf(() => network.forward(rand(3, 4), rand(2, 4)))).toMatch(/^ERR_CONV1D_SHAPE/);
  });

  test('takes other weights by their names in the file', () => {
    const network = parseOnnx(bytes);
    const other = new nn.Conv1d(2, 3, 5, { padding: 2 }).eval();
    const before = network.forward(x);
    network.update({ w: other.weight, b: other.bias! });
    const [updated] = [compile(new nn.Sequential(other, new nn.ReLU()).eval(), { input: x }).forward(x) as Tensor];
    expect(bits(network.forward(x))).toBe(bits(updated));
    expect(bits(before)).toBe(bits(expected));
    expect(codeOf(() => network.update({ w: other.weight }))).toMatch(/^ERR_CONV1D_STATE_DICT.*"b"/s);
    expect(codeOf(() => network.update({ w: rand(3, 2, 4), b: other.bias! }))).toMatch(/^ERR_CONV1D_STATE_DICT/);
    expect(bits(network.forward(x))).toBe(bits(updated));
  });

  test('may have its nodes in any order', () => {
    const turned = parseOnnx(onnxBytes({ ...LAYER, nodes: LAYER.nodes.toReversed() }));
    expect(bits(turned.forward(x))).toBe(bits(expected));
  });
});

describe('options', () => {
  const parse = (options: OnnxOptions) => codeOf(() => parseOnnx(onnxBytes(LAYER), options));

  test.each<[name: string, options: object, says: RegExp]>([
    ['an unknown option', { algoritm: 'fast' }, /^ERR_CONV1D_OPTION.*did you mean 'algorithm'/],
    ['an unknown size', { dimensions: { tim: 5 } }, /^ERR_CONV1D_OPTION.*there are batch, time/],
    ['a size of 0', { dimensions: { time: 0 } }, /^ERR_CONV1D_VALUE/],
    ['an unknown input', { constants: { sr: 16000 } }, /^ERR_CONV1D_OPTION.*there are x/],
    ['an unknown output', { outputs: ['z'] }, /^ERR_CONV1D_VALUE.*it has y/],
    ['an unknown limit', { limits: { byte: 5 } }, /^ERR_CONV1D_OPTION.*did you mean 'bytes'/],
    ['too few nodes', { limits: { nodes: 1 } }, /^ERR_CONV1D_ONNX.*limits.nodes/],
    ['too few bytes', { limits: { bytes: 10 } }, /^ERR_CONV1D_ONNX.*limits.bytes/],
    ['data that are no bytes', { externalData: { file: 'text' } }, /^ERR_CONV1D_TYPE/],
    ['another algorithm', { algorithm: 'slow' }, /^ERR_CONV1D_VALUE/],
  ])('%s is refused', (_, options, says) => {
    expect(parse(options as OnnxOptions)).toMatch(says);
  });

  test('each is read once', () => {
    const reads = new Map<string, number>();
    const options = new Proxy({ outputs: ['y'], algorithm: 'direct' } as const, {
      get(target, name, receiver) {
        reads.set(String(name), (reads.get(String(name)) ?? 0) + 1);
        return Reflect.get(target, name, receiver);
      },
    });
    parseOnnx(onnxBytes(LAYER), options as unknown as OnnxOptions);
    expect(
      [...reads].filter(([name, count]) => name in { outputs: 0, algorithm: 0, limits: 0 } && count !== 1),
    ).toEqual([]);
  });

  test('outputs choose what is computed, and what has to be known', () => {
    const other = { type: 'NonZero', inputs: ['c'], outputs: ['places'] };
    const bytes = onnxBytes({ ...LAYER, nodes: [...LAYER.nodes, other], outputs: ['y', 'places'] });
    expect(codeOf(() => parseOnnx(bytes))).toMatch(/^ERR_CONV1D_ONNX.*'places' \(NonZero\)/);
    expect(parseOnnx(bytes, { outputs: ['y'] }).forward(rand(1, 2, 9)).shape).toEqual([1, 3, 9]);
  });
});

describe('nodes', () => {
  /** x doubled at a rate of 16000, negative at another. */
  const branches: GraphOf = {
    nodes: [
      { type: 'Equal', inputs: ['rate', 'high'], outputs: ['isHigh'] },
      {
        type: 'If',
        inputs: ['isHigh'],
        outputs: ['y'],
        attributes: {
          then_branch: { nodes: [{ type: 'Add', inputs: ['x', 'x'], outputs: ['double'] }], outputs: ['double'] },
          else_branch: { nodes: [{ type: 'NonZero', inputs: ['x'], outputs: ['none'] }], outputs: ['none'] },
        },
      },
    ],
    inputs: { x: ['batch', 2], rate: [] },
    outputs: ['y'],
    integers: { high: [16000] },
  };

  test('of the branch that is not taken may be anything', () => {
    const network = parseOnnx(onnxBytes(branches), { constants: { rate: 16000n } });
    expect(network.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(network.forward(tensor([[1, 2]])).toArray()).toEqual([[2, 4]]);
    expect(codeOf(() => parseOnnx(onnxBytes(branches), { constants: { rate: 8000n } }))).toMatch(/NonZero/);
  });

  test('that decide by what an input holds are refused, with the option that helps', () => {
    expect(codeOf(() => parseOnnx(onnxBytes(branches)))).toMatch(/^ERR_CONV1D_ONNX.*\(If\).*constants/);
  });

  test('that are not computed are all named', () => {
    const bad: GraphOf = {
      ...LAYER,
      nodes: [
        { type: 'Loop', inputs: ['x'], outputs: ['a'] },
        { type: 'Fused', domain: 'com.example', inputs: ['a'], outputs: ['d'] },
        { type: 'Relu', inputs: ['d'], outputs: ['y'], attributes: { slope: 1n } },
      ],
    };
    const message = codeOf(() => parseOnnx(onnxBytes(bad)));
    expect(message).toMatch(/^ERR_CONV1D_ONNX: 3 nodes are not computed/);
    expect(message).toContain("'a' (Loop); node 'd' (com.example.Fused); node 'y' (Relu) with the attribute slope");
  });

  test('of functions of the file take their place, with their attributes', () => {
    const twice = {
      name: 'SoftTwice',
      domain: 'local',
      inputs: ['a'],
      outputs: ['b'],
      attributes: ['over'],
      nodes: [
        { type: 'Add', inputs: ['a', 'a'], outputs: ['t'] },
        { type: 'Softmax', inputs: ['t'], outputs: ['b'], attributes: { axis: { reference: 'over' } } },
      ],
    };
    const of: GraphOf = {
      nodes: [{ type: 'SoftTwice', domain: 'local', inputs: ['x'], outputs: ['y'], attributes: { over: 1n } }],
      inputs: { x: ['batch', 3, 4] },
      outputs: ['y'],
    };
    const x = rand(2, 3, 4);
    expect(bits(parseOnnx(onnxBytes(of, [twice])).forward(x))).toBe(bits(x.add(x).softmax(1)));
    const threefold = {
      ...twice,
      overload: 'three',
      nodes: [{ type: 'Sum', inputs: ['a', 'a', 'a'], outputs: ['b'] }],
    };
    const calls = of.nodes.map((node) => ({ ...node, overload: 'three' }));
    expect(bits(parseOnnx(onnxBytes(of, [threefold, twice])).forward(x))).toBe(bits(x.add(x).softmax(1)));
    expect(bits(parseOnnx(onnxBytes({ ...of, nodes: calls }, [threefold, twice])).forward(x))).toBe(
      bits(x.add(x).add(x)),
    );
    const circle = { ...twice, nodes: [{ type: 'SoftTwice', domain: 'local', inputs: ['a'], outputs: ['b'] }] };
    expect(codeOf(() => parseOnnx(onnxBytes(of, [circle])))).toMatch(/^ERR_CONV1D_ONNX.*more than 64 deep/);
  });

  test.each([
    ['...ij,...jk->...ik', [2, 3, 4], [4, 5]],
    ['...ij,...jk', [2, 1, 3, 4], [5, 4, 3]],
  ])('of Einsum broadcast what ... stands for: %s of %j and %j', (equation, one, other) => {
    // onnxruntime refuses these; numpy and PyTorch have them.
    const nodes = [{ type: 'Einsum', inputs: ['x', 'y'], outputs: ['z'], attributes: { equation } }];
    const network = parseOnnx(onnxBytes({ nodes, inputs: { x: one, y: other }, outputs: ['z'] }));
    const [x, y] = [rand(...one), rand(...other)];
    expect(network.forward(x, y).toArray()).toEqual(x.matmul(y).toArray());
  });

  test('may be of a dimension of 0, which is no other size', () => {
    const nodes = [{ type: 'Concat', inputs: ['x', 'past'], outputs: ['y'], attributes: { axis: 1n } }];
    const network = parseOnnx(onnxBytes({ nodes, inputs: { x: ['n', 2], past: ['n', 0] }, outputs: ['y'] }));
    expect(network.forward(tensor([[1, 2]]), zeros(1, 0)).toArray()).toEqual([[1, 2]]);
    expect(codeOf(() => network.forward(rand(1, 2), rand(1, 1)))).toMatch(/^ERR_CONV1D_SHAPE/);
  });

  test('compute with sizes: the mean by the length, positions, and zeros of a shape', () => {
    const of: GraphOf = {
      nodes: [
        { type: 'Shape', inputs: ['x'], outputs: ['shape'] },
        { type: 'Gather', inputs: ['shape', 'two'], outputs: ['length'], attributes: { axis: 0n } },
        { type: 'Cast', inputs: ['length'], outputs: ['count'], attributes: { to: 1n } },
        { type: 'ReduceSum', inputs: ['x', 'two'], outputs: ['sum'] },
        { type: 'Div', inputs: ['sum', 'count'], outputs: ['mean'] },
        { type: 'Sub', inputs: ['x', 'mean'], outputs: ['centred'] },
        { type: 'ConstantOfShape', inputs: ['shape'], outputs: ['zeros'] },
        { type: 'Add', inputs: ['centred', 'zeros'], outputs: ['y'] },
      ],
      inputs: { x: ['batch', 2, 'time'] },
      outputs: ['y'],
      integers: { two: [2] },
    };
    const network = parseOnnx(onnxBytes(of));
    for (const length of [3, 10, 1000]) {
      const x = rand(2, 2, length);
      const expected = x.sub(x.mean(2, { keepdim: true }));
      expect(network.forward(x).sub(expected).abs().amax().item()).toBeLessThan(1e-6);
    }
  });
});
