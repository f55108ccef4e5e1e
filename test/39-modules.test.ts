import { describe, expect, test } from 'vitest';
import { manualSeed, nn, rand, randn, type StateDict, type Tensor, tensor, zeros } from '../lib/index.ts';

class Block extends nn.Module {
  readonly conv = new nn.Conv1d(2, 2, 3, { padding: 1 });
  readonly norm = new nn.BatchNorm1d(2);
  override forward(x: Tensor): Tensor {
    return x.add(this.norm.forward(this.conv.forward(x)).relu());
  }
}

class Net extends nn.Module {
  readonly scale = new nn.Parameter(tensor([2]));
  readonly first = new Block();
  readonly rest = new nn.ModuleList([new Block(), new Block()]);
  readonly factor = this.registerBuffer('factor', tensor([0.5]));
  readonly plain = zeros(3); // no parameter: PyTorch does not see it either
  readonly count = 3;
  override forward(x: Tensor): Tensor {
    return [...this.rest]
      .reduce((y, block) => block.forward(y), this.first.forward(x).mul(this.scale))
      .mul(this.factor);
  }
}

const KEYS = ['conv.weight', 'conv.bias', 'norm.weight', 'norm.bias', 'norm.running_mean', 'norm.running_var'];
const keysOf = (prefix: string) => [...KEYS, 'norm.num_batches_tracked'].map((key) => prefix + key);

