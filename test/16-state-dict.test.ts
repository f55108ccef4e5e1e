import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Conv1d, ones, rand, type Tensor, tensor, zeros } from '../lib/index.ts';

type Given = readonly number[] | { shape: readonly number[]; dtype: 'float32' | 'float64' };

interface Load {
  dict: Record<string, Given>;
  strict: boolean;
  bias: boolean;
  error?: { message: string };
  missingKeys?: string[];
  unexpectedKeys?: string[];
}

const golden = JSON.parse(readFileSync(new URL('golden/errors.json', import.meta.url), 'utf8')) as {
  stateDicts: Load[];
};

function filled(given: Given): Tensor {
  return 'shape' in given ? ones(...given.shape, { dtype: given.dtype }) : ones(...given);
}

/** torch's message, after which we may name a prefix that would fit. */
function withOurAdvice(message: string): unknown {
  const literal = message.replace(/[[\](){}.*+?^$|\\]/g, '\\$&');
  return expect.stringMatching(new RegExp(`^${literal}(\\n\\tA weight of this shape has the prefix "conv\\.": .*)?$`));
}

describe('loading answers as PyTorch does', () => {
  const cases = golden.stateDicts.map((load) => [JSON.stringify([load.dict, load.strict, load.bias]), load] as const);
  test.each(cases)('%s', (_, { dict, strict, bias, error, missingKeys, unexpectedKeys }) => {
    const conv = new Conv1d(2, 3, 5, { bias });
    const before = conv.parameters().map((parameter) => parameter.data.slice());
    const tensors = Object.fromEntries(Object.entries(dict).map(([key, given]) => [key, filled(given)]));
    const load = () => conv.loadStateDict(tensors, { strict });
    if (error === undefined) {
      expect(load()).toEqual({ missingKeys, unexpectedKeys });
      expect(conv.weight.data.every((value) => value === 1)).toBe('weight' in dict);
      if (bias) expect(conv.bias!.data.every((value) => value === 1)).toBe('bias' in dict);
    } else {
      expect(load).toThrow(
        expect.objectContaining({ message: withOurAdvice(error.message), code: 'ERR_CONV1D_STATE_DICT' }),
      );
      expect(conv.parameters().map((parameter) => parameter.data)).toEqual(before);
    }
  });
});

describe('a state dict', () => {
  test('has the weight and the bias, over the memory of the layer', () => {
    const conv = new Conv1d(2, 3, 5);
    const dict = conv.stateDict();
    expect(Object.keys(dict)).toEqual(['weight', 'bias']);
    expect(dict.weight!.requiresGrad).toBe(false);
    dict.weight!.data[0] = 42;
    expect(conv.weight.data[0]).toBe(42);
  });
  test('has no bias where the layer has none', () => {
    expect(Object.keys(new Conv1d(2, 3, 5, { bias: false }).stateDict())).toEqual(['weight']);
  });
  test('makes another layer compute the same', () => {
    const a = new Conv1d(2, 3, 5);
    const b = new Conv1d(2, 3, 5);
    const x = rand(4, 2, 6);
    expect(b.forward(x).data).not.toEqual(a.forward(x).data);
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(b.forward(x).data).toEqual(a.forward(x).data);
  });
  test('is copied, not referred to', () => {
    const conv = new Conv1d(2, 3, 5);
    const dict = { weight: ones(3, 2, 5), bias: ones(3) };
    conv.loadStateDict(dict);
    dict.weight.data.fill(9);
    expect(conv.weight.data[0]).toBe(1);
  });
  test('of float64 is rounded into a float32 layer, and the other way widened', () => {
    const third = tensor([[[1 / 3]]], undefined, { dtype: 'float64' });
    const narrow = new Conv1d(1, 1, 1, { bias: false });
    narrow.loadStateDict({ weight: third });
    expect(narrow.weight.data[0]).toBe(Math.fround(1 / 3));
    const wide = new Conv1d(1, 1, 1, { bias: false, dtype: 'float64' });
    wide.loadStateDict(narrow.stateDict());
    expect(wide.weight.data[0]).toBe(Math.fround(1 / 3));
  });
  test('may hold views with gaps', () => {
    const conv = new Conv1d(1, 2, 2, { bias: false });
    conv.loadStateDict({ weight: tensor([[[1, 2, 3]], [[4, 5, 6]]]).at([0, 2], [0, 1], [1, 3]) });
    expect(conv.weight.toArray()).toEqual([[[2, 3]], [[5, 6]]]);
  });
  test('may come without a prototype', () => {
    const dict = Object.assign(Object.create(null) as Record<string, Tensor>, {
      weight: zeros(3, 2, 5),
      bias: zeros(3),
    });
    expect(new Conv1d(2, 3, 5).loadStateDict(dict).missingKeys).toEqual([]);
  });
});

