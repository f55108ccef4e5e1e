import { describe, expect, test } from 'vitest';
import { Conv1d, type FloatDtype, functional, ones, rand, serializeNpy, Tensor, tensor, zeros } from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { allocateResult } from '../lib/native/resultMemory.ts';
import { allocate } from '../lib/tensor/allocate.ts';
import { viewOf } from '../lib/tensor/tensor.ts';
import { elementsOfView } from '../lib/tensor/view.ts';
import { codeOf, detach } from './helpers/refusals.ts';

const x = rand(4, 2, 6);

describe('what only looks like a tensor is refused', () => {
  const shape = [4, 2, 6];
  const data = new Float32Array(48);
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const impostors: [name: string, value: unknown][] = [
    ['an object with the prototype of a tensor', Object.create(Tensor.prototype)],
    ['an object with its properties too', Object.create(Tensor.prototype, { shape: { value: shape } })],
    ['an object with the same properties', { shape, data, dtype: 'float32', isContiguous: true, numel: 48 }],
    ['a proxy of a tensor', new Proxy(x, {})],
    ['a revoked proxy', revoked.proxy],
    ['a typed array', data],
    ['nested arrays', x.toArray()],
    ['a layer', new Conv1d(2, 3, 5)],
    ['the class', Tensor],
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['a string', 'tensor'],
    ['a symbol', Symbol('tensor')],
    [
      'an object that throws when it becomes a string',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
  ];
  test.each(impostors)('%s', (_, value) => {
    const conv = new Conv1d(2, 3, 5);
    const given = value as never;
    expect(codeOf(() => conv.forward(given))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => functional.conv1d(given, conv.weight))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => functional.conv1d(x, given))).toBe('ERR_CONV1D_TYPE');
    if (value !== null && value !== undefined) {
      expect(codeOf(() => functional.conv1d(x, conv.weight, given))).toBe('ERR_CONV1D_TYPE');
    }
    if (value !== undefined) expect(codeOf(() => conv.forward(x, { out: given }))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => conv.loadStateDict({ weight: given, bias: zeros(3) }))).toBe('ERR_CONV1D_STATE_DICT');
  });
});

describe('what a tensor says of itself is not asked for', () => {
  /** A real tensor whose properties all answer otherwise, and count how often they are asked. */
  function liar(real: Tensor, answer: () => unknown): { lie: Tensor; asked: () => number } {
    let count = 0;
    const get = (): unknown => {
      count++;
      return answer();
    };
    const names = ['shape', 'data', 'dtype', 'numel', 'ndim', 'isContiguous', 'detach', 'clone', 'at', 'item'];
    for (const name of names) Object.defineProperty(real, name, { get });
    return { lie: real, asked: () => count };
  }
  const answers: [name: string, answer: () => unknown][] = [
    ['a larger shape', () => [4000, 2, 6]],
    ['a shape of junk', () => [Symbol('4'), {}, Number.NaN]],
    ['no array', () => ({ length: 3 })],
    ['longer data', () => new Float32Array(480)],
    ['data of another dtype', () => new Float64Array(48)],
    ['undefined', () => undefined],
    [
      'an error',
      () => {
        throw new Error('asked');
      },
    ],
  ];
  test.each(answers)('as input, weight, bias, out, chunk, operand and in a state dict: %s', (_, answer) => {
    const conv = new Conv1d(2, 3, 5);
    const y = conv.forward(x);
    const liars = [x.clone(), conv.weight.clone(), conv.bias!.clone(), zeros(4, 3, 2)].map((each) =>
      liar(each, answer),
    );
    const [input, weight, bias, out] = liars.map(({ lie }) => lie) as [Tensor, Tensor, Tensor, Tensor];
    expect(conv.forward(input).toArray()).toEqual(y.toArray());
    conv.forward(input, { out });
    expect(Tensor.prototype.toArray.call(out)).toEqual(y.toArray());
    expect(functional.conv1d(input, weight, bias).toArray()).toEqual(y.toArray());
    expect(conv.stream({ batch: 4 }).push(input).toArray()).toEqual(y.toArray());
    expect(tensor([1]).add(input).sub(1).shape).toEqual([4, 2, 6]);
    expect(Tensor.prototype.toString.call(input)).toBe(String(x));
    expect(Buffer.from(serializeNpy(input)).equals(serializeNpy(x))).toBe(true);
    const other = new Conv1d(2, 3, 5);
    other.loadStateDict({ weight, bias });
    expect(other.forward(x).toArray()).toEqual(y.toArray());
    expect(liars.map(({ asked }) => asked())).toEqual([0, 0, 0, 0]);
  });

  test('of the parameters of a layer neither', () => {
    const conv = new Conv1d(2, 3, 5);
    const dict = new Conv1d(2, 3, 5).stateDict();
    const { asked } = liar(conv.weight, () => undefined);
    conv.loadStateDict(dict);
    expect(conv.eval().stateDict().weight!.data).toEqual(dict.weight!.data);
    expect(asked()).toBe(0);
  });
});

