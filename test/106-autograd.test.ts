import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  Conv1d,
  ConvTranspose1d,
  cat,
  type Dtype,
  enableGrad,
  isGradEnabled,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';

const { resolve } = createRequire(import.meta.url);

function leaf(...values: number[]): Tensor {
  return tensor(values, { requiresGrad: true });
}

function valuesOf(x: Tensor | null): unknown {
  return x?.toArray();
}

describe('leaves', () => {
  test('are what was made, and what is computed without gradients', () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    expect([x.isLeaf, y.isLeaf, y.detach().isLeaf, tensor([1]).isLeaf]).toEqual([true, false, true, true]);
    expect([x.gradFn, y.gradFn?.name, y.detach().gradFn]).toEqual([null, 'MulBackward0', null]);
    expect([y.requiresGrad, y.detach().requiresGrad, tensor([1]).add(1).requiresGrad]).toEqual([true, false, false]);
  });

  test('alone get a gradient', () => {
    const x = leaf(1, 2);
    const y = x.mul(3);
    y.sum().backward();
    expect(valuesOf(x.grad)).toEqual([3, 3]);
    expect(y.grad).toBeNull();
  });

  test('that nothing flowed to have none', () => {
    const [x, y] = [leaf(1), leaf(2)];
    x.mul(2).backward();
    expect(y.grad).toBeNull();
  });

  test('give their gradient to themselves', () => {
    const x = tensor(3, [], { requiresGrad: true });
    x.backward();
    x.backward();
    expect(valuesOf(x.grad)).toBe(2);
  });

  test('that become constants get no more of it', () => {
    const x = leaf(1, 2);
    x.requiresGrad = false;
    expect(x.mul(2).requiresGrad).toBe(false);
    x.requiresGrad = true;
    x.mul(2).sum().backward();
    expect(valuesOf(x.grad)).toEqual([2, 2]);
  });

  test('may be views of other memory', () => {
    const all = rand(2, 3);
    const row = all.at(1).detach();
    row.requiresGrad = true;
    row.mul(all.at(0)).sum().backward();
    expect(valuesOf(row.grad)).toEqual(valuesOf(all.at(0)));
  });
});

describe('what is refused, with the sentence of torch', () => {
  test('backward of what requires no gradient', () => {
    expect(() => tensor([1]).backward()).toThrow(
      'element 0 of tensors does not require grad and does not have a grad_fn',
    );
  });

  test('backward of several elements without a gradient', () => {
    expect(() => leaf(1, 2).mul(2).backward()).toThrow('grad can be implicitly created only for scalar outputs');
  });

  test('a gradient of another shape', () => {
    expect(() => leaf(1, 2).mul(2).backward(ones(3))).toThrow(
      'Mismatch in shape: grad_output[0] has a shape of torch.Size([3]) and output[0] has a shape of torch.Size([2]).',
    );
  });

  // The flag is a plain property: the next operation on the tensor reads it.
  test('flags of what was computed', () => {
    const y = leaf(1).mul(2);
    y.requiresGrad = false;
    expect(() => y.add(1)).toThrow('you can only change requires_grad flags of leaf variables.');
    y.requiresGrad = true;
    expect(y.gradFn?.name).toBe('MulBackward0');
  });

  test.each([
    ['integers', (): Tensor<Dtype> => tensor([1], { dtype: 'int64' })],
    ['bools', (): Tensor<Dtype> => leaf(1).gt(0)],
  ])('flags of %s', (_, make) => {
    const x = make();
    x.requiresGrad = true;
    expect(() => x.mul(2)).toThrow('only Tensors of floating point dtype can require gradients');
  });

  test('flags that are none', () => {
    const x = tensor([1]);
    x.requiresGrad = 'yes' as unknown as boolean;
    expect(() => x.mul(2)).toThrow("requiresGrad must be true or false, but 'yes' was assigned to it");
  });

  test('to keep the gradient of a constant', () => {
    expect(() => tensor([1]).retainGrad()).toThrow("can't retain_grad on Tensor that has requires_grad=False");
  });

  test.each([
    ['of another dtype', () => ones(1, { dtype: 'float64' }), 'assigned grad has data of a different type'],
    ['of another shape', () => ones(2), 'assigned grad has data of a different size'],
    ['that is no tensor', () => 5, 'assigned grad expected to be a Tensor or null but got 5'],
  ])('a gradient %s', (_, make, message) => {
    const x = leaf(1);
    expect(() => {
      x.grad = make() as Tensor;
    }).toThrow(message);
  });

  test('a tensor as its own gradient', () => {
    const x = leaf(1);
    expect(() => {
      x.grad = x;
    }).toThrow("can't assign Variable as its own grad");
  });

  test('to run a graph twice', () => {
    const y = leaf(1, 2).sin();
    y.sum().backward();
    expect(() => y.sum().backward()).toThrow('Trying to backward through the graph a second time');
    expect(y.gradFn?.name).toBe('SinBackward0');
  });
});

