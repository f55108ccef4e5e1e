import { afterEach, describe, expect, test } from 'vitest';
import { addon } from '../lib/native/addon.ts';
import { matmul } from '../lib/native/matmul.ts';
import { Recurrent, type RecurrentKind } from '../lib/native/recurrent.ts';
import { codeOf, detach } from './helpers/refusals.ts';

// The native products and recurrent layers themselves: what they compute, and that nothing passed to them does harm.

const sines = (count: number, step: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(step * (i + 1)));

const threads = addon.getNumThreads();
afterEach(() => addon.setNumThreads(threads));

describe('matmul', () => {
  test('multiplies batches that are broadcast', () => {
    const [m, k, n] = [3, 5, 4];
    const a = sines(2 * m * k, 0.7); // (2, 1, 3, 5)
    const b = sines(3 * n * k, 0.3); // (3, 4, 5), transposed
    const out = new Float64Array(2 * 3 * m * n);
    const right = { storage: b, offset: 0, strides: [0, n * k, 1, k] };
    matmul({ batch: [2, 3], m, k, n }, { storage: a, offset: 0, strides: [m * k, 0, k, 1] }, right, out);
    const expected = Array.from(out, (_, index) => {
      const [i, j] = [Math.floor(index / (3 * m * n)), Math.floor(index / (m * n)) % 3];
      const [row, column] = [Math.floor(index / n) % m, index % n];
      const term = (c: number) => a[i * m * k + row * k + c]! * b[j * n * k + column * k + c]!;
      return [0, 1, 2, 3, 4].reduce((sum, c) => sum + term(c), 0);
    });
    for (const [i, value] of expected.entries()) expect(out[i]).toBeCloseTo(value, 12);
  });

  test('reads beside its offset nothing, and gives zeros for an empty sum', () => {
    const out = new Float32Array(2).fill(7);
    addon.matmul([], 1, 2, 2, Float32Array.of(9, 1, 2), 1, [2, 1], Float32Array.of(8, 8, 1, 3, 5, 7), 2, [2, 1], out);
    expect([...out]).toEqual([11, 17]);
    addon.matmul([], 1, 0, 2, new Float32Array(0), 0, [0, 1], new Float32Array(0), 0, [2, 1], out);
    expect([...out]).toEqual([0, 0]);
  });
});

/** torch.nn.LSTM(3, 2, bidirectional=True) and GRU in float64, with sines for weights, input and states. */
const BIDIRECTIONAL = {
  lstm: {
    out: [
      -0.183231868, -0.00709464, -0.32158029, 0.083394982, 0.079036073, 0.290649316, 0.19774779, 0.053617272,
      -0.672430022, -0.004810833, 0.050949382, 0.063473373, 0.303754744, 0.287012593, 0.246458523, 0.054538394,
      -0.691724087, 0.164843546, 0.118667785, 0.105265852, 0.603295183, -0.147097082, -0.378563835, 0.104433886,
      -0.355212724, 0.37517905, 0.053864626, 0.187506935, 0.304172134, -0.184880667, -0.164234469, 0.106539339,
    ],
    hn: [-0.355212724, 0.37517905, 0.304172134, -0.184880667, -0.32158029, 0.083394982, 0.19774779, 0.053617272],
    cn: [-1.376831702, 0.788588677, 0.352849603, -0.920373956, -0.543806477, 0.237919155, 0.560860607, 0.531550427],
  },
  gru: {
    out: [
      -0.098612014, 0.27359921, -0.232476568, 0.303841887, 0.577082584, 0.767172374, 0.616807514, 0.874550688,
      -0.377181193, 0.200429338, 0.281458456, 0.257425219, 0.61534167, 0.309047043, 0.383800828, 0.925633673,
      -0.458213787, 0.497626873, 0.613334298, 0.506589862, 0.635859598, 0.08415913, -0.217973266, 0.864401846,
      -0.411270104, 0.852821058, 0.749205119, 0.709712211, 0.23507149, 0.009181094, 0.399366053, 0.671803039,
    ],
    hn: [-0.411270104, 0.852821058, 0.23507149, 0.009181094, -0.232476568, 0.303841887, 0.616807514, 0.874550688],
    cn: [],
  },
} as const;