describe('memory that is gone is an error, never a read', () => {
  const make = () => ({ conv: new Conv1d(2, 3, 5), input: rand(4, 2, 6), out: zeros(4, 3, 2) });

  test.each(['input', 'out', 'weight', 'bias'] as const)('a detached %s', (which) => {
    const { conv, input, out } = make();
    detach({ input, out, weight: conv.weight, bias: conv.bias! }[which].data);
    expect(codeOf(() => conv.forward(input, { out }))).toBe('ERR_CONV1D_DETACHED');
    if (which === 'weight' || which === 'bias') {
      expect(codeOf(() => conv.forward(input))).toBe('ERR_CONV1D_DETACHED');
      expect(codeOf(() => functional.conv1d(input, conv.weight, conv.bias))).toBe('ERR_CONV1D_DETACHED');
      expect(codeOf(() => conv.eval())).toBe('ERR_CONV1D_DETACHED');
      expect(conv.training).toBe(true);
      expect(codeOf(() => conv.loadStateDict({ weight: ones(3, 2, 5), bias: ones(3) }))).toBe('ERR_CONV1D_DETACHED');
    }
  });

  test('a detached view with gaps, and a detached state dict', () => {
    const whole = rand(4, 2, 12);
    const view = whole.at([0, 4], [0, 2], [0, 6]);
    const conv = new Conv1d(2, 3, 5);
    const dict = { weight: ones(3, 2, 5), bias: ones(3) };
    const before = conv.weight.data.slice();
    detach(whole.data);
    detach(dict.bias.data);
    expect(codeOf(() => conv.forward(view))).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => conv.loadStateDict(dict))).toBe('ERR_CONV1D_DETACHED');
    expect(conv.weight.data).toEqual(before);
  });

  test('memory that shrank', () => {
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    for (const bytes of [0, 4, 188]) {
      const buffer = new Resizable(192, { maxByteLength: 400 });
      const fixed = tensor(new Float32Array(buffer, 0, 48), [4, 2, 6]);
      const tracking = tensor(new Float32Array(buffer), [4, 2, 6]);
      const conv = new Conv1d(2, 3, 5);
      expect(conv.forward(fixed).shape).toEqual([4, 3, 2]);
      buffer.resize(bytes);
      expect(codeOf(() => conv.forward(fixed))).toBe('ERR_CONV1D_DETACHED');
      expect(codeOf(() => conv.forward(tracking))).toBe('ERR_CONV1D_DETACHED');
    }
  });

  test('in optimized code that has met a resizable buffer, too', () => {
    const resizable: ArrayBuffer = Reflect.construct(ArrayBuffer, [160, { maxByteLength: 400 }]);
    const views = [tensor(new Float32Array(resizable), [4, 10]), zeros(4, 10)].map((t) => viewOf(t)!);
    for (let i = 0; i < 200_000; i++) elementsOfView(views[i % 5 === 0 ? 0 : 1]!);
    const gone = zeros(4, 10);
    detach(gone.data);
    expect(codeOf(() => elementsOfView(viewOf(gone)!))).toBe('ERR_CONV1D_DETACHED');
  });

  test('a snapshot outlives the weight it was taken of', () => {
    const conv = new Conv1d(2, 3, 5).eval();
    const expected = conv.forward(x).data;
    detach(conv.weight.data);
    detach(conv.bias!.data);
    expect(conv.forward(x).data).toEqual(expected);
    expect(conv.forward(x, { out: zeros(4, 3, 2) }).data).toEqual(expected);
    expect(codeOf(() => conv.eval())).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => conv.train().forward(x))).toBe('ERR_CONV1D_DETACHED');
  });

  test('shared memory works', () => {
    const conv = new Conv1d(2, 3, 5);
    const shared = new Float32Array(new SharedArrayBuffer(192));
    shared.set(x.data);
    expect(conv.forward(tensor(shared, [4, 2, 6])).data).toEqual(conv.forward(x).data);
  });
});

