import { describe, expect, it } from 'vitest';
import { functional, nn, type Tensor, tensor, zeros } from '../lib/index.ts';

const { pad } = functional;
type Mode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** 0, 1, ... of (1, 1, size). */
function counted(size: number): Tensor {
  return tensor([[Array.from({ length: size }, (_, i) => i)]]) as Tensor;
}

// The values and the refusals of PyTorch 1.13, but for circular padding that it reads from memory that nobody wrote: that is refused here.
describe('padding that cuts one end and adds to the other', () => {
  it.each<[Mode, number, [number, number], number[]]>([
    ['reflect', 5, [-3, 2], [3, 4, 3, 2]],
    ['reflect', 3, [-3, 2], [1, 0]],
    ['reflect', 5, [2, -3], [2, 1, 0, 1]],
    ['reflect', 5, [-1, 4], [1, 2, 3, 4, 3, 2, 1, 0]],
    ['reflect', 5, [-6, 4], [2, 1, 0]],
    ['reflect', 5, [1, -5], [1]],
    ['reflect', 5, [-2, -2], [2]],
    ['replicate', 3, [-3, 1], [2]],
    ['replicate', 5, [-6, 2], [4]],
    ['replicate', 3, [4, -4], [0, 0, 0]],
    ['replicate', 5, [2, -3], [0, 0, 0, 1]],
    ['circular', 5, [-3, 2], [3, 4, 3, 4]],
    ['circular', 5, [-1, 4], [1, 2, 3, 4, 1, 2, 3, 4]],
    ['circular', 5, [2, -3], [0, 1, 0, 1]],
    ['constant', 5, [-3, 2], [3, 4, 9, 9]],
    ['constant', 3, [-3, 2], [9, 9]],
    ['constant', 5, [-4, 4], [4, 9, 9, 9, 9]],
    ['constant', 5, [1, -5], [9]],
  ])('%s of %i elements by %j', (mode, size, ends, expected) => {
    const y = pad(counted(size), ends, mode === 'constant' ? { mode, value: 9 } : { mode });
    expect(y.toArray()).toEqual([[expected]]);
    expect(y.isContiguous).toBe(true);
  });

  it.each<[Mode, number, [number, number]]>([
    ['reflect', 3, [-1, 4]],
    ['reflect', 3, [-5, 1]],
    ['replicate', 3, [-5, 1]],
    ['circular', 3, [-3, 2]],
    ['circular', 5, [-4, 4]],
    ['circular', 5, [-6, 2]],
    ['constant', 3, [-4, 2]],
    ['constant', 3, [1, -5]],
    ['constant', 0, [-1, 1]],
    ['replicate', 0, [-1, 1]],
  ])('%s of %i elements by %j is refused', (mode, size, ends) => {
    const x = size === 0 ? zeros(1, 1, 0) : counted(size);
    expect(() => pad(x, ends, { mode })).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' }));
  });
});

describe('results', () => {
  it('have no gaps, whatever the dimension', () => {
    const x = tensor([
      [3, 1],
      [2, 4],
      [0, 5],
    ]);
    const results = [x.softmax(0), x.logSoftmax(0), x.sort(0).values, x.sort(0).indices, x.topk(2, 0).values];
    expect(results.map(({ isContiguous }) => isContiguous)).toEqual(results.map(() => true));
    const picked = x.indexSelect(1, tensor([1, 1, 0], { dtype: 'int64' }));
    expect(picked.isContiguous).toBe(true);
    expect(picked.toArray()).toEqual([
      [1, 1, 3],
      [4, 4, 2],
      [5, 5, 0],
    ]);
    expect(x.sort(0).values.toArray()).toEqual([
      [0, 1],
      [2, 4],
      [3, 5],
    ]);
  });

  it('have memory of their own where the elements stay as they are', () => {
    const whole = tensor([1, 2, 3], { dtype: 'int64' });
    const alone = tensor(4);
    const pairs: [{ data: unknown }, { data: unknown }][] = [
      [whole, whole.floor()],
      [whole, whole.ceil()],
      [whole, whole.round()],
      [whole, whole.clamp(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)],
      [alone, alone.max(0).values],
      [alone, alone.min(0).values],
    ];
    for (const [x, y] of pairs) {
      expect(y.data).toEqual(x.data);
      expect((y.data as Float32Array).buffer).not.toBe((x.data as Float32Array).buffer);
    }
  });
});

