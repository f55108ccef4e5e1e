import { describe, expect, test } from 'vitest';
import { Conv1d, type Conv1dOptions, functional, manualSeed, ones, rand, tensor, zeros } from '../lib/index.ts';

describe('the defaults are those of PyTorch', () => {
  const conv = new Conv1d(2, 3, 5);
  const { stride, padding, dilation, groups, paddingMode, dtype, algorithm, maxWeightBytes, bias, training } = conv;
  test.each([
    ['stride', stride, 1],
    ['padding', padding, 0],
    ['dilation', dilation, 1],
    ['groups', groups, 1],
    ['paddingMode', paddingMode, 'zeros'],
    ['dtype', dtype, 'float32'],
    ['algorithm', algorithm, 'direct'],
    ['maxWeightBytes', maxWeightBytes, 2 ** 28],
    ['the shape of bias', bias?.shape, [3]],
    ['training', training, true],
  ])('%s', (_, value, expected) => expect(value).toEqual(expected));

  test('an undefined option counts as not given', () => {
    const names = [
      'stride',
      'padding',
      'dilation',
      'groups',
      'bias',
      'paddingMode',
      'dtype',
      'algorithm',
      'maxWeightBytes',
    ];
    const options = Object.fromEntries(names.map((name) => [name, undefined])) as Conv1dOptions;
    expect(String(new Conv1d(2, 3, 5, options))).toBe(String(new Conv1d(2, 3, 5)));
  });

  test('options from an object without a prototype are fine', () => {
    const options = Object.assign(Object.create(null) as object, { stride: 2 });
    expect(new Conv1d(2, 3, 5, options).stride).toBe(2);
  });
});

describe('a seed makes the layer that it makes in PyTorch', () => {
  // The first numbers of torch.manual_seed(0); a = nn.Conv1d(4, 6, 5, groups=2, dtype=float64); b = nn.Conv1d(2, 3, 5).
  test('the weight before the bias, with the fan-in of one group', () => {
    manualSeed(0);
    const a = new Conv1d(4, 6, 5, { groups: 2, dtype: 'float64' });
    expect(() => new Conv1d(2, 3, 5, { stride: 0 })).toThrow(); // what is refused draws nothing
    const b = new Conv1d(2, 3, 5);
    expect(a.weight.data[0]).toBe(0.29728762134158987);
    expect(a.bias!.data[0]).toBe(0.04409054761055896);
    expect(b.weight.data[0]).toBe(-0.206011563539505);
    expect([...b.bias!.data]).toEqual([-0.2837669551372528, -0.27304303646087646, -0.049483153969049454]);
  });
});

describe('padding decides the length of the output', () => {
  const cases: [options: Conv1dOptions & { kernelSize: number }, length: number, outLength: number][] = [
    [{ kernelSize: 5 }, 6, 2],
    [{ kernelSize: 5, padding: 2 }, 6, 6],
    [{ kernelSize: 5, padding: [3, 0] }, 6, 5],
    [{ kernelSize: 5, padding: [0, 4], stride: 2 }, 6, 3],
    [{ kernelSize: 5, padding: 'valid' }, 6, 2],
    [{ kernelSize: 5, padding: 'same' }, 6, 6],
    [{ kernelSize: 4, padding: 'same' }, 6, 6],
    [{ kernelSize: 4, padding: 'same', dilation: 3 }, 6, 6],
    [{ kernelSize: 4, padding: 'same', dilation: 3, paddingMode: 'replicate' }, 6, 6],
    [{ kernelSize: 5, padding: 'causal' }, 6, 6],
    [{ kernelSize: 3, padding: 'causal', dilation: 4, stride: 2 }, 7, 4],
    [{ kernelSize: 3, padding: 1, stride: 2 }, 7, 4],
    [{ kernelSize: 3, padding: 1, stride: 7 }, 7, 1],
    [{ kernelSize: 9, padding: 4 }, 1, 1],
    [{ kernelSize: 1, stride: 2 ** 31 }, 6, 1],
  ];
  test.each(cases)('%o on length %i', ({ kernelSize, ...options }, length, outLength) => {
    const conv = new Conv1d(2, 3, kernelSize, options);
    expect(conv.forward(zeros(4, 2, length)).shape).toEqual([4, 3, outLength]);
    expect(conv.forward(zeros(2, length)).shape).toEqual([3, outLength]);
    expect(conv.forward(zeros(0, 2, length)).shape).toEqual([0, 3, outLength]);
  });
});

