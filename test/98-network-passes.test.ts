import { describe, expect, test } from 'vitest';
import { convolution, transposedConvolution } from '../lib/convolution/operation.ts';
import { cat, functional, nn, ones, Parameter, rand, randn, type Tensor } from '../lib/index.ts';
import type { Graph, Node, Value } from '../lib/network/graph.ts';
import { foldAffine } from '../lib/network/passes/foldAffine.ts';
import { foldCut } from '../lib/network/passes/foldCut.ts';
import { foldPadding } from '../lib/network/passes/foldPadding.ts';
import { fuse } from '../lib/network/passes/fuse.ts';
import { layerOf, packLayers } from '../lib/network/passes/layers.ts';
import { removeUnread } from '../lib/network/passes/removeUnread.ts';
import { findInPlace } from '../lib/network/plan/inPlace.ts';
import { type Lifetime, placeInArena } from '../lib/network/plan/memory.ts';
import { traceGraph } from '../lib/network/trace/traceGraph.ts';
import { Dice } from './helpers/dice.ts';
import { type Forward, Of } from './helpers/networks/of.ts';

// What each pass makes of a graph, seen at the graph itself.

const graphOf = (module: nn.Module, ...inputs: readonly Tensor[]): Graph =>
  traceGraph(
    module.eval(),
    inputs.map(() => 'leaf' as const),
    inputs.map(({ dtype, shape }) => ({ dtype, shape })),
  ).graph;

const traced = (forward: Forward, fields: Readonly<Record<string, object>>, ...inputs: readonly Tensor[]): Graph =>
  graphOf(new Of(forward, fields), ...inputs);

const names = ({ nodes }: Graph) => nodes.map(({ operation }) => operation.name);

/** Who joined each node. */
const joined = ({ nodes }: Graph) =>
  nodes.map(({ operation, finishes }) => [operation.name, ...finishes.map(({ node }) => node.operation.name)]);

const signals = () => rand(2, 4, 20);

/** The values of a buffer or parameter replaced by random ones. */
function scattered<M extends nn.Module>(module: M): M {
  for (const [name, value] of Object.entries(module.stateDict())) {
    if (value.dtype !== 'float32') continue;
    const random = name.endsWith('running_var') ? rand(value.shape).add(0.5) : randn(value.shape);
    (value.data as Float32Array).set(random.data);
  }
  return module;
}

