import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Conv1d, functional, type Tensor, tensor, zeros } from '../lib/index.ts';

type Given = readonly number[] | { shape: readonly number[]; dtype: 'float32' | 'float64' };

interface Refusal {
  name: string;
  error: { type: string; message: string };
  options: object;
  input: Given;
}
type LayerCall = Refusal & { arguments: [number, number, number] };
type FunctionalCall = Refusal & { weight: Given; bias: Given | null };

const golden = JSON.parse(readFileSync(new URL('golden/errors.json', import.meta.url), 'utf8')) as {
  calls: (LayerCall | FunctionalCall)[];
};

function make(given: Given): Tensor {
  return 'shape' in given ? zeros(...given.shape, { dtype: given.dtype }) : zeros(...given);
}

function run(call: LayerCall | FunctionalCall): unknown {
  if ('arguments' in call) return new Conv1d(...call.arguments, call.options).forward(make(call.input));
  const bias = call.bias === null ? null : make(call.bias);
  return functional.conv1d(make(call.input), make(call.weight), bias, call.options);
}

/** What a call throws; fails when it throws nothing. */
function errorOf(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('nothing was thrown');
}

describe('what PyTorch refuses is refused with its sentence', () => {
  test.each(golden.calls)('$name', (call) => {
    const error = errorOf(() => run(call));
    expect(error.message.slice(0, call.error.message.length)).toBe(call.error.message);
    expect(error).toSatisfy((e) => e instanceof RangeError || e instanceof TypeError);
    expect(error.code).toMatch(/^ERR_CONV1D_(TYPE|DTYPE|VALUE|SHAPE)$/);
  });
});

describe('an error has the kind and the code of its cause', () => {
  const x = zeros(4, 2, 6);
  const cases: [name: string, kind: typeof RangeError, code: string, call: () => unknown][] = [
    ['wrong channels', RangeError, 'ERR_CONV1D_SHAPE', () => new Conv1d(3, 3, 5).forward(x)],
    ['too short', RangeError, 'ERR_CONV1D_SHAPE', () => new Conv1d(2, 3, 7).forward(x)],
    ['groups 0', RangeError, 'ERR_CONV1D_VALUE', () => new Conv1d(2, 3, 5, { groups: 0 })],
    ['padding string', RangeError, 'ERR_CONV1D_VALUE', () => new Conv1d(2, 3, 5, { padding: 'foo' as 'same' })],
    ['dtype string', RangeError, 'ERR_CONV1D_VALUE', () => new Conv1d(2, 3, 5, { dtype: 'float16' as 'float32' })],
    ['stride a string', TypeError, 'ERR_CONV1D_TYPE', () => new Conv1d(2, 3, 5, { stride: '1' as never })],
    [
      'dtype mismatch',
      TypeError,
      'ERR_CONV1D_DTYPE',
      () => new Conv1d(2, 3, 5).forward(zeros(2, 6, { dtype: 'float64' })),
    ],
    ['unknown option', TypeError, 'ERR_CONV1D_OPTION', () => new Conv1d(2, 3, 5, { strid: 2 } as never)],
    ['not a tensor', TypeError, 'ERR_CONV1D_TYPE', () => new Conv1d(2, 3, 5).forward([[1, 2]] as never)],
  ];
  test.each(cases)('%s', (_, kind, code, call) => {
    const error = errorOf(call);
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
  });
});