describe('gradients', () => {
  test('are added up over calls of backward, in the memory that is there', () => {
    const x = leaf(1, 2);
    x.mul(3).sum().backward();
    const first = x.grad!;
    x.mul(4).sum().backward();
    expect(x.grad).toBe(first);
    expect(valuesOf(first)).toEqual([7, 7]);
    x.grad = null;
    x.mul(5).sum().backward();
    expect([valuesOf(x.grad), valuesOf(first)]).toEqual([
      [5, 5],
      [7, 7],
    ]);
  });

  test('are added to one that was assigned', () => {
    const x = leaf(1, 2);
    x.grad = tensor([10, 20]);
    x.sum().backward();
    expect(valuesOf(x.grad)).toEqual([11, 21]);
  });

  test('are of one tensor alone', () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    const given = ones(2);
    x.add(y).backward(given);
    given.data.fill(9);
    x.grad!.data.fill(7);
    expect([valuesOf(x.grad), valuesOf(y.grad)]).toEqual([
      [7, 7],
      [1, 1],
    ]);
  });

  test('of a value that is used several times are added up', () => {
    const x = leaf(3);
    const y = x.mul(x);
    y.mul(y).add(y).add(x).backward();
    expect(valuesOf(x.grad)).toEqual([4 * 27 + 6 + 1]);
  });

  test('require none themselves', () => {
    const x = leaf(2);
    x.mul(x).backward();
    expect([x.grad!.requiresGrad, x.grad!.gradFn]).toEqual([false, null]);
  });

  test('start from a given one, which is converted', () => {
    const x = leaf(1, 2);
    x.mul(2).backward(tensor([1, 10], { dtype: 'float64' }));
    expect([valuesOf(x.grad), x.grad!.dtype]).toEqual([[2, 20], 'float32']);
  });

  test('of a value in between are kept on demand', () => {
    const x = leaf(1, 2);
    const y = x.mul(3);
    y.retainGrad();
    y.mul(y).sum().backward();
    expect([valuesOf(y.grad), valuesOf(x.grad)]).toEqual([
      [6, 12],
      [18, 36],
    ]);
  });

  test('flow again through a graph that is retained', () => {
    const x = leaf(3);
    const y = x.square();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(valuesOf(x.grad)).toEqual([12]);
    expect(() => y.backward()).toThrow('a second time');
  });

  test('flow through parts of several results, of which some are not used', () => {
    const x = leaf(5, 1, 3);
    const [first, rest] = x.split([1, 2]) as [Tensor, Tensor];
    expect([first.gradFn?.name, rest.gradFn?.name]).toEqual(['SplitWithSizesBackward0', 'SplitWithSizesBackward0']);
    rest.mul(2).sum().backward();
    expect(valuesOf(x.grad)).toEqual([0, 2, 2]);
    const { values, indices } = x.sort();
    expect([values.requiresGrad, indices.requiresGrad, indices.gradFn]).toEqual([true, false, null]);
    x.grad = null;
    values
      .mul(tensor([1, 10, 100]))
      .sum()
      .backward();
    expect(valuesOf(x.grad)).toEqual([100, 1, 10]);
  });

  test('flow through views', () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true }); // biome-ignore format: as it is printed
    x.transpose(0, 1).at(1).mul(10).sum().backward();
    expect(valuesOf(x.grad)).toEqual([
      [0, 10, 0],
      [0, 10, 0],
    ]);
  });

  test('of inputs that were broadcast and promoted have their shape and dtype', () => {
    const x = tensor([[1], [2]], { requiresGrad: true });
    const y = tensor([1, 2, 3], { requiresGrad: true, dtype: 'float64' });
    x.mul(y).sum().backward();
    expect([x.grad!.dtype, valuesOf(x.grad)]).toEqual(['float32', [[6], [6]]]);
    expect([y.grad!.dtype, valuesOf(y.grad)]).toEqual(['float64', [3, 3, 3]]);
  });

  test('end at integers and at comparisons', () => {
    const x = leaf(1.5, 2.5);
    expect(x.to('int64').requiresGrad).toBe(false);
    expect(x.gt(2).requiresGrad).toBe(false);
    expect(x.argmax().requiresGrad).toBe(false);
  });

  test('of what depends on nothing are zero, whatever flows in', () => {
    const x = leaf(1, 2, 3);
    x.pow(0).backward(tensor([1, Number.POSITIVE_INFINITY, Number.NaN]));
    expect(valuesOf(x.grad)).toEqual([0, 0, 0]);
  });

  test('of nothing are nothing', () => {
    const x = zeros(0, 3, { requiresGrad: true });
    x.mul(2).sum().backward();
    expect(x.grad!.shape).toEqual([0, 3]);
  });

  test('flow through long chains', () => {
    const x = leaf(1, 2);
    let y: Tensor = x;
    for (let i = 0; i < 10_000; i++) y = y.add(1);
    y.sum().backward();
    expect(valuesOf(x.grad)).toEqual([1, 1]);
  });

  test('flow to thousands of tensors that were put together', () => {
    const parts = Array.from({ length: 20_000 }, (_, i) => leaf(i));
    const whole = cat(parts);
    whole.mul(whole).sum().backward();
    expect(valuesOf(parts[123]!.grad)).toEqual([246]);
  });

  test('flow through a wide graph once', () => {
    const x = leaf(1);
    let y: Tensor = x;
    // 2^60 ways, and 60 calls.
    for (let i = 0; i < 60; i++) y = y.add(y).mul(0.5);
    y.backward();
    expect(valuesOf(x.grad)).toEqual([1]);
  });
});