describe('a module of modules', () => {
  test('finds its fields, in the order of PyTorch', () => {
    const net = new Net();
    expect(Object.keys(net.stateDict())).toEqual([
      'scale',
      'factor',
      ...['first.', 'rest.0.', 'rest.1.'].flatMap(keysOf),
    ]);
    expect(net.namedParameters().map(([name]) => name)).toHaveLength(1 + 3 * 4);
    expect(net.namedBuffers()[0]).toEqual(['factor', net.factor]);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['first', 'rest']);
    expect(net.namedModules().map(([name]) => name)).toEqual([
      '',
      'first',
      'first.conv',
      'first.norm',
      'rest',
      ...[0, 1].flatMap((i) => [`rest.${i}`, `rest.${i}.conv`, `rest.${i}.norm`]),
    ]);
  });

  test('has one mode, and takes values for all that is inside', () => {
    const net = new Net().eval();
    expect(net.modules().map(({ training }) => training)).toEqual(Array(11).fill(false));
    const other = new Net();
    expect(other.loadStateDict(net.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const x = rand(4, 2, 9);
    expect(other.eval().forward(x).data).toEqual(net.forward(x).data);
    expect(
      net
        .train()
        .modules()
        .every(({ training }) => training),
    ).toBe(true);
    net.forward(x);
    expect(net.first.norm.numBatchesTracked!.item()).toBe(1);
  });

  test('packs new values of those in evaluation mode only', () => {
    const net = new Net().eval();
    net.first.train();
    const dict: StateDict = new Net().stateDict();
    net.loadStateDict(dict);
    expect([net.first.training, net.rest.at(0).training]).toEqual([true, false]);
    const right = new Net();
    right.loadStateDict(dict);
    const x = rand(2, 2, 9);
    expect(net.eval().forward(x).data).toEqual(right.eval().forward(x).data);
  });

  test('copies nothing where something does not fit', () => {
    const net = new Net();
    const before = net.first.conv.weight.data.slice();
    const dict = { ...new Net().stateDict(), 'rest.1.norm.bias': zeros(3) };
    expect(() => net.loadStateDict(dict)).toThrow(
      'Error(s) in loading state_dict for Net:\n\tsize mismatch for rest.1.norm.bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([2]).',
    );
    expect(net.first.conv.weight.data).toEqual(before);
  });

  test('in two places has two names in the state dict and one elsewhere', () => {
    const shared = new nn.Linear(2, 2);
    const net = new nn.Sequential(shared, new nn.ReLU(), shared);
    expect(Object.keys(net.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect(net.namedParameters().map(([name]) => name)).toEqual(['0.weight', '0.bias']);
    expect(net.modules()).toHaveLength(3);
  });

  test('that contains itself is refused', () => {
    class Ring extends nn.Module {
      inner: nn.Module | undefined;
    }
    const ring = new Ring();
    ring.inner = new nn.ModuleList([ring]);
    for (const call of [
      () => ring.stateDict(),
      () => ring.eval(),
      () => String(ring),
      () => ring.parameters(),
      () => ring.apply(() => {}),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_VALUE' }));
      expect(call).toThrow("a module contains itself: 'inner.0' is the module itself again");
    }
  });

  test('prints as PyTorch prints it', () => {
    class Empty extends nn.Identity {
      readonly list = new nn.ModuleList();
      protected override get typeName(): string {
        return 'Empty';
      }
    }
    expect(String(new nn.Sequential(new Block(), new Empty()))).toBe(
      [
        'Sequential(',
        '  (0): Block(',
        '    (conv): Conv1d(2, 2, kernel_size=(3,), stride=(1,), padding=(1,))',
        '    (norm): BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)',
        '  )',
        '  (1): Empty(',
        '    (list): ModuleList()',
        '  )',
        ')',
      ].join('\n'),
    );
  });

  test('applies a function from the innermost module to itself', () => {
    const names: string[] = [];
    new nn.Sequential(new Block()).apply((module) => names.push(module.constructor.name));
    expect(names).toEqual(['Conv1d', 'BatchNorm1d', 'Block', 'Sequential']);
  });
});

describe('a sequence', () => {
  test('says which module returned nothing', () => {
    class Silent extends nn.Module {
      override forward(_x: Tensor): Tensor {
        return undefined as never;
      }
    }
    expect(() => new nn.Sequential(new nn.ReLU(), new Silent()).forward(zeros(1))).toThrow(
      'the forward of module (1), Silent, returned nothing; does it end in a return?',
    );
  });

  test('begins with indices where an embedding comes first', () => {
    const net = new nn.Sequential(new nn.Embedding(5, 3), new nn.Linear(3, 2));
    expect(net.forward(tensor([1, 4], { dtype: 'int64' })).shape).toEqual([2, 2]);
    expect(net.append(new nn.ReLU()).length).toBe(3);
    expect(String(net.at(-1))).toBe('ReLU()');
  });
});

describe('weight norm', () => {
  test('leaves the values, and gives the state dict two parts for one', () => {
    for (const make of [
      () => new nn.Conv1d(3, 4, 5),
      () => new nn.ConvTranspose1d(3, 4, 5, { stride: 2 }),
      () => new nn.Linear(3, 4),
    ]) {
      manualSeed(1);
      const plain = make();
      manualSeed(1);
      const normed = nn.weightNorm(make());
      expect(Object.keys(normed.stateDict())).toEqual(['bias', 'weight_g', 'weight_v']);
      for (const [i, value] of normed.weight.data.entries()) expect(value).toBeCloseTo(plain.weight.data[i]!, 6);
    }
  });

  test('works the weight out at each call in training mode, and once in evaluation mode', () => {
    const conv = nn.weightNorm(new nn.Conv1d(1, 1, 3, { bias: false }));
    const [g] = conv.parameters() as [nn.Parameter];
    const x = randn(1, 20);
    const before = conv.forward(x);
    g.data[0]! *= 2;
    expect(conv.forward(x).toArray()).toEqual(before.mul(2).toArray());
    conv.eval();
    g.data[0]! *= 2;
    expect(conv.forward(x).toArray()).toEqual(before.mul(2).toArray());
    expect(conv.eval().forward(x).toArray()).toEqual(before.mul(4).toArray());
  });

  test('loads both pairs of names, with the prefixes of the modules around', () => {
    const make = () => new nn.Sequential(nn.weightNorm(new nn.Conv1d(2, 3, 3)));
    const [one, two, three] = [make(), make(), make()];
    const dict = one.stateDict();
    const renamed = {
      '0.bias': dict['0.bias']!,
      '0.parametrizations.weight.original0': dict['0.weight_g']!,
      '0.parametrizations.weight.original1': dict['0.weight_v']!,
    };
    two.loadStateDict(dict);
    three.loadStateDict(renamed);
    const plain = new nn.Sequential(new nn.Conv1d(2, 3, 3));
    plain.loadStateDict(renamed); // folded
    const x = rand(2, 10);
    const right = one.forward(x).data;
    for (const other of [two, three, plain]) expect(other.forward(x).data).toEqual(right);
  });

  test('is taken away, and twice refused', () => {
    const conv = nn.weightNorm(new nn.Conv1d(2, 3, 3));
    const x = rand(2, 10);
    const before = conv.forward(x).data;
    expect(() => nn.weightNorm(conv)).toThrow('Cannot register two weight_norm hooks on the same parameter weight');
    expect(nn.removeWeightNorm(conv).forward(x).data).toEqual(before);
    expect(Object.keys(conv.stateDict())).toEqual(['weight', 'bias']);
    expect(() => nn.removeWeightNorm(conv)).toThrow("weight_norm of 'weight' not found in Conv1d");
    expect(() => nn.weightNorm(new nn.ReLU())).toThrow("is no layer of this library with a parameter 'weight'");
  });

  test('of all elements, and along the last dimension', () => {
    const shapes = ([null, 2] as const).map((dim) => {
      const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5), 'weight', dim);
      return conv.stateDict().weight_g!.shape;
    });
    expect(shapes).toEqual([[], [1, 1, 5]]);
  });
});