describe('foldAffine', () => {
  const norm = (channels: number) => scattered(new nn.BatchNorm1d(channels));
  const LAYERS: readonly [name: string, make: () => nn.Module, channels: number, input: () => Tensor][] = [
    ['Conv1d', () => new nn.Conv1d(4, 6, 3), 6, signals],
    ['Conv1d without bias', () => new nn.Conv1d(4, 6, 3, { bias: false }), 6, signals],
    ['Conv1d of groups', () => new nn.Conv1d(4, 6, 3, { groups: 2 }), 6, signals],
    ['a depthwise Conv1d', () => new nn.Conv1d(4, 8, 3, { groups: 4 }), 8, signals],
    ['a padded Conv1d', () => new nn.Conv1d(4, 6, 3, { padding: 2, paddingMode: 'reflect' }), 6, signals],
    ['ConvTranspose1d', () => new nn.ConvTranspose1d(4, 6, 3, { stride: 2 }), 6, signals],
    ['ConvTranspose1d without bias', () => new nn.ConvTranspose1d(4, 6, 3, { bias: false }), 6, signals],
    ['ConvTranspose1d of groups', () => new nn.ConvTranspose1d(4, 6, 3, { groups: 2 }), 6, signals],
    ['a depthwise ConvTranspose1d', () => new nn.ConvTranspose1d(4, 4, 3, { groups: 4 }), 4, signals],
    ['Linear', () => new nn.Linear(4, 6), 6, () => rand(2, 4)],
    ['Linear without bias', () => new nn.Linear(4, 6, { bias: false }), 6, () => rand(2, 4)],
  ]; // biome-ignore format: one per line
  test.each(LAYERS)('into %s', (_, make, channels, input) => {
    const layer = make();
    const module = new nn.Sequential(layer as nn.ReLU, norm(channels)).eval();
    const x = input();
    const before = graphOf(module, x);
    expect(before.nodes).toHaveLength(2);
    const after = foldAffine(before);
    expect(after.nodes).toHaveLength(1);
    expect(after.nodes[0]!.results).toEqual(before.nodes[1]!.results);
    // The folded layer alone computes what both did.
    const { parameters, weight, bias } = layerOf(after.nodes[0]!)!;
    const folded = make();
    const state = folded.stateDict();
    (state.weight!.data as Float32Array).set(weight as Float32Array);
    if (state.bias !== undefined) (state.bias.data as Float32Array).set(bias as Float32Array);
    const alone = folded.eval().forward(x) as Tensor;
    const shift = ones(channels).mul(0);
    (shift.data as Float32Array).set(bias as Float32Array);
    const whole = state.bias === undefined ? alone.add(x.ndim === 2 ? shift : shift.unsqueeze(1)) : alone;
    const expected = module.forward(x as never) as unknown as Tensor;
    expect(whole.sub(expected).abs().amax().item()).toBeLessThan(2e-5);
    expect(parameters.outChannels).toBe(channels);
  });

  const NOT: readonly [text: string, forward: Forward, fields: Record<string, object>][] = [
    ['what others read as well', (x, { conv, norm }) => {
      const y = conv.forward(x);
      return norm.forward(y).add(y);
    }, { conv: new nn.Conv1d(4, 4, 3), norm: norm(4) }],
    ['an output', (x, { conv, norm }) => {
      const y = conv.forward(x);
      return [y, norm.forward(y)];
    }, { conv: new nn.Conv1d(4, 4, 3), norm: norm(4) }],
    ['behind an activation', (x, { conv, norm }) => norm.forward(conv.forward(x).relu()), { conv: new nn.Conv1d(4, 4, 3), norm: norm(4) }],
    ['channels that are no features', (x, { lin, norm }) => norm.forward(lin.forward(x)), { lin: new nn.Linear(20, 4), norm: norm(4) }],
  ]; // biome-ignore format: one per line
  test.each(NOT)('not into %s', (_, forward, fields) => {
    const graph = traced((x: Tensor) => forward(x, fields), fields, signals());
    expect(names(foldAffine(graph))).toEqual(names(graph));
  });

  test('one norm, not the one behind it', () => {
    const graph = graphOf(new nn.Sequential(new nn.Conv1d(4, 4, 3), norm(4), norm(4)), signals());
    expect(names(foldAffine(graph))).toEqual(['conv1d', 'affine']);
  });

  test("the module's own weights stay as they are", () => {
    const conv = new nn.Conv1d(4, 4, 3);
    const before = [...conv.weight.data];
    foldAffine(graphOf(new nn.Sequential(conv, norm(4)), signals()));
    expect([...conv.weight.data]).toEqual(before);
  });
});