describe('modes', () => {
  test('noGrad records nothing', () => {
    const x = leaf(1);
    expect(noGrad(() => [x.mul(2).requiresGrad, isGradEnabled()])).toEqual([false, false]);
    expect(isGradEnabled()).toBe(true);
  });

  test('enableGrad records inside of it', () => {
    const x = leaf(1);
    expect(noGrad(() => [enableGrad(() => x.mul(2).requiresGrad), x.mul(2).requiresGrad])).toEqual([true, false]);
  });

  test('end with what they compute, whatever it throws', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('of the caller');
      }),
    ).toThrow('of the caller');
    expect(isGradEnabled()).toBe(true);
  });

  test('leaves can be made in both', () => {
    const x = noGrad(() => leaf(1));
    expect([x.requiresGrad, x.isLeaf]).toEqual([true, true]);
  });

  test('backward computes in noGrad as well', () => {
    const x = leaf(2);
    const y = x.square();
    noGrad(() => y.backward());
    expect(valuesOf(x.grad)).toEqual([4]);
  });
});

describe('what is written over while a gradient needs it is detected', () => {
  const MESSAGE = 'one of the variables needed for gradient computation has been modified by an inplace operation';

  test('by an optimiser', () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const loss = w.square().sum();
    w.grad = ones(2);
    new optim.SGD([w], { lr: 0.1 }).step();
    expect(() => loss.backward()).toThrow(`${MESSAGE}: [torch.FloatTensor [2]], which was needed by PowBackward0`);
  });

  test('by loadStateDict', () => {
    const layer = new nn.PReLU();
    const loss = layer.weight.square().sum();
    layer.loadStateDict({ weight: tensor([0.5]) });
    expect(() => loss.backward()).toThrow(MESSAGE);
  });

  test('by a call with the option out', () => {
    const x = rand(1, 2, 9);
    const w = rand(1, 2, 9, { requiresGrad: true });
    const loss = x.mul(w).sum();
    new Conv1d(2, 2, 1).forward(rand(1, 2, 9), { out: x });
    expect(() => loss.backward()).toThrow(MESSAGE);
  });

  test('but not where it is not needed', () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const loss = w.mul(3).sum();
    w.grad = ones(2);
    new optim.SGD([w], { lr: 0.1 }).step();
    loss.backward();
    expect(valuesOf(w.grad)).toEqual([4, 4]);
  });
});

