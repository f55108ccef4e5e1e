import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  Conv1d,
  getNumThreads,
  manualSeed,
  ones,
  rand,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { withThreads } from './helpers/layer.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

manualSeed(24);

/** The bits of a tensor: NaN and the sign of zero count. */
function bits(t: Tensor): Uint8Array {
  return new Uint8Array(t.data.slice().buffer);
}

/** Faster than toEqual on large arrays. */
function expectBits(t: Tensor, expected: Uint8Array): void {
  expect(Buffer.compare(bits(t), expected)).toBe(0);
}

function detach(t: Tensor): void {
  structuredClone(t.data.buffer, { transfer: [t.data.buffer as ArrayBuffer] });
}

/** A call that lasts: about 10 GFLOP. */
const slow = new Conv1d(256, 256, 16).eval();
const slowInput = rand(1, 256, 5000);

describe('forwardAsync', () => {
  const layers: [name: string, conv: Conv1d, x: Tensor][] = [
    ['a batch', new Conv1d(3, 8, 5, { padding: 2 }), rand(4, 3, 50)],
    ['a single signal', new Conv1d(3, 8, 5, { stride: 2 }), rand(3, 50)],
    ['an empty batch', new Conv1d(3, 8, 5), zeros(0, 3, 50)],
    ['float64', new Conv1d(2, 3, 3, { dtype: 'float64' }), rand(2, 2, 9, { dtype: 'float64' })],
    ['depthwise', new Conv1d(16, 16, 9, { groups: 16, padding: 'same' }), rand(2, 16, 100)],
    ['no bias', new Conv1d(4, 4, 3, { bias: false, paddingMode: 'circular', padding: 1 }), rand(2, 4, 20)],
    ['a long signal', new Conv1d(64, 64, 9, { padding: 4 }), rand(1, 64, 4000)],
    ['a view with gaps', new Conv1d(3, 8, 5), rand(4, 3, 50).at([0, 4], [0, 3], [10, 40])],
  ];
  test.each(layers)(
    'gives the bits of forward for %s, in both modes and on any number of threads',
    async (_, conv, x) => {
      const expected = bits(conv.forward(x));
      for (const mode of ['train', 'eval'] as const) {
        conv[mode]();
        for (const threads of [1, 3]) {
          const y = await withThreads(threads, () => conv.forwardAsync(x));
          expectBits(y, expected);
          expect(y.shape).toEqual(conv.forward(x).shape);
        }
      }
    },
  );

  test('leaves turns to the event loop while it computes', async () => {
    let turns = 0;
    let isDone = false;
    const work = slow.forwardAsync(slowInput).then(() => {
      isDone = true;
    });
    while (!isDone) {
      await turn();
      turns++;
    }
    await work;
    expect(turns).toBeGreaterThan(10);
  });

  test('runs any number of calls at a time, and each gets its own result', async () => {
    const conv = new Conv1d(2, 3, 5).eval();
    const inputs = Array.from({ length: 300 }, (_, i) => rand(1, 2, 5 + i));
    const results = await Promise.all(inputs.map((x) => conv.forwardAsync(x)));
    results.forEach((y, i) => {
      expectBits(y, bits(conv.forward(inputs[i]!)));
    });
  });

  describe('does not care what happens to the input after the call:', () => {
    const conv = new Conv1d(8, 8, 3).eval();
    const fresh = (): Tensor =>
      tensor(
        Float32Array.from({ length: 8 * 3000 }, (_, i) => i % 7),
        [1, 8, 3000],
      );
    const expected = bits(conv.forward(fresh()));
    const harms: [name: string, harm: (x: Tensor) => void][] = [
      ['it is written to', (x) => void x.data.fill(Number.NaN)],
      ['it is detached', detach],
      ['it is borrowed though its memory is not ours, and detached', detach],
    ];
    test.each(harms)('%s', async (name, harm) => {
      const x = fresh();
      const work = conv.forwardAsync(x, { borrow: name.includes('borrowed') });
      harm(x);
      expectBits(await work, expected);
    });

    test('its buffer shrinks', async () => {
      const bytes = 4 * 8 * 3000;
      const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: bytes }]);
      const x = tensor(
        new Float32Array(buffer).map((_, i) => i % 7),
        [1, 8, 3000],
      );
      const resizable = new Float32Array(buffer);
      resizable.set(x.data);
      const work = conv.forwardAsync(tensor(resizable, [1, 8, 3000]));
      (buffer as unknown as { resize(bytes: number): void }).resize(0);
      expectBits(await work, expected);
    });
  });

  test('does not care what happens to the weights after the call', async () => {
    const conv = new Conv1d(8, 8, 3);
    const x = rand(1, 8, 3000);
    const expected = bits(conv.forward(x));
    const inTraining = conv.forwardAsync(x);
    conv.eval();
    const packed = conv.forwardAsync(x);
    conv.weight.data.fill(0);
    conv.bias!.data.fill(0);
    conv.eval();
    conv.train();
    expectBits(await inTraining, expected);
    expectBits(await packed, expected);
  });

  describe('an input in shared memory', () => {
    const conv = new Conv1d(1, 1, 1, { bias: false }).eval();
    conv.loadStateDict({ weight: ones(1, 1, 1) });
    const inSharedMemory = (length: number): Float32Array =>
      new Float32Array(new SharedArrayBuffer(4 * length)).fill(1);

    test.each([
      [true, 2],
      [false, 1],
    ])('with borrow %s, what is written to it before the call runs counts as %i', async (borrow, expected) => {
      const threads = getNumThreads();
      setNumThreads(1);
      try {
        const ahead = slow.forwardAsync(slowInput); // the only thread is taken
        const x = inSharedMemory(1000);
        const work = conv.forwardAsync(tensor(x, [1, 1, 1000]), { borrow });
        x.fill(2);
        expect((await work).data.every((value) => value === expected)).toBe(true);
        await ahead;
      } finally {
        setNumThreads(threads);
      }
    });

    test('is kept alive', async () => {
      const start = (): Promise<Tensor> =>
        conv.forwardAsync(tensor(inSharedMemory(2e6), [1, 1, 2e6]), { borrow: true });
      for (let i = 0; i < 5; i++) {
        const work = start();
        collect();
        await turn();
        expect((await work).data.every((value) => value === 1)).toBe(true);
      }
    });
  });

  describe('with out', () => {
    const conv = new Conv1d(2, 3, 5).eval();
    const x = rand(4, 2, 60);

    test('writes there and returns it', async () => {
      const out = zeros(4, 3, 56);
      expect(await conv.forwardAsync(x, { out })).toBe(out);
      expectBits(out, bits(conv.forward(x)));
    });

    test('rejects when out is gone at the end', async () => {
      const out = zeros(4, 3, 56);
      const work = conv.forwardAsync(x, { out });
      detach(out);
      await expect(work).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_CONV1D_DETACHED' });
    });

    test('refuses what overlaps and what does not fit, before it starts', async () => {
      const memory = new Float32Array(4 * 2 * 60 + 4 * 3 * 56);
      const input = tensor(memory.subarray(0, 480), [4, 2, 60]);
      const overlapping = tensor(memory.subarray(400, 400 + 672), [4, 3, 56]);
      await expect(conv.forwardAsync(input, { out: overlapping })).rejects.toMatchObject({
        code: 'ERR_CONV1D_OVERLAP',
      });
      await expect(conv.forwardAsync(x, { out: zeros(4, 3, 57) })).rejects.toMatchObject({ code: 'ERR_CONV1D_SHAPE' });
      expect(conv.pending).toBe(0);
    });
  });

  describe('with borrow and an out in shared memory', () => {
    const conv = new Conv1d(8, 16, 3).eval();
    const x = rand(2, 8, 3000);
    const expected = bits(conv.forward(x));
    const sharedOut = (): Tensor =>
      tensor(new Float32Array(new SharedArrayBuffer(4 * 2 * 16 * 2998)).fill(Number.NaN), [2, 16, 2998]);

    test('writes there, with the bits of forward', async () => {
      const out = sharedOut();
      expect(await conv.forwardAsync(x, { out, borrow: true })).toBe(out);
      expectBits(out, expected);
    });

    test('keeps it alive until the call has ended', async () => {
      const memory = new WeakRef(new SharedArrayBuffer(4 * 256 * 4985));
      const work = slow.forwardAsync(slowInput, {
        out: tensor(new Float32Array(memory.deref()!), [1, 256, 4985]),
        borrow: true,
      });
      collect();
      await turn();
      collect();
      expect(memory.deref()).toBeDefined();
      expectBits(await work, bits(slow.forward(slowInput)));
    });

    test('refuses one that overlaps the input, by whatever object it is reached', async () => {
      const memory = new SharedArrayBuffer(4 * (2 * 8 * 3000 + 2 * 16 * 2998 - 1));
      const input = tensor(new Float32Array(memory, 0, 2 * 8 * 3000), [2, 8, 3000]);
      for (const buffer of [memory, structuredClone(memory)]) {
        const out = tensor(new Float32Array(buffer, 4 * (2 * 8 * 3000 - 1)), [2, 16, 2998]);
        const work = conv.forwardAsync(input, { out, borrow: true });
        await expect(work).rejects.toMatchObject({ code: 'ERR_CONV1D_OVERLAP' });
      }
    });
  });

  const refused: [name: string, code: string, call: (conv: Conv1d) => Promise<unknown>][] = [
    ['a wrong number of channels', 'ERR_CONV1D_SHAPE', (conv) => conv.forwardAsync(rand(1, 3, 60))],
    ['a wrong kind', 'ERR_CONV1D_TYPE', (conv) => conv.forwardAsync([[1, 2]] as never)],
    ['a wrong dtype', 'ERR_CONV1D_DTYPE', (conv) => conv.forwardAsync(rand(1, 2, 60, { dtype: 'float64' }))],
    ['an unknown option', 'ERR_CONV1D_OPTION', (conv) => conv.forwardAsync(rand(1, 2, 60), { sginal: 1 } as never)],
    ['a signal that is none', 'ERR_CONV1D_TYPE', (conv) => conv.forwardAsync(rand(1, 2, 60), { signal: {} as never })],
    [
      'borrow that is no boolean',
      'ERR_CONV1D_TYPE',
      (conv) => conv.forwardAsync(rand(1, 2, 60), { borrow: 1 as never }),
    ],
    ['another receiver', 'ERR_CONV1D_TYPE', () => Conv1d.prototype.forwardAsync.call({} as never, rand(1, 2, 60))],
    [
      'detached input',
      'ERR_CONV1D_DETACHED',
      (conv) => {
        const x = rand(1, 2, 60);
        detach(x);
        return conv.forwardAsync(x);
      },
    ],
  ];
  test.each(refused)('rejects %s with %s', async (_, code, call) => {
    const conv = new Conv1d(2, 3, 5);
    await expect(call(conv)).rejects.toMatchObject({ code });
    expect(conv.pending).toBe(0);
  });

  describe('with a signal', () => {
    const abortError = { name: 'AbortError', code: 'ABORT_ERR' };

    test('rejects at once when it is aborted already', async () => {
      const reason = new Error('too late');
      const work = slow.forwardAsync(slowInput, { signal: AbortSignal.abort(reason) });
      await expect(work).rejects.toMatchObject({ ...abortError, cause: reason });
    });

    test('stops what runs and drops what waits; the others go on', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      await withThreads(1, async () => {
        const stopped = Array.from({ length: 20 }, () => slow.forwardAsync(slowInput, { signal }));
        const other = new Conv1d(2, 3, 5).forwardAsync(ones(1, 2, 60));
        await turn();
        controller.abort();
        // The first ones may have been done by then, not those that waited behind them.
        const outcomes = await Promise.allSettled(stopped);
        for (const outcome of outcomes.slice(10))
          expect(outcome).toMatchObject({ status: 'rejected', reason: abortError });
        expect((await other).shape).toEqual([1, 3, 56]);
      });
      expect(slow.pending).toBe(0);
    });

    test('does nothing after the end', async () => {
      const controller = new AbortController();
      const y = await new Conv1d(2, 3, 5).forwardAsync(ones(1, 2, 60), { signal: controller.signal });
      controller.abort();
      expect(y.shape).toEqual([1, 3, 56]);
    });
  });

  test('counts what is pending, and tells when it is idle', async () => {
    const conv = new Conv1d(2, 3, 5);
    await conv.idle();
    const works = Array.from({ length: 5 }, () => conv.forwardAsync(ones(1, 2, 600)));
    expect(conv.pending).toBe(5);
    await conv.idle();
    expect(conv.pending).toBe(0);
    await Promise.all(works);
  });
});