describe('a recurrent layer', () => {
  test.each(['lstm', 'gru'] as const)('of two directions equals PyTorch: %s', (kind: RecurrentKind) => {
    const [inputSize, size, steps, batch] = [3, 2, 4, 2];
    const rows = (kind === 'lstm' ? 4 : 3) * size;
    const x = sines(steps * batch * inputSize, 0.9);
    const [h0, c0] = [sines(2 * batch * size, 0.2), sines(2 * batch * size, 0.4)];
    const storage = new Float64Array(steps * batch * 2 * size);
    const found = [0, 1].map((direction) => {
      const layer = new Recurrent(kind, 'float64', inputSize, size);
      layer.pack({
        weightIh: sines(rows * inputSize, 0.7 + direction),
        weightHh: sines(rows * size, 0.3 + direction),
        biasIh: sines(rows, 0.5 + direction),
        biasHh: sines(rows, 1.1 + direction),
      });
      const stateOf = (values: Float64Array) => values.slice(direction * batch * size, (direction + 1) * batch * size);
      const state = { hidden: stateOf(h0), cell: kind === 'lstm' ? stateOf(c0) : null };
      const out = { storage, offset: direction * size, rowStride: 2 * size };
      layer.run({ x, steps, batch, reverse: direction === 1 }, state, out, state, null); // in place
      return state;
    });
    const expected = BIDIRECTIONAL[kind];
    const close = (values: Iterable<number>, right: readonly number[]) => {
      const all = [...values];
      expect(all.length).toBe(right.length);
      for (const [i, value] of all.entries()) expect(value).toBeCloseTo(right[i]!, 8);
    };
    close(storage, expected.out);
    close(
      found.flatMap(({ hidden }) => [...hidden]),
      expected.hn,
    );
    close(
      found.flatMap(({ cell }) => [...(cell ?? [])]),
      expected.cn,
    );
  });

  test('without states and biases begins at zeros', () => {
    const layer = new Recurrent('gru', 'float32', 1, 1);
    const zeros = new Float32Array(3);
    layer.pack({ weightIh: zeros, weightHh: zeros, biasIh: null, biasHh: null });
    const storage = new Float32Array(2).fill(7);
    const final = { hidden: new Float32Array(1).fill(7), cell: null };
    const input = { x: new Float32Array(2), steps: 2, batch: 1, reverse: false };
    layer.run(input, null, { storage, offset: 0, rowStride: 1 }, final, null);
    expect([...storage, ...final.hidden]).toEqual([0, 0, 0]);
  });
});

const f32 = (length: number) => new Float32Array(length);
const gone = (length: number) => {
  const array = f32(length);
  detach(array);
  return array;
};
const hostile = (length: number): readonly (readonly [string, unknown])[] => [
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['-1', -1],
  ['a fraction', 0.5],
  ['2^60', 2 ** 60],
  ['NaN', Number.NaN],
  ['a string', 'x'],
  ['a symbol', Symbol('x')],
  ['an array', [1, 2, 3, 4, 5, 6, 7, 8]],
  ['other elements', new Float64Array(length)],
  ['integers', new Int32Array(length)],
  ['bytes', new DataView(new ArrayBuffer(4 * length))],
  ['too few', f32(Math.max(length - 1, 0))],
  ['nothing', f32(0)],
  ['memory that is gone', gone(length)],
  ['a proxy', new Proxy(f32(length), {})],
  ['an object', {}],
  ['holes', new Array(3)],
  ['a long array', new Array(100).fill(1)],
];

