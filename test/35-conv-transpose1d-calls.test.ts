import { describe, expect, test } from 'vitest';
import {
  Conv1d,
  ConvTranspose1d,
  type ConvTranspose1dOptions,
  Module,
  ones,
  rand,
  type Tensor,
  zeros,
} from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}

const bitsOf = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

const LAYERS: [inChannels: number, outChannels: number, kernelSize: number, options: ConvTranspose1dOptions][] = [
  [6, 40, 16, { stride: 8, padding: 4 }],
  [6, 40, 5, { padding: 2 }],
  [8, 8, 4, { stride: 2, padding: 1, groups: 8 }],
  [4, 6, 3, { stride: 3, dilation: 2, outputPadding: 2, dtype: 'float64' }],
];

describe.each(LAYERS)('ConvTranspose1d(%i, %i, %i, %o)', (inChannels, outChannels, kernelSize, options) => {
  const layer = new ConvTranspose1d(inChannels, outChannels, kernelSize, options).eval();
  const x = rand(3, inChannels, 301, { dtype: layer.dtype });
  const y = layer.forward(x);

  test('has the same bits on every implementation, for any threads and batch', () => {
    for (const isa of isas) {
      withIsa(isa, () => {
        const other = new ConvTranspose1d(inChannels, outChannels, kernelSize, options);
        other.loadStateDict(layer.stateDict());
        for (const threads of [1, 2]) {
          withThreads(threads, () => {
            expect(bitsOf(other.forward(x))).toBe(bitsOf(y));
            expect(bitsOf(other.eval().forward(x))).toBe(bitsOf(y));
          });
        }
        expect(bitsOf(other.forward(x.at(1)))).toBe(bitsOf(y.at(1).clone()));
      });
    }
  });

  test('has them in the background as well, one by one and together', async () => {
    expect(bitsOf(await layer.forwardAsync(x))).toBe(bitsOf(y));
    const many = await layer.forwardMany([x.at(0), x.at(2)]);
    expect(many.map(bitsOf)).toEqual([0, 2].map((i) => bitsOf(y.at(i).clone())));
  });

  test('writes into out', () => {
    const out = zeros(y.shape, { dtype: layer.dtype });
    expect(layer.forward(x, { out })).toBe(out);
    expect(bitsOf(out)).toBe(bitsOf(y));
  });

  test('explains what computes it', () => {
    const { exact, algorithm } = layer.explain(301);
    expect(exact).toBe(true);
    expect(algorithm.includes('phases')).toBe(layer.stride > 1);
  });
});

describe('outputSize', () => {
  const layer = new ConvTranspose1d(2, 3, 4, { stride: 3 });
  const x = rand(1, 2, 5);

  test('takes the place of the output padding', async () => {
    const padded = new ConvTranspose1d(2, 3, 4, { stride: 3, outputPadding: 2 });
    padded.loadStateDict(layer.stateDict());
    const expected = bitsOf(padded.forward(x));
    for (const outputSize of [18, [18], [1, 3, 18]]) {
      expect(bitsOf(layer.forward(x, { outputSize }))).toBe(expected);
      expect(bitsOf(await layer.forwardAsync(x, { outputSize }))).toBe(expected);
    }
    expect(bitsOf(padded.eval().forward(x, { outputSize: 16 }))).toBe(bitsOf(layer.forward(x)));
    const out = zeros(1, 3, 17);
    expect(layer.forward(x, { out, outputSize: 17 })).toBe(out);
  });

  test('is refused where it is no size', () => {
    expect(codeOf(() => layer.forward(x, { outputSize: '18' as never }))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => layer.forward(x, { outputSize: 1.5 }))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => layer.forward(x, { outputSize: [] }))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => layer.forward(x, { outputSize: [1, 1, 3, 18] }))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => layer.forward(x, { outSize: 18 } as never))).toBe('ERR_CONV1D_OPTION');
  });

  test('is read once', () => {
    let reads = 0;
    const options = {
      get outputSize() {
        reads++;
        return 18;
      },
    };
    expect(layer.forward(x, options).shape).toEqual([1, 3, 18]);
    expect(reads).toBe(1);
  });
});