describe('foldPadding', () => {
  const padded = (ends: readonly number[], mode: 'constant' | 'reflect' | 'replicate' | 'circular', value = 0) =>
    (conv: nn.Conv1d) => (x: Tensor) => conv.forward(functional.pad(x, ends, { mode, ...(mode === 'constant' ? { value } : {}) })); // biome-ignore format: curried

  test.each([
    ['constant', 'zeros'],
    ['reflect', 'reflect'],
    ['replicate', 'replicate'],
    ['circular', 'circular'],
  ] as const)('%s padding becomes the convolution’s', (mode, own) => {
    const conv = new nn.Conv1d(4, 4, 3);
    const graph = traced(padded([3, 1], mode)(conv), { conv }, signals());
    const folded = removeUnread(foldPadding(graph));
    expect(names(folded)).toEqual(['conv1d']);
    expect(folded.nodes[0]!.inputs).toEqual(graph.inputs);
    expect(layerOf(folded.nodes[0]!)!.parameters).toMatchObject({ padLeft: 3, padRight: 1, paddingMode: own });
  });

  test('zeros are added to zeros', () => {
    const conv = new nn.Conv1d(4, 4, 3, { padding: 2 });
    const folded = removeUnread(foldPadding(traced(padded([3, 1], 'constant')(conv), { conv }, signals())));
    expect(layerOf(folded.nodes[0]!)!.parameters).toMatchObject({ padLeft: 5, padRight: 3, paddingMode: 'zeros' });
  });

  test('of two convolutions that read it', () => {
    const [a, b] = [new nn.Conv1d(4, 4, 3), new nn.Conv1d(4, 2, 5)];
    const graph = traced((x: Tensor) => {
      const y = functional.pad(x, [2, 2]);
      return [a.forward(y), b.forward(y)];
    }, { a, b }, signals()); // biome-ignore format: two convolutions
    expect(names(removeUnread(foldPadding(graph)))).toEqual(['conv1d', 'conv1d']);
  });

  const plain = () => new nn.Conv1d(4, 4, 3);
  const NOT: readonly [text: string, conv: () => nn.Conv1d, forward: (conv: nn.Conv1d) => (x: Tensor) => unknown][] = [
    ['of another value', plain, padded([1, 1], 'constant', 0.5)],
    ['that cuts', plain, padded([-1, 1], 'constant')],
    ['that cuts what is mirrored', plain, padded([1, -1], 'reflect')],
    ['of two dimensions', plain, padded([1, 1, 0, 0], 'constant')],
    ['mirrored, before zeros', () => new nn.Conv1d(4, 4, 3, { padding: 1 }), padded([1, 1], 'reflect')],
    ['zeros, before what is mirrored', () => new nn.Conv1d(4, 4, 3, { padding: 1, paddingMode: 'reflect' }), padded([1, 1], 'constant')],
    ['that is returned', plain, (conv) => (x) => {
      const y = functional.pad(x, [1, 1]);
      return [y, conv.forward(y)];
    }],
    ['that another operation reads', plain, (conv) => (x) => {
      const y = functional.pad(x, [1, 1]);
      return [y.relu(), conv.forward(y)];
    }],
    ['that depends on the length', plain, (conv) => (x) => conv.forward(functional.pad(x, [x.shape[2]!, 0]))],
  ]; // biome-ignore format: one per line
  test.each(NOT)('not padding %s', (_, make, forward) => {
    const conv = make();
    const graph = traced(forward(conv), { conv }, signals());
    expect(names(removeUnread(foldPadding(graph)))).toContain('pad');
  });

  test('not before a transposed convolution', () => {
    const conv = new nn.ConvTranspose1d(4, 4, 3);
    const graph = traced((x: Tensor) => conv.forward(functional.pad(x, [1, 1])), { conv }, signals());
    expect(names(removeUnread(foldPadding(graph)))).toEqual(['pad', 'conv_transpose1d']);
  });
});