describe('no memory for the result', () => {
  test.each(['float32', 'float64'] as const)('is an error with a code, %s', (dtype) => {
    expect(codeOf(() => allocate(dtype, 2 ** 45))).toBe('ERR_CONV1D_MEMORY');
    expect(codeOf(() => allocateResult(dtype, 2 ** 45))).toBe('ERR_CONV1D_MEMORY');
  });
});

describe('sizes that multiply to nothing or to too much', () => {
  test('an empty batch of very long signals', () => {
    expect(new Conv1d(2, 3, 5).forward(zeros(0, 2, 2 ** 40)).shape).toEqual([0, 3, 2 ** 40 - 4]);
  });
  test('an output of 2^32 elements is refused before it is allocated', () => {
    const conv = new Conv1d(1, 2 ** 12, 1, { padding: 2 ** 19 });
    expect(codeOf(() => conv.forward(zeros(1, 1, 1)))).toBe('ERR_CONV1D_SHAPE');
  });
});

describe('a layer cannot be bent', () => {
  test.each(['weight', 'bias', 'stride', 'padding', 'kernelSize', 'inChannels', 'training'])(
    '%s is read-only',
    (name) => {
      const conv = new Conv1d(2, 3, 5);
      expect(() => Object.assign(conv, { [name]: 7 })).toThrow(TypeError);
      expect(conv.forward(x).shape).toEqual([4, 3, 2]);
    },
  );
  test('forward needs a layer to belong to', () => {
    const forward = Conv1d.prototype.forward;
    for (const owner of [undefined, null, 5, {}, Object.create(Conv1d.prototype), x]) {
      expect(codeOf(() => forward.call(owner as Conv1d, x))).toBe('ERR_CONV1D_TYPE');
    }
  });
  test('a subclass is a layer', () => {
    class Twice extends Conv1d {
      override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
        return super.forward(super.forward(input));
      }
    }
    expect(new Twice(2, 2, 3, { padding: 1 }).forward(x).shape).toEqual([4, 2, 6]);
  });
});