/** Calls with each hostile value in each place: those whose error has no code, and those that wrote before they failed. */
function outcomes(good: () => unknown[], call: (...args: unknown[]) => unknown, outs: readonly number[] = []) {
  const uncoded: string[] = [];
  const torn: string[] = [];
  for (const [place, value] of good().entries()) {
    for (const [name, bad] of hostile(ArrayBuffer.isView(value) ? (value as Float32Array).length : 4)) {
      const args = good().with(place, bad);
      const code = codeOf(() => call(...args));
      if (code === undefined) uncoded.push(`${place}: ${name}`);
      const isTorn = outs.some((out) => out !== place && isWritten(args[out] as Float32Array));
      if (code !== 'nothing' && isTorn) torn.push(`${place}: ${name}`);
    }
  }
  return { uncoded, torn };
}

const NONE = { uncoded: [], torn: [] };
const CANARY = 77;
const isWritten = (array: Float32Array) => array.some((value) => value !== CANARY && value !== 0);

describe('hostile calls of matmul', () => {
  const good = () => [
    [2],
    2,
    3,
    4,
    f32(12).fill(1),
    0,
    [6, 3, 1],
    f32(24).fill(1),
    0,
    [12, 4, 1],
    f32(16).fill(CANARY),
  ];
  const call = addon.matmul as (...args: unknown[]) => void;

  test('are refused before anything is written', () => {
    expect(codeOf(() => call(...good()))).toBe('nothing');
    expect(outcomes(good, call, [10])).toEqual(NONE);
  });

  const huge = 2 ** 52;
  test.each<[string, readonly (readonly [number, unknown])[], string]>([
    [
      'a row too many',
      [
        [1, 3],
        [10, f32(24)],
      ],
      'ERR_CONV1D_SHAPE',
    ],
    ['an offset too far', [[5, 1]], 'ERR_CONV1D_SHAPE'],
    ['a stride too long', [[6, [6, 3, 2]]], 'ERR_CONV1D_SHAPE'],
    ['a stride for each dimension but one', [[6, [6, 3]]], 'ERR_CONV1D_SHAPE'],
    [
      'a batch beyond 2^63',
      [
        [0, [huge, huge]],
        [6, [0, 0, 3, 1]],
        [9, [0, 0, 4, 1]],
      ],
      'ERR_CONV1D_SHAPE',
    ],
    [
      'reach beyond 2^63',
      [
        [6, [huge, huge, huge]],
        [2, huge],
      ],
      'ERR_CONV1D_SHAPE',
    ],
    [
      'an endless sum of one element',
      [
        [2, huge],
        [6, [0, 0, 0]],
        [9, [0, 0, 0]],
      ],
      'ERR_CONV1D_SHAPE',
    ],
    ['63 dimensions of a batch', [[0, new Array(63).fill(1)]], 'ERR_CONV1D_SHAPE'],
  ])('%s', (_, changes, code) => {
    const args: unknown[] = good();
    for (const [place, value] of changes) args[place] = value;
    expect(codeOf(() => call(...args))).toBe(code);
  });

  test('any strides, where nothing is read', () => {
    const args = good().with(2, 0).with(6, [huge, huge, huge]).with(9, [huge, huge, huge]).with(5, huge).with(8, huge);
    call(...args);
    expect([...(args[10] as Float32Array)]).toEqual(new Array(16).fill(0));
  });

  test('a result that shares memory with what is read', () => {
    const memory = new ArrayBuffer(4 * 40);
    const out = new Float32Array(memory, 0, 16);
    for (const [place, length] of [
      [4, 12],
      [7, 24],
    ] as const) {
      const args = good()
        .with(10, out)
        .with(place, new Float32Array(memory, 4 * 15, length));
      expect(codeOf(() => call(...args))).toBe('ERR_CONV1D_OVERLAP');
    }
  });

  test('a getter that takes the memory away', () => {
    const args = good();
    const strides = [6, 3, 1];
    Object.defineProperty(strides, 0, {
      get: () => {
        detach(args[10] as Float32Array);
        return 6;
      },
    });
    expect(codeOf(() => call(...args.with(6, strides)))).toBe('ERR_CONV1D_DETACHED');
  });

  test('nothing to multiply reads and writes nothing', () => {
    expect(codeOf(() => call([0], 2, 3, 4, f32(0), 0, [6, 3, 1], f32(0), 0, [12, 4, 1], f32(0)))).toBe('nothing');
    expect(codeOf(() => call([2 ** 53, 0], 2, 3, 4, f32(0), 9, [6, 6, 3, 1], f32(0), 0, [1, 12, 4, 1], f32(0)))).toBe(
      'nothing',
    );
  });
});