describe('tensors without dimensions', () => {
  it('count as one element where a dimension is named', () => {
    const x = tensor(3);
    expect(x.topk(0).values.toArray()).toBe(3);
    expect(x.topk(1).indices.toArray()).toBe(0);
    expect(x.gather(0, tensor([0, 0], { dtype: 'int64' })).toArray()).toEqual([3, 3]);
    expect(
      tensor([3, 4])
        .gather(0, tensor(1, { dtype: 'int64' }))
        .toArray(),
    ).toBe(4);
    expect(x.indexSelect(0, tensor([0], { dtype: 'int64' })).toArray()).toBe(3);
    expect(x.sum(0).toArray()).toBe(3);
  });

  it('are refused where one element cannot be the answer', () => {
    const x = tensor(3);
    const shape = expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' });
    expect(() => x.indexSelect(0, tensor([0, 0], { dtype: 'int64' }))).toThrow(shape);
    expect(() => x.repeatInterleave(2, 0)).toThrow(shape);
    expect(() => x.repeatInterleave(2, 0)).toThrow('Dimension specified as 0 but tensor has no dimensions');
  });
});

describe('activations of integers', () => {
  const whole = tensor([-5, 0, 5], { dtype: 'int64' });

  it('hardtanh keeps them, its bounds without their fraction', () => {
    const y = functional.hardtanh(whole as never, -1.5, 2.5) as Tensor;
    expect([y.dtype, y.toArray()]).toEqual(['int64', [-1, 0, 2]]);
    expect(() => functional.hardtanh(tensor([1], { dtype: 'bool' }) as never)).toThrow(
      'Bool inputs not supported for hardtanh',
    );
  });

  it.each(['leakyRelu', 'elu', 'gelu', 'silu', 'softplus'] as const)('%s has none', (name) => {
    const activation = functional[name] as (x: never) => Tensor;
    expect(() => activation(whole as never)).toThrow(`"${name}" not implemented for 'Long'`);
  });
});

describe('memory of buffers', () => {
  class Holder extends nn.Module {
    table: Tensor | null;
    constructor(table: Tensor) {
      super();
      this.table = this.registerBuffer('table', table);
    }
  }

  it('with gaps is written where its elements lie', () => {
    const base = zeros(3, 2);
    const net = new Holder(base.transpose(0, 1));
    net.loadStateDict({
      table: tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    });
    expect([...base.data]).toEqual([1, 4, 2, 5, 3, 6]);
    net.loadStateDict({ table: base.transpose(0, 1) });
    expect([...base.data]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('that several elements share is refused, and nothing is written', () => {
    const one = zeros(1);
    const net = new Holder(one.expand(3));
    expect(() => net.loadStateDict({ table: tensor([1, 2, 3]) })).toThrow('refers to a single memory location');
    expect(one.data[0]).toBe(0);
  });

  it('is that of the tensor which the field holds now; with null there is none', () => {
    const net = new Holder(zeros(2));
    net.table = tensor([7, 8]);
    expect(net.stateDict().table!.toArray()).toEqual([7, 8]);
    net.table = null;
    expect(Object.keys(net.stateDict())).toEqual([]);
    net.table = 5 as never;
    expect(() => net.stateDict()).toThrow("cannot assign 5 to buffer 'table'");
  });
});

describe('a change of mode that fails', () => {
  class Stubborn extends nn.Module {
    refuses: boolean | null = null;
    override forward(x: Tensor): Tensor {
      return x;
    }
    protected override onMode(training: boolean): void {
      if (training === this.refuses) throw new Error(`no mode ${training}`);
    }
  }

  it('puts back the modules that can go back, and tells the first error', () => {
    const [a, b, c] = [new Stubborn(), new Stubborn(), new Stubborn()];
    const net = new nn.Sequential(a, b, c).eval();
    a.refuses = false;
    c.refuses = true;
    expect(() => net.train()).toThrow('no mode true');
    // The first cannot be put back, and stays where it needs no snapshot; the second can.
    expect([a, b, c].map(({ training }) => training)).toEqual([true, false, false]);
  });

  it('after a load leaves the new values, and the other snapshots are taken', () => {
    const a = new Stubborn();
    const linear = new nn.Linear(1, 1);
    const net = new nn.Sequential(a, linear).eval();
    a.refuses = false;
    const values = { '1.weight': tensor([[2]]), '1.bias': tensor([1]) };
    expect(() => net.loadStateDict(values)).toThrow('no mode false');
    expect((linear.forward(tensor([[3]])) as Tensor).toArray()).toEqual([[7]]);
  });
});