describe('which elements padding adds', () => {
  // A kernel of zeros with a single one: the output is a stretch of the padded signal.
  const cases: [
    padding: Conv1dOptions['padding'],
    paddingMode: Conv1dOptions['paddingMode'],
    taps: number[],
    expected: number[],
  ][] = [
    [[2, 1], 'zeros', [1], [0, 0, 1, 2, 3, 4, 0]],
    [[2, 1], 'reflect', [1], [3, 2, 1, 2, 3, 4, 3]],
    [[2, 1], 'replicate', [1], [1, 1, 1, 2, 3, 4, 4]],
    [[2, 1], 'circular', [1], [3, 4, 1, 2, 3, 4, 1]],
    ['same', 'zeros', [0, 1], [2, 3, 4, 0]],
    ['same', 'circular', [0, 1], [2, 3, 4, 1]],
    ['same', 'replicate', [0, 0, 0, 1], [3, 4, 4, 4]],
    ['causal', 'zeros', [1, 0], [0, 1, 2, 3]],
    ['causal', 'reflect', [1, 0, 0], [3, 2, 1, 2]],
  ];
  test.each(cases)('%o in mode %s with taps %o', (padding, paddingMode, taps, expected) => {
    const conv = new Conv1d(1, 1, taps.length, { padding, paddingMode, bias: false });
    conv.loadStateDict({ weight: tensor([[taps]]) });
    expect(conv.forward(tensor([[1, 2, 3, 4]])).toArray()).toEqual([expected]);
  });
});

describe('each numeric parameter takes integers only', () => {
  const values: [value: unknown, code: string][] = [
    [Number.NaN, 'ERR_CONV1D_VALUE'],
    [Number.POSITIVE_INFINITY, 'ERR_CONV1D_VALUE'],
    [Number.NEGATIVE_INFINITY, 'ERR_CONV1D_VALUE'],
    [1.5, 'ERR_CONV1D_VALUE'],
    [1e-300, 'ERR_CONV1D_VALUE'],
    [2 ** 53, 'ERR_CONV1D_VALUE'],
    [2 ** 63, 'ERR_CONV1D_VALUE'],
    [-(2 ** 53), 'ERR_CONV1D_VALUE'],
    ['1', 'ERR_CONV1D_TYPE'],
    [1n, 'ERR_CONV1D_TYPE'],
    [true, 'ERR_CONV1D_TYPE'],
    [null, 'ERR_CONV1D_TYPE'],
    [{ valueOf: () => 1 }, 'ERR_CONV1D_TYPE'],
    [new Number(1), 'ERR_CONV1D_TYPE'],
    [Symbol('one'), 'ERR_CONV1D_TYPE'],
    [() => 1, 'ERR_CONV1D_TYPE'],
  ];
  const parameters: [name: string, make: (value: never) => unknown][] = [
    ['inChannels', (value) => new Conv1d(value, 3, 5)],
    ['outChannels', (value) => new Conv1d(2, value, 5)],
    ['kernelSize', (value) => new Conv1d(2, 3, value)],
    ['stride', (value) => new Conv1d(2, 3, 5, { stride: value })],
    ['dilation', (value) => new Conv1d(2, 3, 5, { dilation: value })],
    ['groups', (value) => new Conv1d(2, 3, 5, { groups: value })],
    ['padding[0]', (value) => new Conv1d(2, 3, 5, { padding: [value, 0] })],
    ['padding[1]', (value) => new Conv1d(2, 3, 5, { padding: [0, value] })],
    ['stride', (value) => functional.conv1d(zeros(2, 6), zeros(3, 2, 5), null, { stride: value })],
  ];
  for (const [name, make] of parameters) {
    test.each(values)(`${name} %o`, (value, code) => {
      expect(() => make(value as never)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(name) }),
      );
    });
  }
  test.each(values.filter(([value]) => value !== '1'))('padding %o', (value, code) => {
    expect(() => new Conv1d(2, 3, 5, { padding: value as never })).toThrow(expect.objectContaining({ code }));
  });
  test.each([[[]], [[1]], [[1, 2, 3]]])('padding %o is not [left, right]', (padding) => {
    expect(() => new Conv1d(2, 3, 5, { padding: padding as never })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_VALUE', message: expect.stringContaining('[left, right]') }),
    );
  });
  test('-0 is 0', () => {
    expect(Object.is(new Conv1d(2, 3, 5, { padding: -0 }).padding, 0)).toBe(true);
  });
});

describe('bias, paddingMode and dtype take nothing else', () => {
  test.each([
    ['bias', 0],
    ['bias', 1],
    ['bias', null],
    ['bias', 'false'],
    ['paddingMode', null],
    ['paddingMode', ['zeros']],
    ['dtype', null],
    ['dtype', Float32Array],
  ])('%s %o', (name, value) => {
    expect(() => new Conv1d(2, 3, 5, { [name]: value })).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  });
});