describe.each(['lstm', 'gru'] as const)('hostile calls of a recurrent layer: %s', (kind) => {
  const rows = (kind === 'lstm' ? 4 : 3) * 5;
  const weights = () => [f32(rows * 3).fill(1), f32(rows * 5).fill(1), f32(rows), f32(rows)];
  const make = () => {
    const layer = new addon.Recurrent(kind, 'float32', 3, 5);
    layer.pack(...(weights() as [Float32Array, Float32Array, Float32Array, Float32Array]));
    return layer;
  };
  const cell = (length: number) => (kind === 'lstm' ? f32(length) : null);
  const keptRows = kind === 'lstm' ? 5 : 4;
  // 2 steps of 4 items
  const good = () => [
    f32(24).fill(1),
    2,
    4,
    f32(20),
    cell(20),
    false,
    f32(47).fill(CANARY),
    2,
    5,
    f32(20),
    cell(20),
    f32(40 * keptRows).fill(CANARY),
  ];
  const runOf = (layer: InstanceType<typeof addon.Recurrent>) => layer.run.bind(layer) as (...args: unknown[]) => void;

  test('of its constructor', () => {
    const construct = (...args: unknown[]) => new (addon.Recurrent as new (...args: unknown[]) => unknown)(...args);
    expect(outcomes(() => [kind, 'float32', 3, 5], construct)).toEqual(NONE);
    expect(codeOf(() => construct(kind, 'float32', 2 ** 50, 2 ** 50))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => construct(kind, 'float32', 0, 5))).toBe('ERR_CONV1D_VALUE');
  });

  test('of pack', () => {
    const layer = make();
    const pack = layer.pack.bind(layer) as (...args: unknown[]) => void;
    expect(outcomes(weights, pack)).toEqual(NONE);
    expect(codeOf(() => runOf(layer)(...good()))).toBe('nothing');
  });

  test('of run, before anything is written', () => {
    const run = runOf(make());
    expect(codeOf(() => run(...good()))).toBe('nothing');
    expect(outcomes(good, run, [6, 9, 11])).toEqual(NONE);
  });

  test('of run before pack', () => {
    const layer = new addon.Recurrent(kind, 'float32', 3, 5);
    expect(codeOf(() => runOf(layer)(...good()))).toBe('ERR_CONV1D_TYPE');
  });

  test('rows of the output that end behind it, overlap, or are beyond 2^63', () => {
    const run = runOf(make());
    expect(codeOf(() => run(...good().with(7, 8)))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => run(...good().with(8, 6)))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => run(...good().with(8, 4)))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => run(...good().with(8, 2 ** 53)))).toBe('ERR_CONV1D_SHAPE');
    expect(
      codeOf(() =>
        run(
          ...good()
            .with(1, 2 ** 53)
            .with(2, 2 ** 53),
        ),
      ),
    ).toBe('ERR_CONV1D_SHAPE');
  });

  test('arrays that share memory', () => {
    const run = runOf(make());
    const memory = new ArrayBuffer(4 * 500);
    const at = (first: number, length: number) => new Float32Array(memory, 4 * first, length);
    const lengths = good().map((value) => (ArrayBuffer.isView(value) ? (value as Float32Array).length : 0));
    const arrays = lengths.flatMap((length, place) => (length > 0 ? [place] : []));
    for (const written of [6, 9, 10, 11].filter((place) => arrays.includes(place))) {
      for (const other of arrays.filter((place) => place !== written)) {
        const first = lengths[written]! - 1;
        const args = good().with(written, at(0, lengths[written]!)).with(other, at(first, lengths[other]!));
        expect(codeOf(() => run(...args))).toBe('ERR_CONV1D_OVERLAP');
      }
    }
    // States may be replaced in place.
    const state = f32(20);
    expect(codeOf(() => run(...good().with(3, state).with(9, state)))).toBe('nothing');
  });

  test('no steps leave the state as it is, no items do nothing', () => {
    const run = runOf(make());
    const hn = f32(20);
    run(f32(0), 0, 4, f32(20).fill(3), cell(20), false, f32(0), 0, 5, hn, cell(20), f32(0));
    expect([...hn]).toEqual(new Array(20).fill(3));
    expect(codeOf(() => run(f32(0), 2, 0, f32(0), cell(0), false, f32(0), 0, 5, f32(0), cell(0), f32(0)))).toBe(
      'nothing',
    );
  });
});