test('idle() comes after those who await the last call, and signals are not kept alive', async () => {
  const conv = new Conv1d(2, 3, 5);
  const order: string[] = [];
  void conv.forwardAsync(ones(1, 2, 60)).then(() => order.push('result'));
  await conv.idle();
  order.push('idle');
  expect(order).toEqual(['result', 'idle']);

  const references: WeakRef<AbortSignal>[] = [];
  const call = async (): Promise<void> => {
    const signal = AbortSignal.any([AbortSignal.timeout(1e6), new AbortController().signal]);
    references.push(new WeakRef(signal));
    await conv.forwardAsync(ones(1, 2, 60), { signal });
  };
  for (let i = 0; i < 20; i++) await call();
  for (let i = 0; i < 5; i++) {
    await turn();
    collect();
  }
  expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(5);
});

describe('forwardMany', () => {
  const conv = new Conv1d(4, 6, 3, { padding: 1 }).eval();

  test('gives each signal the bits of forward, in order, for any concurrency', async () => {
    const signals = Array.from({ length: 700 }, (_, i) => rand(4, 1 + ((i * 37) % 200)));
    signals.splice(300, 0, rand(4, 200_000));
    const expected = signals.map((x) => bits(conv.forward(x)));
    for (const concurrency of [1, 3, 100]) {
      const results = await conv.forwardMany(signals, { concurrency });
      expect(results.map((y) => y.shape)).toEqual(signals.map((x) => [6, x.shape[1]]));
      expect(results.every((y, i) => Buffer.compare(bits(y), expected[i]!) === 0)).toBe(true);
    }
  });

  test('reads the weights of a layer in training mode when it is called', async () => {
    const training = new Conv1d(4, 6, 3);
    const signals = [rand(4, 50), rand(4, 20)];
    const expected = signals.map((x) => bits(training.forward(x)));
    const work = training.forwardMany(signals);
    training.weight.data.fill(0);
    expect((await work).map(bits)).toEqual(expected);
  });

  test('goes on with the weights of the call, whatever happens to the layer meanwhile', async () => {
    for (const mode of ['train', 'eval'] as const) {
      const layer = new Conv1d(4, 6, 3)[mode]();
      const signals = Array.from({ length: 1500 }, () => rand(4, 60));
      const expected = signals.map((x) => bits(layer.forward(x)));
      const work = layer.forwardMany(signals, { concurrency: 1 });
      layer.loadStateDict(new Conv1d(4, 6, 3).stateDict());
      layer.train();
      const results = await work;
      expect(results.every((y, i) => Buffer.compare(bits(y), expected[i]!) === 0)).toBe(true);
    }
  });

  test('gives results that cannot be detached from under each other', async () => {
    const results = await conv.forwardMany(Array.from({ length: 1000 }, () => rand(4, 200)));
    const shared = results.filter((y) => y.data.buffer === results[0]!.data.buffer);
    if (shared.length > 1) expect(() => detach(results[0]!)).toThrow();
    const [a, b] = await conv.forwardMany([rand(4, 50), rand(4, 50)]);
    detach(a!);
    expect(b!.data.length).toBe(300);
  });

  describe('with out', () => {
    const signals = Array.from({ length: 700 }, (_, i) => rand(4, 1 + ((i * 37) % 200)));
    const expected = signals.map((x) => bits(conv.forward(x)));
    const lengths = signals.map(({ shape }) => shape[1]!);

    /** A tensor of `channels` for each signal, one after the other in one buffer. */
    const inOneBuffer = (channels: number, make: (bytes: number) => ArrayBufferLike): Tensor[] => {
      const buffer = make(4 * channels * lengths.reduce((sum, length) => sum + length, 0));
      let offset = 0;
      return lengths.map((length) => {
        const t = tensor(new Float32Array(buffer, offset, channels * length), [channels, length]);
        offset += 4 * channels * length;
        return t;
      });
    };
    const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

    test.each([
      ['of their own', () => signals.map((_, i) => zeros(6, lengths[i]!))],
      ['in one buffer', () => inOneBuffer(6, (bytes) => new ArrayBuffer(bytes))],
      ['in shared memory', () => inOneBuffer(6, shared)],
      ['here and there', () => inOneBuffer(6, shared).map((out, i) => (i % 3 === 0 ? zeros(6, lengths[i]!) : out))],
    ])('writes to tensors %s, and returns them', async (_, make) => {
      const inputs = inOneBuffer(4, shared);
      for (const [i, input] of inputs.entries()) input.data.set(signals[i]!.data as Float32Array);
      for (const borrow of [false, true]) {
        for (const given of [signals, inputs]) {
          const out = make();
          const results = await conv.forwardMany(given, { out, borrow });
          expect(results.every((y, i) => y === out[i])).toBe(true);
          expect(out.every((y, i) => Buffer.compare(bits(y), expected[i]!) === 0)).toBe(true);
        }
      }
    });

    test('borrows signals in shared memory', async () => {
      const threads = getNumThreads();
      setNumThreads(1);
      try {
        const ahead = slow.forwardAsync(slowInput); // the only thread is taken
        const x = new Float32Array(new SharedArrayBuffer(4 * 4 * 50)).fill(1);
        const [copied, borrowed] = [false, true].map((borrow) => conv.forwardMany([tensor(x, [4, 50])], { borrow }));
        x.fill(2);
        await ahead;
        const ofOnes = bits(conv.forward(ones(4, 50)));
        expectBits((await copied!)[0]!, ofOnes);
        expectBits((await borrowed!)[0]!, bits(conv.forward(tensor(x, [4, 50]))));
      } finally {
        setNumThreads(threads);
      }
    });

    const memory = new SharedArrayBuffer(4 * 10_000);
    const at = (channels: number, length: number, from: number): Tensor =>
      tensor(new Float32Array(memory, 4 * from, channels * length), [channels, length]);
    const [a, b] = [rand(4, 50), rand(4, 60)];
    test.each<[name: string, code: string, message: string, signals: Tensor[], out: Tensor[]]>([
      [
        'too few',
        'ERR_CONV1D_VALUE',
        'out must have a tensor for each of the 2 signals, but has 1',
        [a, b],
        [zeros(6, 50)],
      ],
      [
        'one of another shape',
        'ERR_CONV1D_SHAPE',
        'out[1]: expected out to have shape [6, 60]',
        [a, b],
        [zeros(6, 50), zeros(6, 50)],
      ],
      ['what is no tensor', 'ERR_CONV1D_TYPE', 'out[1]: ', [a, b], [zeros(6, 50), null as never]],
      [
        'two that overlap',
        'ERR_CONV1D_OVERLAP',
        'out[1] shares memory with out[0]',
        [a, b],
        [at(6, 50, 0), at(6, 60, 299)],
      ],
      [
        'one that overlaps another signal',
        'ERR_CONV1D_OVERLAP',
        'out[0] shares memory with signals[1]',
        [a, at(4, 60, 299)],
        [at(6, 50, 0), zeros(6, 60)],
      ],
      [
        'one within a long signal',
        'ERR_CONV1D_OVERLAP',
        'out[1] shares memory with signals[0]',
        [at(4, 1000, 0), at(4, 10, 0)],
        [zeros(6, 1000), at(6, 10, 50)],
      ],
      [
        'one over the weights',
        'ERR_CONV1D_OVERLAP',
        'out[0] shares memory with the weight',
        [rand(4, 3)],
        [tensor(conv.weight.data.subarray(0, 18), [6, 3])],
      ],
    ])('refuses %s', async (_, code, message, given, out) => {
      const work = conv.forwardMany(given, { out });
      await expect(work).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
      expect(conv.pending).toBe(0);
    });

    test('lets signals overlap each other', async () => {
      const signal = at(4, 50, 0);
      const results = await conv.forwardMany([signal, signal], { out: [at(6, 50, 200), at(6, 50, 500)], borrow: true });
      expectBits(results[0]!, bits(results[1]!));
    });

    test('rejects when an out is gone at the end', async () => {
      const out = [zeros(6, 50), zeros(6, 60)];
      const work = conv.forwardMany([a, b], { out });
      detach(out[1]!);
      const message = expect.stringMatching(/^out\[1\]: /);
      await expect(work).rejects.toMatchObject({ code: 'ERR_CONV1D_DETACHED', message });
    });
  });

  test('stops at the first failure, and is pending until all has stopped', async () => {
    const signals = Array.from({ length: 3000 }, () => rand(4, 60));
    const work = conv.forwardMany(signals, { concurrency: 2 });
    detach(signals[2999]!);
    await expect(work).rejects.toMatchObject({
      code: 'ERR_CONV1D_DETACHED',
      message: expect.stringMatching(/^signals\[2999\]: /),
    });
    expect(conv.pending).toBe(0);
  });

  test('of nothing is nothing', async () => expect(await conv.forwardMany([])).toEqual([]));

  test('checks every signal before it starts, and names the one that does not fit', async () => {
    await expect(conv.forwardMany([rand(4, 50), rand(1, 4, 50)])).rejects.toThrow('signals[1]: it must have shape');
    const refusal: unknown = await conv.forwardMany([rand(4, 50), rand(5, 50)]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RangeError);
    expect(refusal).toMatchObject({ code: 'ERR_CONV1D_SHAPE', cause: { code: 'ERR_CONV1D_SHAPE' } });
    await expect(conv.forwardMany([rand(4, 50), rand(3, 50)])).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_CONV1D_SHAPE',
      message: expect.stringMatching(/^signals\[1\]: Given groups=.* but got 3 channels instead$/),
    });
    await expect(conv.forwardMany([rand(4, 50), rand(4, 50), null as never])).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ERR_CONV1D_TYPE',
      message: expect.stringMatching(/^signals\[2\]: /),
    });
    await expect(conv.forwardMany(rand(4, 50) as never)).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    await expect(conv.forwardMany([], { concurrency: 0 })).rejects.toMatchObject({ code: 'ERR_CONV1D_VALUE' });
    expect(conv.pending).toBe(0);
  });

  test('is aborted by its signal', async () => {
    const controller = new AbortController();
    const work = slow.forwardMany(
      Array.from({ length: 20 }, () => slowInput.at(0)),
      { signal: controller.signal },
    );
    await turn();
    controller.abort();
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    await slow.idle();
  });
});