describe('foldCut', () => {
  const conv = () => new nn.ConvTranspose1d(4, 3, 6, { stride: 2, padding: 1 });
  const cut = (layer: nn.ConvTranspose1d, before: number, after: number) => (x: Tensor) => {
    const y = layer.forward(x);
    return y.narrow(2, before, y.shape[2]! - before - after);
  };

  test.each([
    [0, 4],
    [4, 0],
    [1, 2],
  ])('%d in front and %d at the end are not computed', (before, after) => {
    // biome-ignore format: cases
    const layer = conv();
    const folded = foldCut(traced(cut(layer, before, after), { layer }, signals()));
    expect(names(folded)).toEqual(['conv_transpose1d']);
    expect(layerOf(folded.nodes[0]!)!.parameters).toMatchObject({ padLeft: 1 + before, padRight: 1 + after });
  });

  const NOT: readonly [text: string, forward: (layer: nn.ConvTranspose1d) => (x: Tensor) => unknown][] = [
    ['a cut of another length for each input', (layer) => (x) => layer.forward(x).narrow(2, 1, 5)],
    ['a cut of channels', (layer) => (x) => layer.forward(x).narrow(1, 0, 2)],
    ['what others read as well', (layer) => (x) => {
      const y = layer.forward(x);
      return [y.narrow(2, 1, y.shape[2]! - 1), y.relu()];
    }],
    ['what is returned as well', (layer) => (x) => {
      const y = layer.forward(x);
      return [y.narrow(2, 1, y.shape[2]! - 1), y];
    }],
    ['an output size', (layer) => (x) => layer.forward(x.narrow(2, 0, 6), { outputSize: [15] }).narrow(2, 2, 10)],
  ]; // biome-ignore format: one per line
  test.each(NOT)('not of %s', (_, forward) => {
    const layer = conv();
    const graph = traced(forward(layer), { layer }, signals());
    expect(names(foldCut(graph))).toEqual(names(graph));
  });
});

describe('removeUnread', () => {
  test('takes out what nobody reads, and what only that reads', () => {
    const graph = traced((x: Tensor) => {
      x.relu().tanh().exp();
      const y = x.sigmoid();
      y.neg();
      return y;
    }, {}, signals()); // biome-ignore format: a block
    expect(names(removeUnread(graph))).toEqual(['sigmoid']);
  });

  test('keeps a node of which one result is read', () => {
    const layer = new nn.LSTM(4, 2);
    const graph = traced((x: Tensor) => layer.forward(x)[1][1], { layer }, rand(5, 2, 4));
    expect(names(removeUnread(graph)).filter((name) => name === 'lstm')).toHaveLength(1);
  });
});