describe.each(['lstm', 'gru'] as const)('hostile calls of the gradients of a recurrent layer: %s', (kind) => {
  const gates = (kind === 'lstm' ? 4 : 3) * 5;
  const keptRows = kind === 'lstm' ? 5 : 4;
  const cell = (length: number) => (kind === 'lstm' ? f32(length) : null);
  const made = (length: number) => f32(length).fill(CANARY);
  // 2 steps of 4 items
  const good = () => [
    ...[f32(24), 2, 4, f32(20), cell(20), false, f32(47), 2, 5, f32(40 * keptRows), f32(gates * 3), f32(gates * 5)],
    ...[f32(47), f32(20), cell(20)],
    ...[
      made(24),
      made(20),
      kind === 'lstm' ? made(20) : null,
      made(gates * 3),
      made(gates * 5),
      made(gates),
      made(gates),
    ],
  ];
  const MADE = [15, 16, 17, 18, 19, 20, 21].filter((place) => good()[place] !== null);
  const layer = new addon.Recurrent(kind, 'float32', 3, 5);
  const backward = layer.backward.bind(layer) as (...args: unknown[]) => void;

  test('before anything is written', () => {
    expect(codeOf(() => backward(...good()))).toBe('nothing');
    expect(outcomes(good, backward, MADE)).toEqual(NONE);
  });

  test('what nobody wants is not made', () => {
    const args = good();
    for (const place of MADE) args[place] = null;
    expect(codeOf(() => backward(...args))).toBe('nothing');
    expect(codeOf(() => backward(...args.with(12, null).with(13, null).with(14, null)))).toBe('nothing');
  });

  test('gradients that share memory with what is read, or with each other', () => {
    const memory = new ArrayBuffer(4 * 600);
    const at = (first: number, length: number) => new Float32Array(memory, 4 * first, length);
    const lengths = good().map((value) => (ArrayBuffer.isView(value) ? (value as Float32Array).length : 0));
    for (const written of MADE) {
      for (const [other, length] of lengths.entries()) {
        if (length === 0 || other === written) continue;
        const args = good()
          .with(written, at(0, lengths[written]!))
          .with(other, at(lengths[written]! - 1, length));
        expect(codeOf(() => backward(...args))).toBe('ERR_CONV1D_OVERLAP');
      }
    }
  });

  test('without steps states pass as they are, and weights have no part in them', () => {
    const nothing = [f32(0), 0, 4, null, null, false, f32(0), 0, 5, f32(0), f32(gates * 3), f32(gates * 5)];
    const [ofState, ofWeight] = [f32(20), made(gates * 3)];
    backward(...nothing, null, f32(20).fill(3), null, null, ofState, null, ofWeight, null, null, null);
    expect([...ofState]).toEqual(new Array(20).fill(3));
    expect(ofWeight.every((value) => value === 0)).toBe(true);
  });
});