describe('a prefix', () => {
  const model = {
    'encoder.conv1.weight': ones(3, 2, 5),
    'encoder.conv1.bias': ones(3),
    'encoder.conv10.weight': zeros(1, 1, 1),
    'head.weight': zeros(2, 2),
  };
  const make = () => new Conv1d(2, 3, 5);

  test("takes one layer's entries and looks at no others", () => {
    const conv = make();
    expect(conv.loadStateDict(model, { prefix: 'encoder.conv1.' })).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(conv.weight.data.every((value) => value === 1)).toBe(true);
    expect(conv.bias!.data.every((value) => value === 1)).toBe(true);
  });
  test('is strict about what begins with it, and names keys in full', () => {
    const load = () => make().loadStateDict({ 'a.weight': ones(3, 2, 5), 'a.scale': ones(1) }, { prefix: 'a.' });
    expect(load).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_STATE_DICT',
        message:
          'Error(s) in loading state_dict for Conv1d:\n\tMissing key(s) in state_dict: "a.bias". \n\tUnexpected key(s) in state_dict: "a.scale". ',
      }),
    );
    expect(() => make().loadStateDict({ ...model, 'head.bias': ones(3) }, { prefix: 'head.' })).toThrow(
      'size mismatch for head.weight',
    );
  });
  test('without strict, leaves out what is missing', () => {
    const conv = make();
    const keys = conv.loadStateDict({ 'a.bias': ones(3), 'a.scale': ones(1) }, { prefix: 'a.', strict: false });
    expect(keys).toEqual({ missingKeys: ['a.weight'], unexpectedKeys: ['a.scale'] });
    expect(conv.bias!.data[0]).toBe(1);
  });
  test('that nothing begins with is refused with a few keys that are there', () => {
    expect(() => make().loadStateDict(model, { prefix: 'encoder.conv2.' })).toThrow(
      /No key begins with "encoder\.conv2\."; the keys are "encoder\.conv1\.weight", .*, "head\.weight"\.\n\tA weight of this shape has the prefix "encoder\.conv1\.": give \{ prefix: "encoder\.conv1\." \}\.$/,
    );
    expect(() => make().loadStateDict({}, { prefix: 'a.' })).toThrow('the keys are none.');
  });
  test('without its dot is refused with the one that was meant', () => {
    expect(() => make().loadStateDict(model, { prefix: 'head' })).toThrow('Did you mean the prefix "head."?');
  });
});

describe('what is no state dict is refused', () => {
  test.each([[null], [undefined], [3], ['weight'], [[zeros(3)]], [new Map()], [zeros(3)], [() => ({})]])(
    '%o',
    (dict) => {
      expect(() => new Conv1d(2, 3, 5).loadStateDict(dict as never)).toThrow(
        expect.objectContaining({
          code: 'ERR_CONV1D_TYPE',
          message: expect.stringContaining('Expected state_dict to be dict-like, got '),
        }),
      );
    },
  );
  test.each([[3], [null], [undefined], [new Float32Array(30)], [[1, 2]]])('a weight that is %o', (weight) => {
    expect(() => new Conv1d(2, 3, 5).loadStateDict({ weight, bias: zeros(3) } as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_STATE_DICT',
        message: expect.stringContaining(
          'While copying the parameter named "weight", expected torch.Tensor or Tensor-like object from checkpoint but received ',
        ),
      }),
    );
  });
  test.each([[1], [null], [['conv.']], [Symbol('conv.')]])('prefix %o', (prefix) => {
    expect(() => new Conv1d(2, 3, 5).loadStateDict({}, { prefix } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }),
    );
  });
  test.each([[1], ['yes'], [null]])('strict %o', (strict) => {
    expect(() => new Conv1d(2, 3, 5).loadStateDict({}, { strict } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }),
    );
  });
});