describe('fuse: who joins whom', () => {
  const [a, b] = [new nn.Conv1d(4, 4, 3, { padding: 1 }), new nn.Conv1d(4, 4, 1)];
  const linear = new nn.Linear(20, 4);
  const gain = new Parameter(rand(1, 4, 1));
  const prelu = new nn.PReLU(4);
  const snake = new nn.Snake(4);
  const FORWARDS: readonly [text: string, forward: (x: Tensor) => unknown, expected: string[][]][] = [
    ['an activation joins its convolution', (x) => a.forward(x).relu(), [['conv1d', 'relu']]],
    ['all of a chain', (x) => a.forward(x).mul(2).tanh().add(1), [['conv1d', 'mul', 'tanh', 'add']]],
    ['a linear layer is joined', (x) => linear.forward(x).sigmoid(), [['linear', 'sigmoid']]],
    ['a residual sum joins the convolution that comes last', (x) => a.forward(x).add(b.forward(x)), [['conv1d'], ['conv1d', 'add']]],
    ['whichever side it is on', (x) => {
      const y = a.forward(x);
      return b.forward(y).add(y);
    }, [['conv1d'], ['conv1d', 'add']]],
    ['the input is there before', (x) => a.forward(x).add(x).relu(), [['conv1d', 'add', 'relu']]],
    ['a sum of what comes later does not join what came before', (x) => {
      const y = a.forward(x).tanh();
      return y.add(b.forward(y.mean([2], { keepdim: true }).mul(x)));
    }, [['conv1d', 'tanh'], ['mean'], ['mul'], ['conv1d', 'add']]],
    ['a view is joined by nobody', (x) => a.forward(x).transpose(1, 2).relu(), [['conv1d'], ['permute'], ['relu']]],
    ['functions of the input join the first of them', (x) => x.relu().tanh().neg(), [['relu', 'tanh', 'neg']]],
    ['what follows a reduction begins anew', (x) => x.mean([2]).relu().neg(), [['mean'], ['relu', 'neg']]],
    ['parameters of channels join', (x) => snake.forward(prelu.forward(a.forward(x))), [['conv1d', 'leakyRelu', 'snake']]],
    ['parameters of features do not join a convolution', (x) => a.forward(x).transpose(1, 2).relu().neg(), [['conv1d'], ['permute'], ['relu', 'neg']]],
    ['what is repeated is computed by itself', (x) => a.forward(x).mul(gain).relu(), [['conv1d'], ['mul'], ['relu']]],
    ['a concatenation is joined by nobody', (x) => cat([a.forward(x), x], 1).relu(), [['conv1d'], ['cat'], ['relu']]],
    ['a value that is read twice is finished twice', (x) => {
      const y = a.forward(x);
      return [y.relu(), y.tanh()];
    }, [['conv1d', 'relu', 'tanh']]],
    ['a function of one value, twice', (x) => {
      const y = a.forward(x);
      return y.mul(y);
    }, [['conv1d', 'mul']]],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward, expected) => {
    const graph = traced(forward, { a, b, linear, gain, prelu, snake }, signals());
    expect(joined(fuse(removeUnread(graph)))).toEqual(expected);
  });

  test('a step has at most 32 functions, the others a step of their own', () => {
    const long = (x: Tensor) => {
      let y = x;
      for (let i = 0; i < 100; i++) y = y.add(i);
      return y;
    };
    for (const graph of [traced((x: Tensor) => long(a.forward(x)), { a }, signals()), traced(long, {}, signals())]) {
      const fused = fuse(graph);
      expect(fused.nodes.length).toBeGreaterThan(3);
      for (const { finishes } of fused.nodes) expect(finishes.length).toBeLessThan(32);
      expect(fused.nodes.flatMap(({ finishes }) => finishes).length + fused.nodes.length).toBe(graph.nodes.length);
    }
  });

  test('no function is lost, and none reads what comes later', () => {
    const graph = fuse(
      traced((x: Tensor) => {
        const y = a.forward(x);
        const [left, right] = [y.relu(), b.forward(y.tanh())];
        return [left.add(right), right.sub(left).mul(y), left.neg()];
      }, { a, b }, signals()),
    ); // biome-ignore format: a block
    const there = new Set<Value>(graph.inputs);
    for (const node of graph.nodes) {
      for (const each of [node, ...node.finishes.map((finish) => finish.node)]) {
        for (const value of each.inputs) expect(value.known !== undefined || there.has(value)).toBe(true);
        for (const value of each.results) there.add(value);
      }
    }
    for (const output of graph.outputs) expect(there.has(output)).toBe(true);
  });
});

describe('in place', () => {
  const a = new nn.Conv1d(4, 4, 3, { padding: 1 });
  /** The names of the operations whose results are written over, and by which. */
  const replaced = (forward: Forward): string[] => {
    const graph = fuse(removeUnread(traced(forward, { a }, signals())));
    const makers = new Map<Value, Node>();
    for (const node of graph.nodes) {
      for (const each of [node, ...node.finishes.map((finish) => finish.node)]) {
        for (const value of each.results) makers.set(value, each);
      }
    }
    return [...findInPlace(graph)].map(
      ([from, to]) => `${makers.get(from)!.operation.name} by ${makers.get(to)!.operation.name}`,
    );
  };
  const FORWARDS: readonly [text: string, forward: (x: Tensor) => unknown, expected: string[]][] = [
    ['a chain', (x) => a.forward(x).relu().tanh(), ['conv1d by relu', 'relu by tanh']],
    ['not what is returned', (x) => {
      const y = a.forward(x);
      return [y, y.relu()];
    }, []],
    ['not what a later node reads', (x) => {
      const y = a.forward(x);
      return [y.relu(), y.mean([2])];
    }, []],
    ['by the last of its readers', (x) => {
      const y = a.forward(x);
      return [y.relu(), y.tanh()];
    }, ['conv1d by tanh']],
    ['by one that reads it twice', (x) => {
      const y = a.forward(x);
      return y.mul(y);
    }, ['conv1d by mul']],
    ['not an input', (x) => x.relu(), []],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward, expected) => {
    expect(replaced(forward)).toEqual(expected);
  });
});