describe('unknown options are refused with the nearest right name', () => {
  const x = zeros(2, 6);
  const cases: [name: string, call: () => unknown, nearest: string][] = [
    ['strid', () => new Conv1d(2, 3, 5, { strid: 2 } as never), 'stride'],
    ['padding_mode', () => new Conv1d(2, 3, 5, { padding_mode: 'zeros' } as never), 'paddingMode'],
    ['Dilation', () => new Conv1d(2, 3, 5, { Dilation: 2 } as never), 'dilation'],
    ['output', () => new Conv1d(2, 3, 5).forward(x, { outs: x } as never), 'out'],
    ['paddings', () => functional.conv1d(x, zeros(3, 2, 5), null, { paddings: 1 } as never), 'padding'],
    ['strick', () => new Conv1d(2, 3, 5).loadStateDict({}, { strick: false } as never), 'strict'],
  ];
  test.each(cases)('%s', (_, call, nearest) => {
    expect(call).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_OPTION',
        message: expect.stringContaining(`did you mean '${nearest}'?`),
      }),
    );
  });
  test('functional.conv1d has no paddingMode, as in PyTorch', () => {
    expect(() => functional.conv1d(x, zeros(3, 2, 5), null, { paddingMode: 'zeros' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_OPTION' }),
    );
  });
  test.each([[null], [5], ['same'], [[1]], [new Map()], [() => ({})]])('%o is no options object', (options) => {
    expect(() => new Conv1d(2, 3, 5, options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  });
});

describe('each option is read once', () => {
  /** An object that counts how often each of its options is read. */
  function counting(options: object): { options: object; reads: Map<PropertyKey, number> } {
    const reads = new Map<PropertyKey, number>();
    const proxy = new Proxy(options, {
      get(target, name, receiver) {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    return { options: proxy, reads };
  }

  test('by the constructor', () => {
    const padding = counting([1, 2]);
    const all = {
      stride: 1,
      padding: padding.options,
      dilation: 1,
      groups: 1,
      bias: true,
      paddingMode: 'zeros',
      dtype: 'float32',
      algorithm: 'fast',
      maxWeightBytes: 2 ** 20,
    };
    const { options, reads } = counting(all);
    expect(new Conv1d(2, 3, 5, options).padding).toEqual([1, 2]);
    expect([...reads]).toEqual(expect.arrayContaining(Object.keys(all).map((name) => [name, 1])));
    expect([...reads.values()].every((count) => count === 1)).toBe(true);
    expect([...padding.reads.values()].every((count) => count === 1)).toBe(true);
  });

  test('by functional.conv1d, forward and loadStateDict', () => {
    const conv = new Conv1d(2, 3, 5);
    const x = zeros(2, 6);
    const calls: [options: object, call: (options: object) => unknown][] = [
      [
        { stride: 1, padding: 2, dilation: 1, groups: 1, algorithm: 'fast', maxWeightBytes: 2 ** 20 },
        (options) => functional.conv1d(x, conv.weight, null, options),
      ],
      [{ out: zeros(3, 2) }, (options) => conv.forward(x, options)],
      [{ strict: true, prefix: '' }, (options) => conv.loadStateDict(conv.stateDict(), options)],
    ];
    for (const [given, call] of calls) {
      const { options, reads } = counting(given);
      call(options);
      expect(Object.fromEntries(reads)).toEqual(Object.fromEntries(Object.keys(given).map((name) => [name, 1])));
    }
  });

  test('a padding array is copied', () => {
    const padding: [number, number] = [1, 2];
    const conv = new Conv1d(2, 3, 5, { padding });
    padding[0] = 99;
    expect(conv.padding).toEqual([1, 2]);
    expect(conv.forward(zeros(2, 6)).shape).toEqual([3, 5]);
  });
});

describe('out', () => {
  const conv = new Conv1d(2, 3, 5);
  const x = rand(4, 2, 6);

  test('receives the same numbers and is returned', () => {
    const out = zeros(4, 3, 2);
    expect(conv.forward(x, { out })).toBe(out);
    expect(out.data).toEqual(conv.forward(x).data);
  });
  test('may be a view without gaps', () => {
    const whole = ones(6, 3, 2);
    conv.forward(x, { out: whole.at([1, 5]) });
    expect(whole.at([1, 5]).data).toEqual(conv.forward(x).data);
    expect([...whole.at(0).data, ...whole.at(5).data].every((value) => value === 1)).toBe(true);
  });
  test('undefined means none', () => expect(conv.forward(x, { out: undefined }).shape).toEqual([4, 3, 2]));

  const base = new Float32Array(100);
  const weightBytes = conv.weight.data.buffer as ArrayBuffer;
  const cases: [name: string, code: string, input: unknown, out: unknown][] = [
    ['of another shape', 'ERR_CONV1D_SHAPE', x, zeros(4, 3, 3)],
    ['of another rank', 'ERR_CONV1D_SHAPE', x, zeros(1, 4, 3, 2)],
    ['batched for an unbatched input', 'ERR_CONV1D_SHAPE', x.at(0), zeros(1, 3, 2)],
    ['of another dtype', 'ERR_CONV1D_DTYPE', x, zeros(4, 3, 2, { dtype: 'float64' })],
    ['with gaps', 'ERR_CONV1D_SHAPE', x, zeros(4, 3, 4).at([0, 4], [0, 3], [0, 2])],
    ['null', 'ERR_CONV1D_TYPE', x, null],
    ['a typed array', 'ERR_CONV1D_TYPE', x, new Float32Array(24)],
    [
      'over the input',
      'ERR_CONV1D_OVERLAP',
      tensor(base.subarray(0, 48), [4, 2, 6]),
      tensor(base.subarray(47, 71), [4, 3, 2]),
    ],
    [
      'before the input',
      'ERR_CONV1D_OVERLAP',
      tensor(base.subarray(23, 71), [4, 2, 6]),
      tensor(base.subarray(0, 24), [4, 3, 2]),
    ],
    ['over the weight', 'ERR_CONV1D_OVERLAP', x, tensor(new Float32Array(weightBytes, 0, 24), [4, 3, 2])],
  ];
  test.each(cases)('%s is refused', (_, code, input, out) => {
    expect(() => conv.forward(input as never, { out: out as never })).toThrow(expect.objectContaining({ code }));
  });
  test('over the bias is refused', () => {
    const wide = new Conv1d(1, 24, 1);
    const out = tensor(wide.bias!.data, [1, 24, 1]);
    expect(() => wide.forward(zeros(1, 1, 1), { out })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_OVERLAP' }),
    );
    expect(() => wide.eval().forward(zeros(1, 1, 1), { out })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_OVERLAP' }),
    );
  });
  test('may lie next to the input in one buffer', () => {
    const input = tensor(base.subarray(0, 48), [4, 2, 6]);
    const out = tensor(base.subarray(48, 72), [4, 3, 2]);
    expect(conv.forward(input, { out }).data).toEqual(conv.forward(input).data);
  });
});

describe('training and evaluation', () => {
  const x = ones(1, 3);
  const make = () => {
    const conv = new Conv1d(1, 1, 1, { bias: false });
    conv.weight.data[0] = 2;
    return conv;
  };
  const first = (conv: Conv1d) => conv.forward(x).data[0];

  test('in training mode the weights are read at every call', () => {
    const conv = make();
    expect(first(conv)).toBe(2);
    conv.weight.data[0] = 3;
    expect(first(conv)).toBe(3);
  });
  test('eval() takes a snapshot, and takes another one when it is called again', () => {
    const conv = make().eval();
    expect(conv.training).toBe(false);
    conv.weight.data[0] = 3;
    expect(first(conv)).toBe(2);
    expect(first(conv.eval())).toBe(3);
  });
  test('train() goes back to reading them', () => {
    const conv = make().eval();
    conv.weight.data[0] = 3;
    expect(first(conv.train())).toBe(3);
    expect(conv.training).toBe(true);
  });
  test('train(false) is eval(), and train(true) is train()', () => {
    const conv = make();
    expect(conv.train(false)).toBe(conv);
    expect(conv.training).toBe(false);
    conv.weight.data[0] = 3;
    expect(first(conv)).toBe(2);
    expect(first(conv.train(true))).toBe(3);
    expect(conv.training).toBe(true);
  });
  test.each([[0], [1], [null], ['false'], [{}]])('train(%o) is refused, and changes nothing', (mode) => {
    const conv = make().eval();
    expect(() => conv.train(mode as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_TYPE',
        message: expect.stringContaining('training mode is expected to be boolean, but got '),
      }),
    );
    expect(conv.training).toBe(false);
  });
  test('loadStateDict in evaluation mode takes a new snapshot', () => {
    const conv = make().eval();
    conv.loadStateDict({ weight: tensor([[[5]]]) });
    expect(first(conv)).toBe(5);
  });
  test('both modes give the same bits', () => {
    const conv = new Conv1d(6, 9, 5, { padding: 'same', groups: 3 });
    const input = rand(3, 6, 50);
    const trained = conv.forward(input).data;
    expect(conv.eval().forward(input).data).toEqual(trained);
  });
});
