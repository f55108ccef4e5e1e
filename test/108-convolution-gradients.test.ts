import { describe, expect, test } from 'vitest';
import {
  Conv1d,
  ConvTranspose1d,
  functional,
  manualSeed,
  nn,
  noGrad,
  rand,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { wrote } from '../lib/tensor/versions.ts';
import { goldens, operandsOf } from './golden/conv1d.ts';
import {
  type ConvolutionProblem,
  document,
  type Given,
  type GradientProblem,
  given,
  type LinearProblem,
  type TransposedGradientProblem,
} from './golden/convolutionGradients.ts';
import {
  type TransposedProblem,
  goldens as transposedGoldens,
  operandsOf as transposedOperandsOf,
} from './golden/convTranspose1d.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { codeOf, detach } from './helpers/refusals.ts';
import { EPSILON } from './reference/conv1d.ts';
import { type Problem, shapesOf } from './reference/problem.ts';

// Gradients of convolutions, transposed convolutions and linear layers.

type Run = (x: Tensor, w: Tensor, b: Tensor | null) => Tensor;

/** The gradients of sum(run(x, w, b) * g), and the name of what made the result. */
function gradients(run: Run, { x, w, b, g }: Given) {
  const [input, weight, bias] = [x, w, b].map((each) => {
    if (each === null) return null;
    const leaf = each.clone();
    leaf.requiresGrad = true;
    return leaf;
  }) as [Tensor, Tensor, Tensor | null];
  const y = run(input, weight, bias);
  y.backward(g);
  return { name: y.gradFn?.name, x: input.grad!, w: weight.grad!, b: bias === null ? null : bias.grad! };
}

/** A layer's own parameters take the place of these. */
function withParameters<L extends { readonly weight: Tensor; readonly bias: Tensor | null }>(
  layer: L,
  w: Tensor,
  b: Tensor | null,
): L {
  layer.weight.data.set(w.data);
  if (b !== null) layer.bias!.data.set(b.data);
  return layer;
}

/** The gradients by a layer, in training or evaluation mode. */
function gradientsByLayer(
  make: () => (Conv1d | ConvTranspose1d | nn.Linear) & { readonly weight: Tensor; readonly bias: Tensor | null },
  forward: (layer: never, x: Tensor) => Tensor,
  isTraining: boolean,
  { x, w, b, g }: Given,
) {
  const layer = withParameters(make(), w, b);
  if (!isTraining) layer.eval();
  const input = x.clone();
  input.requiresGrad = true;
  const y = forward(layer as never, input);
  y.backward(g);
  return { name: y.gradFn?.name, x: input.grad!, w: layer.weight.grad!, b: layer.bias?.grad ?? null };
}

const conv1dOf = (p: Problem) => () => {
  const { stride, padding, dilation, groups, paddingMode, bias, dtype } = p;
  return new Conv1d(p.inChannels, p.outChannels, p.kernelSize, {
    stride,
    padding,
    dilation,
    groups,
    paddingMode,
    bias,
    dtype,
  });
};
const transposedOf = (p: TransposedProblem) => () => {
  const { stride, padding, outputPadding, dilation, groups, bias, dtype } = p;
  return new ConvTranspose1d(p.inChannels, p.outChannels, p.kernelSize, {
    stride,
    padding,
    outputPadding,
    dilation,
    groups,
    bias,
    dtype,
  });
};
const forwardOf = (layer: Conv1d, x: Tensor) => layer.forward(x);
const transposedForwardOf = (p: TransposedProblem) => (layer: ConvTranspose1d, x: Tensor) =>
  layer.forward(x, p.outputSize === null ? undefined : { outputSize: p.outputSize });

/** The operands without signs, in float64: gradients of these are the sums of magnitudes that rounding errors depend on. */
function magnitudes({ x, w, b, g }: Given): Given {
  const of = (each: Tensor) => each.to('float64').abs();
  return { x: of(x), w: of(w), b: b === null ? null : of(b), g: of(g) };
}

function compare(
  p: GradientProblem,
  found: ReturnType<typeof gradients>,
  bounds: ReturnType<typeof gradients>,
): string[] {
  const complaints = found.name === p.gradFn ? [] : [`${found.name} is ${p.gradFn} in PyTorch`];
  const pairs = [
    ['x', found.x, p.gradX, bounds.x],
    ['w', found.w, p.gradW, bounds.w],
    ['b', found.b, p.gradB, bounds.b],
  ] as const;
  for (const [name, gradient, expected, bound] of pairs) {
    if (gradient === null && expected === undefined) continue;
    if (gradient?.dtype !== p.dtype || gradient.data.length !== expected!.length) {
      complaints.push(`the gradient of ${name} is ${gradient?.dtype} of ${gradient?.data.length} elements`);
      continue;
    }
    // As in reference/conv1d.ts; no gradient here is the sum of more products.
    const most = Math.sqrt(p.outShape.reduce((product, size) => product * size, 1) + 400) * EPSILON[p.dtype];
    const wrong = gradient.data.findIndex((value, i) =>
      p.values === 'integer' ? value !== expected![i] : !(Math.abs(value - expected![i]!) <= most * bound!.data[i]!),
    );
    if (wrong >= 0)
      complaints.push(`element ${wrong} of ${name} is ${gradient.data[wrong]}, in PyTorch ${expected![wrong]}`);
  }
  return complaints.map((complaint) => `${complaint}: ${JSON.stringify({ ...p, gradX: [], gradW: [], gradB: [] })}`);
}

describe.each(isas)('with %s, gradients equal PyTorch', (isa) => {
  test.each([
    ['in training', true],
    ['in evaluation', false],
  ])('of Conv1d %s', (_, isTraining) => {
    const complaints = document.convolutions.flatMap((p: ConvolutionProblem) => {
      const operands = given(p);
      const found = withIsa(isa, () => gradientsByLayer(conv1dOf(p), forwardOf as never, isTraining, operands));
      const bounds = gradientsByLayer(
        conv1dOf({ ...p, dtype: 'float64' }),
        forwardOf as never,
        true,
        magnitudes(operands),
      );
      return compare(p, found, bounds);
    });
    expect(complaints).toEqual([]);
  });

  test.each([
    ['in training', true],
    ['in evaluation', false],
  ])('of ConvTranspose1d %s', (_, isTraining) => {
    const complaints = document.transposed.flatMap((p: TransposedGradientProblem) => {
      const operands = given(p);
      const forward = transposedForwardOf(p) as never;
      const found = withIsa(isa, () => gradientsByLayer(transposedOf(p), forward, isTraining, operands));
      const bounds = gradientsByLayer(transposedOf({ ...p, dtype: 'float64' }), forward, true, magnitudes(operands));
      return compare(p, found, bounds);
    });
    expect(complaints).toEqual([]);
  });

  test('of the functions', () => {
    const complaints = [...document.convolutions, ...document.transposed].flatMap((p) => {
      if ('paddingMode' in p ? p.paddingMode !== 'zeros' : p.outputSize !== null) return [];
      const run: Run = (x, w, b) => {
        const { stride, padding, dilation, groups } = p;
        if (!('outputPadding' in p)) return functional.conv1d(x, w, b, { stride, padding, dilation, groups } as never);
        return functional.convTranspose1d(x, w, b, {
          stride,
          padding,
          dilation,
          groups,
          outputPadding: p.outputPadding,
        } as never);
      };
      const operands = given(p);
      return compare(
        p,
        withIsa(isa, () => gradients(run, operands)),
        gradients(run, magnitudes(operands)),
      );
    });
    expect(complaints).toEqual([]);
  });

  test('of Linear and its function', () => {
    const byFunction: Run = (x, w, b) => functional.linear(x, w, b);
    const complaints = document.linear.flatMap((p: LinearProblem) => {
      const operands = given(p);
      const bounds = gradients(byFunction, magnitudes(operands));
      const make = () => new nn.Linear(p.inFeatures, p.outFeatures, { bias: p.bias, dtype: p.dtype });
      return withIsa(isa, () => [
        ...compare(p, gradients(byFunction, operands), bounds),
        ...compare(p, gradientsByLayer(make as never, forwardOf as never, true, operands), bounds),
      ]);
    });
    expect(complaints).toEqual([]);
  });
});

describe('the adjoint identity holds in float64', () => {
  const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const products = (a: Tensor, b: Tensor) => Array.from(a.data, (value, i) => value * b.data[i]!);
  const dot = (a: Tensor, b: Tensor) => sumOf(products(a, b));

  /** How far <y, g> is from <x, its gradient> and <w, its gradient>. */
  function distance(y: Tensor, { x, w, g }: Given, found: ReturnType<typeof gradients>): number {
    const whole = dot(y, g);
    const scale = sumOf(products(y, g).map(Math.abs)) + 1;
    return Math.max(Math.abs(dot(x, found.x) - whole), Math.abs(dot(w, found.w) - whole)) / scale;
  }

  const widened = (values: ArrayLike<number>, shape: readonly number[]) => tensor(Float64Array.from(values), shape);
  const waves = (shape: readonly number[]) => {
    const wave = zeros(...shape, { dtype: 'float64' });
    for (let i = 0; i < wave.data.length; i++) wave.data[i] = Math.sin(i + 1);
    return wave;
  };

  test('on every golden problem of Conv1d', () => {
    const distances = goldens.map(({ problem }) => {
      const p: Problem = { ...problem, dtype: 'float64', bias: false };
      const shapes = shapesOf(p);
      const operands = operandsOf(problem);
      const [x, w] = [widened(operands.x, shapes.x), widened(operands.w, shapes.w)];
      const y = noGrad(() => withParameters(conv1dOf(p)(), w, null).forward(x));
      const given = { x, w, b: null, g: waves(y.shape) };
      return distance(y, given, gradientsByLayer(conv1dOf(p), forwardOf as never, true, given));
    });
    expect(Math.max(...distances)).toBeLessThan(1e-12);
  });

  test('on every golden problem of ConvTranspose1d', () => {
    const distances = transposedGoldens.map(({ problem }) => {
      const p: TransposedProblem = { ...problem, dtype: 'float64', bias: false };
      const operands = transposedOperandsOf(problem);
      const x = widened(operands.x, [...(p.batch === null ? [] : [p.batch]), p.inChannels, p.length]);
      const w = widened(operands.w, [p.inChannels, p.outChannels / p.groups, p.kernelSize]);
      const forward = transposedForwardOf(p);
      const y = noGrad(() => forward(withParameters(transposedOf(p)(), w, null), x));
      const given = { x, w, b: null, g: waves(y.shape) };
      return distance(y, given, gradientsByLayer(transposedOf(p), forward as never, true, given));
    });
    expect(Math.max(...distances)).toBeLessThan(1e-12);
  });
});

describe('gradients have the same bits', () => {
  /** Layers of every path through the kernels, with the length of their signals. */
  const layers: [name: string, make: () => Conv1d | ConvTranspose1d, shape: number[]][] = [
    ['dense', () => new Conv1d(64, 48, 5, { padding: 2 }), [2, 64, 700]],
    ['strided and dilated', () => new Conv1d(12, 40, 7, { stride: 3, dilation: 2, padding: [5, 1] }), [3, 12, 900]],
    ['depthwise', () => new Conv1d(32, 32, 9, { groups: 32, padding: 'same' }), [2, 32, 3000]],
    ['of few channels', () => new Conv1d(1, 3, 11, { padding: 5, paddingMode: 'reflect' }), [1, 1, 40000]],
    ['of short signals', () => new Conv1d(20, 30, 3, { padding: 1, paddingMode: 'circular' }), [70, 20, 9]],
    ['transposed', () => new ConvTranspose1d(40, 24, 8, { stride: 4, padding: 2 }), [2, 40, 300]],
    ['in float64', () => new Conv1d(17, 19, 3, { dtype: 'float64', padding: 'causal' }), [2, 17, 800]],
  ];

  test.each(layers)('%s, on every implementation and any number of threads', (_, make, shape) => {
    manualSeed(1);
    const layer = make();
    const x = rand(...shape, { dtype: layer.weight.dtype, requiresGrad: true });
    const g = noGrad(() => rand(...layer.forward(x as never).shape, { dtype: layer.weight.dtype }));
    const bitsWith = (isa: (typeof isas)[number], threads: number) =>
      withIsa(isa, () =>
        withThreads(threads, () => {
          const fresh = withParameters(make(), layer.weight, layer.bias);
          x.grad = null;
          fresh.forward(x as never).backward(g);
          return [x.grad!, fresh.weight.grad!, fresh.bias!.grad!].map(({ data }) =>
            Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
          );
        }),
      );
    const first = bitsWith(isas[0]!, 1);
    for (const isa of isas) for (const threads of [1, 2, 7]) expect(bitsWith(isa, threads)).toEqual(first);
  });
});

describe('gradients of convolutions', () => {
  test('reach only who asks for them', () => {
    const x = rand(1, 2, 6, { requiresGrad: true });
    const w = rand(3, 2, 5);
    functional.conv1d(x, w).sum().backward();
    expect(x.grad?.shape).toEqual([1, 2, 6]);
    expect(w.grad).toBe(null);
    const v = rand(3, 2, 5, { requiresGrad: true });
    const b = rand(3, { requiresGrad: true });
    functional.conv1d(x.detach(), v, b).sum().backward();
    expect(v.grad?.shape).toEqual([3, 2, 5]);
    expect(b.grad?.data).toEqual(new Float32Array(3).fill(2));
  });

  test('add up', () => {
    const conv = new Conv1d(1, 1, 1, { bias: false });
    for (let i = 0; i < 3; i++)
      conv
        .forward(tensor([[[1, 2]]]))
        .sum()
        .backward();
    expect(conv.weight.grad?.data).toEqual(Float32Array.of(9));
  });

  test('read views with gaps', () => {
    const whole = tensor([[[1, 9, 2, 9, 3, 9]]]);
    const w = tensor([[[1, 10]]], { requiresGrad: true });
    const every = whole.reshape(1, 1, 3, 2).narrow(3, 0, 1).reshape(1, 1, 3);
    functional.conv1d(every, w).backward(tensor([[[1, 2]]]));
    expect(w.grad?.data).toEqual(Float32Array.of(5, 8));
  });

  test('with algorithm fast are near those without', () => {
    manualSeed(3);
    const direct = new Conv1d(64, 64, 9, { padding: 4 });
    const fast = withParameters(new Conv1d(64, 64, 9, { padding: 4, algorithm: 'fast' }), direct.weight, direct.bias);
    const x = rand(1, 64, 2000);
    const [a, b] = [direct, fast].map((layer) => {
      const leaf = x.clone();
      leaf.requiresGrad = true;
      layer
        .forward(leaf as never)
        .sum()
        .backward();
      return leaf.grad!.data;
    });
    expect(a!.findIndex((value, i) => !(Math.abs(value - b![i]!) < 1e-4))).toBe(-1);
  });

  test('notice weights that were written over', () => {
    const conv = new Conv1d(2, 3, 5);
    const y = conv.forward(rand(4, 2, 6, { requiresGrad: true }));
    conv.weight.data.fill(0);
    wrote(conv.weight.data);
    expect(codeOf(() => y.sum().backward())).toBe('ERR_CONV1D_GRAD');
  });
});

describe('the native side trusts nobody', () => {
  const f = (length: number) => new Float32Array(length);
  const gone = (length: number) => {
    const array = f(length);
    detach(array);
    return array;
  };
  const make = () => new addon.Convolution('float32', 2, 3, 5, 1, 0, 0, 1, 1, 'zeros');
  const transposed = () => new addon.Convolution('float32', 2, 3, 5, 2, 0, 0, 1, 1, 'zeros', 'direct', 0, true, 0);
  // (1, 2, 6) -> (1, 3, 2): gradients of 6 elements, inputs of 12, weights of 30.
  const cases: [name: string, call: () => unknown][] = [
    ['input: no arguments', () => (make().inputGradient as () => void)()],
    ['input: a gradient too short', () => make().inputGradient(f(5), 1, 6, f(30), f(12))],
    ['input: a gradient that is gone', () => make().inputGradient(gone(6), 1, 6, f(30), f(12))],
    ['input: a weight too long', () => make().inputGradient(f(6), 1, 6, f(31), f(12))],
    ['input: no weight', () => make().inputGradient(f(6), 1, 6, null as never, f(12))],
    ['input: an out too short', () => make().inputGradient(f(6), 1, 6, f(30), f(11))],
    ['input: float64 for float32', () => make().inputGradient(f(6), 1, 6, f(30), new Float64Array(12))],
    ['input: a length below the kernel', () => make().inputGradient(f(0), 1, 4, f(30), f(8))],
    ['input: a negative batch', () => make().inputGradient(f(6), -1, 6, f(30), f(12))],
    ['input: a batch of 2^53', () => make().inputGradient(f(6), 2 ** 53, 6, f(30), f(12))],
    ['input: a length of 2^53 - 1', () => make().inputGradient(f(6), 1, 2 ** 53 - 1, f(30), f(12))],
    ['input: an output padding of a stride', () => transposed().inputGradient(f(45), 1, 6, f(30), f(12), 2)],
    ['weight: no arguments', () => (make().weightGradient as () => void)()],
    ['weight: an input too short', () => make().weightGradient(f(11), 1, 6, f(6), f(30))],
    ['weight: an input that is gone', () => make().weightGradient(gone(12), 1, 6, f(6), f(30))],
    ['weight: a gradient too long', () => make().weightGradient(f(12), 1, 6, f(7), f(30))],
    ['weight: integers', () => make().weightGradient(f(12), 1, 6, new Int32Array(6) as never, f(30))],
    ['weight: an out too long', () => make().weightGradient(f(12), 1, 6, f(6), f(31))],
    ['weight: a length of 1.5', () => make().weightGradient(f(12), 1, 1.5, f(6), f(30))],
    ['bias: no arguments', () => (addon.sumChannels as () => void)()],
    ['bias: too few elements', () => addon.sumChannels(2, 3, 4, f(23), f(3))],
    ['bias: too few channels', () => addon.sumChannels(2, 3, 4, f(24), f(2))],
    ['bias: sizes whose product overflows', () => addon.sumChannels(2 ** 40, 2 ** 40, 2 ** 40, f(24), f(2))],
    ['bias: another dtype', () => addon.sumChannels(2, 3, 4, f(24), new Float64Array(3))],
  ];
  test.each(cases)('%s', (_, call) => expect(codeOf(call)).toMatch(/^ERR_CONV1D_/));

  test('overlapping memory is found by address', () => {
    const memory = f(100);
    const at = (start: number, length: number) => memory.subarray(start, start + length);
    const calls = [
      () => make().inputGradient(at(0, 6), 1, 6, f(30), at(5, 12)),
      () => make().inputGradient(f(6), 1, 6, at(0, 30), at(29, 12)),
      () => make().weightGradient(at(0, 12), 1, 6, f(6), at(11, 30)),
      () => make().weightGradient(f(12), 1, 6, at(0, 6), at(5, 30)),
      () => addon.sumChannels(1, 3, 4, at(0, 12), at(11, 3)),
    ];
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'ERR_CONV1D_OVERLAP'));
  });

  test('nothing is an empty sum', () => {
    const out = f(30).fill(7);
    make().weightGradient(f(0), 0, 6, f(0), out);
    expect(out).toEqual(f(30));
    const bias = f(3).fill(7);
    addon.sumChannels(0, 3, 5, f(0), bias);
    expect(bias).toEqual(f(3));
  });
});