describe('packLayers', () => {
  const node = () => graphOf(new nn.Conv1d(4, 4, 3), signals()).nodes;

  test("a layer is the network's own, over the module's weights", () => {
    const conv = new nn.Conv1d(4, 4, 3);
    const [packed] = packLayers(graphOf(conv, signals()).nodes, { algorithm: undefined, maxWeightBytes: undefined });
    const { weight, packed: run } = layerOf(packed!)!;
    expect(weight.buffer).toBe(conv.weight.data.buffer);
    expect(run).not.toBe(null);
  });

  test('an algorithm that was asked for is that of convolutions', () => {
    const [packed] = packLayers(node(), { algorithm: 'fast', maxWeightBytes: 1000 });
    expect(layerOf(packed!)!.parameters).toMatchObject({ algorithm: 'fast', maxWeightBytes: 1000 });
  });

  test('of other operations nothing changes', () => {
    const { nodes } = traced((x: Tensor) => x.relu(), {}, signals());
    expect(packLayers(nodes, { algorithm: 'fast', maxWeightBytes: 1000 })).toEqual(nodes);
  });

  test('both kinds of convolution have layers', () => {
    for (const [layer, operation] of [
      [new nn.Conv1d(4, 4, 3), convolution],
      [new nn.ConvTranspose1d(4, 4, 3), transposedConvolution],
    ] as const) {
      const [only] = graphOf(layer, signals()).nodes;
      expect(only!.operation).toBe(operation);
      expect(layerOf(only!)).toBeDefined();
    }
  });
});

describe('placeInArena', () => {
  /** Two stretches that are needed at the same time and overlap. */
  function clash(lifetimes: readonly Lifetime[], offsets: readonly number[]): string | undefined {
    for (const [i, a] of lifetimes.entries()) {
      for (const [j, b] of lifetimes.entries()) {
        const together = i < j && a.first <= b.last && b.first <= a.last;
        const apart = offsets[i]! + a.length <= offsets[j]! || offsets[j]! + b.length <= offsets[i]!;
        if (together && !apart) return `${i} and ${j}`;
      }
    }
    return undefined;
  }

  test('never has two that are alive at the same time overlap', () => {
    for (let seed = 0; seed < 60; seed++) {
      const dice = new Dice(seed);
      const alignment = dice.pick(1, 8, 16);
      const lifetimes = Array.from({ length: dice.integer(0, 40) }, (): Lifetime => {
        const first = dice.integer(0, 30);
        return { length: dice.pick(0, 1, 15, 16, 17, dice.integer(0, 1000)), first, last: first + dice.integer(0, 8) };
      });
      const offsets = placeInArena(lifetimes, alignment);
      expect(clash(lifetimes, offsets)).toBe(undefined);
      expect(offsets.every((offset) => offset % alignment === 0)).toBe(true);
    }
  });

  test('uses memory again', () => {
    const chain = Array.from({ length: 20 }, (_, i): Lifetime => ({ length: 100, first: i, last: i + 1 }));
    const offsets = placeInArena(chain, 1);
    expect(Math.max(...offsets)).toBe(100);
  });

  test('puts the largest in front', () => {
    const lifetimes = [
      { length: 10, first: 0, last: 2 },
      { length: 100, first: 1, last: 3 },
    ];
    expect(placeInArena(lifetimes, 16)).toEqual([112, 0]);
  });
});

test('the passes leave the graph that they were given as it was', () => {
  const module = new nn.Sequential(new nn.Conv1d(4, 4, 3), new nn.BatchNorm1d(4), new nn.ReLU(), new nn.ConstantPad1d(1, 0), new nn.Conv1d(4, 4, 3)); // biome-ignore format: layers
  const graph = graphOf(module, signals());
  const before = joined(graph);
  for (const pass of [removeUnread, foldAffine, foldPadding, foldCut, fuse]) pass(graph);
  expect(joined(graph)).toEqual(before);
});