describe('the kind of a layer', () => {
  const layer = new ConvTranspose1d(2, 3, 4);

  test('is known', () => {
    expect(ConvTranspose1d.isConvTranspose1d(layer)).toBe(true);
    expect(ConvTranspose1d.isConvTranspose1d(Object.create(ConvTranspose1d.prototype))).toBe(false);
    expect(Conv1d.isConv1d(layer)).toBe(false);
    expect(ConvTranspose1d.isConvTranspose1d(new Conv1d(2, 3, 4))).toBe(false);
    expect(Module.isModule(layer)).toBe(true);
  });

  test('is asked for by its methods', () => {
    const { forward } = ConvTranspose1d.prototype;
    for (const owner of [undefined, 5, {}, new Conv1d(2, 3, 4)]) {
      expect(codeOf(() => forward.call(owner as never, rand(1, 2, 5)))).toBe('ERR_CONV1D_TYPE');
    }
  });

  test('shows in comparisons', () => {
    expect(layer).not.toEqual(new ConvTranspose1d(2, 3, 4, { stride: 2 }));
    expect(Object.keys(layer)).toContain('outputPadding');
  });
});

describe('sizes beyond reason', () => {
  test.each([
    ['a stride of 2^52', { stride: 2 ** 52 }],
    ['a dilation of 2^52', { dilation: 2 ** 52 }],
    ['a padding of 2^53', { padding: 2 ** 53 - 1 }],
  ] as const)('%s is refused, or the length is', (_, options) => {
    expect(codeOf(() => new ConvTranspose1d(1, 1, 3, options).forward(rand(1, 1, 9)))).toMatch(
      /^ERR_CONV1D_(VALUE|SHAPE|MEMORY)$/,
    );
  });

  test('a huge dilation whose outputs are cut off costs no memory', () => {
    // Of the first layer's taps the one in the middle meets outputs, of the second's none.
    const middle = new ConvTranspose1d(1, 1, 3, { dilation: 2 ** 40, padding: 2 ** 40 - 1, bias: false });
    const none = new ConvTranspose1d(1, 1, 2, { dilation: 2 ** 40, padding: 2 ** 39, bias: false });
    middle.weight.data.set([5, 3, 7]);
    for (const layer of [middle, middle.eval()]) {
      expect([...layer.forward(ones(1, 1, 4)).data]).toEqual([0, 3, 3, 3, 3, 0]);
    }
    expect([...none.forward(rand(1, 1, 4)).data]).toEqual([0, 0, 0, 0]);
  });
});

describe('the native side trusts nobody', () => {
  const make = (...more: unknown[]) =>
    new addon.Convolution('float32', 2, 3, 4, 2, 1, 1, 1, 1, 'zeros', 'direct', 0, ...(more as [boolean, number]));
  const [x, w, out] = [new Float32Array(10), new Float32Array(24), new Float32Array(30)];

  test.each<[name: string, call: () => unknown, code: string]>([
    ['transposed a number', () => make(1), 'ERR_CONV1D_TYPE'],
    ['output padding as large as the stride', () => make(true, 2), 'ERR_CONV1D_VALUE'],
    ['output padding negative', () => make(true, -1), 'ERR_CONV1D_VALUE'],
    ['output padding of a convolution', () => make(false, 1), 'ERR_CONV1D_VALUE'],
    ['output padding a string', () => make(true, '1'), 'ERR_CONV1D_TYPE'],
    ['an output of the wrong length', () => make(true, 1).forward(x, 1, 5, w, null, out), 'ERR_CONV1D_SHAPE'],
    ['a weight of the wrong length', () => make(true, 0).forward(x, 1, 5, x, null, out), 'ERR_CONV1D_SHAPE'],
    [
      'a call with an output padding too large',
      () => make(true, 0).forward(x, 1, 5, w, null, out, 9),
      'ERR_CONV1D_VALUE',
    ],
    [
      'a call with an output padding of 0.5',
      () => make(true, 0).forward(x, 1, 5, w, null, out, 0.5),
      'ERR_CONV1D_VALUE',
    ],
    ['a packed call with the wrong output', () => make(true, 0).pack(w, null)(x, 1, 5, out, 1), 'ERR_CONV1D_SHAPE'],
    ['a stream', () => make(true, 0).push(x, 1, 5, w, null, out, x, 0, 0, 0), 'ERR_CONV1D_VALUE'],
  ])('%s is refused', (_, call, code) => {
    expect(codeOf(call)).toBe(code);
    expect(out.every((value) => value === 0)).toBe(true);
  });

  test('a call that fits is computed', () => {
    make(true, 0).forward(x, 1, 5, w, Float32Array.of(1, 2, 3), out);
    expect([...out]).toEqual([1, 2, 3].flatMap((bias) => new Array<number>(10).fill(bias)));
    out.fill(0);
  });
});