describe('the native side trusts nobody', () => {
  const detached = (length: number) => {
    const array = new Float32Array(length);
    detach(array);
    return array;
  };
  const unpacked = () => {
    const native = make();
    const run = native.pack(f(30), f(3));
    native.unpack();
    return run;
  };
  const make = () => new addon.Convolution('float32', 2, 3, 5, 1, 0, 0, 1, 1, 'zeros');
  const f = (length: number) => new Float32Array(length);
  const packed = () => make().pack(f(30), f(3));
  const cases: [name: string, call: () => unknown][] = [
    ['no arguments', () => new (addon.Convolution as unknown as new () => unknown)()],
    ['an unknown dtype', () => new addon.Convolution('int8' as 'float32', 2, 3, 5, 1, 0, 0, 1, 1, 'zeros')],
    ['groups that do not divide', () => new addon.Convolution('float32', 2, 3, 5, 1, 0, 0, 1, 2, 'zeros')],
    ['a stride of 0', () => new addon.Convolution('float32', 2, 3, 5, 0, 0, 0, 1, 1, 'zeros')],
    ['a weight too short', () => make().pack(f(29), null)],
    ['a weight that is a string', () => make().pack('weight' as never, null)],
    ['no snapshot', () => make().forward(f(12), 1, 6, null, null, f(6))],
    ['an input too short', () => make().forward(f(11), 1, 6, f(30), f(3), f(6))],
    ['an input too long', () => make().forward(f(13), 1, 6, f(30), f(3), f(6))],
    ['an output too short', () => make().forward(f(12), 1, 6, f(30), f(3), f(5))],
    ['a bias too short', () => make().forward(f(12), 1, 6, f(30), f(2), f(6))],
    ['a negative batch', () => make().forward(f(12), -1, 6, f(30), f(3), f(6))],
    ['a fractional length', () => make().forward(f(12), 1, 6.5, f(30), f(3), f(6))],
    ['a batch of 2^53', () => make().forward(f(12), 2 ** 53, 6, f(30), f(3), f(6))],
    ['float64 for float32', () => make().forward(new Float64Array(12), 1, 6, f(30), f(3), f(6))],
    ['bytes for floats', () => make().forward(new Uint8Array(12) as never, 1, 6, f(30), f(3), f(6))],
    ['packed: no memory that it was packed of', () => make().pack(detached(30), null)],
    ['packed: an input too short', () => packed()(f(11), 1, 6, f(6))],
    ['packed: an input that is gone', () => packed()(detached(12), 1, 6, f(6))],
    ['packed: an output too long', () => packed()(f(12), 1, 6, f(7))],
    ['packed: a batch of 1.5', () => packed()(f(12), 1.5, 6, f(6))],
    ['packed: a length of 2^53 - 1', () => packed()(f(12), 1, 2 ** 53 - 1, f(6))],
    ['packed: a length that is none', () => packed()(f(12), 1, '6' as never, f(6))],
    ['packed: integers for floats', () => packed()(f(12), 1, 6, new Int32Array(6) as never)],
    ['packed: float64 for float32', () => packed()(new Float64Array(12), 1, 6, f(6))],
    ['packed: no arguments', () => (packed() as unknown as () => void)()],
    ['packed, and unpacked again', () => unpacked()(f(12), 1, 6, f(6))],
    ['samples that are no Int16Array', () => addon.scaleSamples(f(4) as never, 0, 1, 1, f(4))],
    [
      'samples into no Float32Array',
      () => addon.scaleSamples(new Int16Array(4), 0, 1, 1, new Float64Array(4) as never),
    ],
    ['too few samples', () => addon.scaleSamples(new Int16Array(6), 0, 2, 1, f(4))],
    ['too few samples from the second on', () => addon.scaleSamples(new Int16Array(4), 1, 1, 1, f(4))],
    ['no samples', () => addon.scaleSamples(new Int16Array(0), 0, 1, 1, f(1))],
    ['a step that would overflow', () => addon.scaleSamples(new Int16Array(4), 0, 2 ** 53, 1, f(4))],
    ['a step of 0', () => addon.scaleSamples(new Int16Array(4), 0, 0, 1, f(4))],
    ['an unknown implementation', () => addon.setIsa('sse9' as 'scalar')],
    ['no threads', () => addon.setNumThreads(0)],
  ];
  test.each(cases)('%s', (_, call) => expect(codeOf(call)).toMatch(/^ERR_CONV1D_/));

  test('overlapping memory under different buffers is found by address', () => {
    const memory = f(100);
    const [input, out] = [memory.subarray(0, 12), memory.subarray(11, 17)];
    expect(codeOf(() => make().forward(input, 1, 6, f(30), null, out))).toBe('ERR_CONV1D_OVERLAP');
    expect(codeOf(() => packed()(input, 1, 6, out))).toBe('ERR_CONV1D_OVERLAP');
  });
  test('what pack gives convolves as forward does, whatever it is called on, and with the snapshot of the last pack', () => {
    const native = make();
    const weights = Array.from({ length: 2 }, () => f(30).map(Math.random));
    const input = f(12).map(Math.random);
    const expected = weights.map((weight) => {
      const out = f(6);
      native.forward(input, 1, 6, weight, f(3), out);
      return out;
    });
    const run = native.pack(weights[0]!, f(3));
    const out = f(6);
    for (const self of [undefined, null, 5, {}, addon]) {
      run.call(self, input, 1, 6, out.fill(0));
      expect(out).toEqual(expected[0]);
    }
    native.pack(weights[1]!, f(3));
    run(input, 1, 6, out);
    expect(out).toEqual(expected[1]);
  });
  test('a method on a foreign object is an error', () => {
    const { forward, pack, unpack } = addon.Convolution.prototype;
    for (const method of [forward, pack, unpack]) expect(() => (method as () => void).call({})).toThrow();
  });
});