describe('in evaluation mode, which has a snapshot of the weights', () => {
  const layers: readonly (readonly [name: string, make: () => nn.Module, input: () => Tensor<Dtype>])[] = [
    ['Conv1d', () => new Conv1d(2, 3, 3), () => ones(1, 2, 5)],
    ['ConvTranspose1d', () => new ConvTranspose1d(2, 3, 3), () => ones(1, 2, 5)],
    ['Linear', () => new nn.Linear(2, 3), () => ones(1, 2)],
    ['LSTM', () => new nn.LSTM(2, 3), () => ones(4, 1, 2)],
    ['GRU', () => new nn.GRU(2, 3, { bidirectional: true }), () => ones(4, 1, 2)],
    ['Conv1d under weight norm', () => nn.weightNorm(new Conv1d(2, 3, 3)), () => ones(1, 2, 5)],
    ['LSTM under weight norm', () => nn.weightNorm(new nn.LSTM(2, 3), 'weight_hh_l0'), () => ones(4, 1, 2)],
    ['Embedding under weight norm', () => nn.weightNorm(new nn.Embedding(4, 3)), () => zeros(2, { dtype: 'int64' })],
  ];

  function resultOf(layer: nn.Module, x: Tensor<Dtype>): Tensor {
    return [layer.forward(x)].flat()[0] as Tensor;
  }

  /** Two steps, and what the layer computes behind them. */
  function trained(layer: nn.Module, input: () => Tensor<Dtype>): unknown {
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.5 });
    for (let step = 0; step < 2; step++) {
      optimizer.zeroGrad();
      resultOf(layer, input()).square().sum().backward();
      optimizer.step();
    }
    return noGrad(() => resultOf(layer, input())).toArray();
  }

  test.each(layers)('%s computes with what a step has made of them', (_, make, input) => {
    const made = () => {
      manualSeed(1);
      return make();
    };
    expect(trained(made().eval(), input)).toEqual(trained(made(), input));
  });

  test('the event loop stays free with the weights that a step has made, too', async () => {
    const conv = new Conv1d(2, 3, 3).eval();
    const [x, y] = [rand(1, 2, 5), rand(2, 7)];
    conv.forward(x).sum().backward();
    new optim.SGD(conv.parameters(), { lr: 1 }).step();
    const results = [await conv.forwardAsync(x), ...(await conv.forwardMany([y]))];
    conv.train();
    expect(results.map(valuesOf)).toEqual([conv.forward(x), conv.forward(y)].map(valuesOf));
  });

  test('what is written to their data has no effect until the next eval()', () => {
    const linear = new nn.Linear(1, 1, { bias: false }).eval();
    const before = linear.forward(ones(1, 1)).item();
    linear.weight.data[0] = 5;
    new optim.SGD([leaf(1)], { lr: 1 }).zeroGrad();
    expect(linear.forward(ones(1, 1)).item()).toBe(before);
    expect(linear.eval().forward(ones(1, 1)).item()).toBe(5);
  });
});

describe('a graph', () => {
  test('that was run is unreachable', () => {
    const program = `
      import { rand, cat } from ${JSON.stringify(repositoryFile('lib/index.ts'))};
      const x = rand(3, { requiresGrad: true });
      const watched = [];
      function step() {
        const y = x.sin();
        const z = cat([y, y.mul(y).tanh()]);
        for (const value of [y, z]) watched.push(new WeakRef(value), new WeakRef(value.data.buffer));
        const loss = z.softmax(0).square().mean();
        loss.backward();
        return loss;
      }
      const loss = step();
      // A reference is held until the task that looked at it has ended.
      for (let i = 0; i < 5; i++) { await new Promise(setImmediate); globalThis.gc(); }
      console.log(watched.filter((each) => each.deref() !== undefined).length, loss.gradFn.name, x.grad.shape);
    `;
    const run = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', resolve('tsx'), '--input-type=module', '--eval', program],
      { encoding: 'utf8' },
    );
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('0 MeanBackward0 [ 3 ]\n');
  });

  test('is made of values of other realms, too', () => {
    const x = tensor(runInNewContext('new Float32Array([1, 2])') as Float32Array, { requiresGrad: true });
    const options = runInNewContext('({ retainGraph: true })') as { retainGraph: boolean };
    const y = cat([x, x.mul(2)]);
    y.backward(tensor(runInNewContext('[1, 2, 3, 4]') as number[]), options);
    expect(valuesOf(x.grad)).toEqual([7, 10]);
  });

  test('of which the options are misspelt is refused', () => {
    expect(() => leaf(1).backward(null, { retain_graph: true } as object)).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_OPTION' }),
    );
  });
});