describe('where PyTorch crashes, wraps around or says nothing useful', () => {
  const cases: [name: string, code: string, sentence: RegExp, call: () => unknown][] = [
    ['kernel size 0', 'ERR_CONV1D_SHAPE', /kernelSize must be 1 or more/, () => new Conv1d(2, 3, 0)],
    ['no input channels', 'ERR_CONV1D_SHAPE', /inChannels must be 1 or more/, () => new Conv1d(0, 3, 5)],
    ['padding 2^63 - 5', 'ERR_CONV1D_VALUE', /beyond 2\^53 - 1/, () => new Conv1d(1, 1, 3, { padding: 2 ** 63 - 5 })],
    [
      'padding 2^63 - 5 as a bigint',
      'ERR_CONV1D_TYPE',
      /a bigint/,
      () => new Conv1d(1, 1, 3, { padding: (2n ** 63n - 5n) as never }),
    ],
    ['padding 2^53 - 1', 'ERR_CONV1D_VALUE', /adds more than/, () => new Conv1d(1, 1, 3, { padding: 2 ** 53 - 1 })],
    [
      'padding that makes the input too long',
      'ERR_CONV1D_SHAPE',
      /has more than 2\^53 - 1 elements/,
      () => new Conv1d(1, 1, 3, { padding: [2 ** 53 - 1, 0] }).forward(zeros(1, 1, 6)),
    ],
    [
      'padding that makes the output too long',
      'ERR_CONV1D_SHAPE',
      /more than 4294967295 elements/,
      () => new Conv1d(1, 1, 3, { padding: 2 ** 40 }).forward(zeros(1, 1, 6)),
    ],
    [
      'a dilation whose kernel leaves 2^53',
      'ERR_CONV1D_VALUE',
      /smaller dilation/,
      () => new Conv1d(1, 1, 3, { dilation: 2 ** 52 }),
    ],
    [
      'circular padding too wide, unbatched',
      'ERR_CONV1D_SHAPE',
      /wrapping around more than once/,
      () => new Conv1d(2, 3, 5, { padding: 7, paddingMode: 'circular' }).forward(zeros(2, 6)),
    ],
    [
      'rank 1 in a mode that is not zeros',
      'ERR_CONV1D_SHAPE',
      /Expected 2D \(unbatched\)/,
      () => new Conv1d(2, 3, 5, { paddingMode: 'reflect' }).forward(zeros(6)),
    ],
    [
      'no padding at all for an empty signal',
      'ERR_CONV1D_SHAPE',
      /padded input size per channel: \(0\)/,
      () => new Conv1d(2, 3, 5, { paddingMode: 'circular' }).forward(zeros(2, 0)),
    ],
    [
      'a weight without taps',
      'ERR_CONV1D_SHAPE',
      /kernelSize must be 1 or more/,
      () => functional.conv1d(zeros(2, 6), zeros(3, 2, 0), null),
    ],
    [
      'a weight without input channels',
      'ERR_CONV1D_SHAPE',
      /inChannels must be 1 or more/,
      () => functional.conv1d(zeros(0, 6), zeros(3, 0, 5), null),
    ],
    [
      'more weight than a tensor holds',
      'ERR_CONV1D_SHAPE',
      /at most 4294967295 elements/,
      () => new Conv1d(2 ** 16, 2 ** 16, 1),
    ],
  ];
  test.each(cases)('%s', (_, code, sentence, call) => {
    const error = errorOf(call);
    expect(error.message).toMatch(sentence);
    expect(error.code).toBe(code);
  });

  test('dilation 2^31 makes every input too short, and says how long it had to be', () => {
    const error = errorOf(() => new Conv1d(1, 1, 3, { dilation: 2 ** 31 }).forward(zeros(1, 1, 6)));
    expect(error.message).toContain('Kernel size: (4294967297)');
  });

  test("padding 'same' with dilation 2^31 leaves the centre tap", () => {
    const x = tensor([[1, -2, 3, -4, 5, -6]]);
    const y = functional.conv1d(x, tensor([[[10, 0.5, 20]]]), tensor([0.25]), { padding: 'same', dilation: 2 ** 31 });
    expect(y.toArray()).toEqual([[0.75, -0.75, 1.75, -1.75, 2.75, -2.75]]);
  });

  test("the same through the layer, with padding [2^31, 2^31] and 'causal' as well", () => {
    const x = tensor([[1, -2, 3]]);
    const outputs = (['same', [2 ** 31, 2 ** 31], 'causal'] as const).map((padding) => {
      const conv = new Conv1d(1, 1, 3, { padding, dilation: 2 ** 31, bias: false });
      conv.loadStateDict({ weight: tensor([[[10, 0.5, 20]]]) });
      return conv.forward(x).toArray();
    });
    expect(outputs).toEqual([[[0.5, -1, 1.5]], [[0.5, -1, 1.5]], [[20, -40, 60]]]);
  });

  test('a stride of 2^40 steps over padding as wide', () => {
    const x = tensor([[1, 2, 3]]);
    const y = functional.conv1d(x, tensor([[[1]]]), null, { padding: [2 ** 40, 2 ** 40], stride: 2 ** 40 });
    expect(y.toArray()).toEqual([[0, 1, 0]]);
  });

  test('a stride of 2^50 is no larger than the signal needs', () => {
    const x = tensor([[1, 2, 3]]);
    expect(functional.conv1d(x, tensor([[[2]]]), null, { stride: 2 ** 50 }).toArray()).toEqual([[2]]);
    const padded = functional.conv1d(x, tensor([[[2]]]), null, { stride: 2 ** 50, padding: 2 ** 50 });
    expect(padded.toArray()).toEqual([[0, 2, 0]]);
  });

  test('circular padding of an unbatched signal works', () => {
    const y = functional.conv1d(zeros(1, 4), zeros(1, 1, 1), null);
    expect(y.shape).toEqual([1, 4]);
    const conv = new Conv1d(1, 1, 1, { padding: 2, paddingMode: 'circular', bias: false });
    conv.loadStateDict({ weight: tensor([[[1]]]) });
    expect(conv.forward(tensor([[1, 2, 3]])).toArray()).toEqual([[2, 3, 1, 2, 3, 1, 2]]);
  });
});

describe('a refused call writes nothing', () => {
  const filled = () => tensor(new Float32Array(24).fill(7), [4, 3, 2]);
  const cases: [name: string, input: Tensor][] = [
    ['wrong channels', zeros(4, 3, 6)],
    ['too short', zeros(4, 2, 4)],
    ['another batch', zeros(5, 2, 6)],
    ['another dtype', zeros(4, 2, 6, { dtype: 'float64' })],
  ];
  test.each(cases)('%s', (_, input) => {
    const out = filled();
    expect(() => new Conv1d(2, 3, 5).forward(input, { out })).toThrow();
    expect(out.data.every((value) => value === 7)).toBe(true);
  });
});
