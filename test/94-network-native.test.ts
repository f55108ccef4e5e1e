import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { Program, Schedule } from '../binding.d.ts';
import { addon } from '../lib/native/addon.ts';
import { glu, powScalar } from '../lib/native/channelwise.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { repositoryFile } from './helpers/cli.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { codeOf, detach } from './helpers/refusals.ts';

// The numbers of functions and kinds, as native/kernels/kernel_table.h and native/core/reduce/reduce.h have them.
const [TANH, CLAMP] = [7, 17];
const [ADD, SUB, MUL, DIV] = [0, 1, 2, 3];
const [AFFINE, SNAKE, LEAKY_RELU] = [0, 1, 2];
const [MEAN, MAXIMUM, VARIANCE] = [1, 3, 5];
const [ARENA, INPUT, OUTPUT] = [0, 1, 2];
const [UNARY, CHANNEL, BINARY] = [0, 1, 2];

type Dtype = 'float32' | 'float64';
const DTYPES: readonly Dtype[] = ['float32', 'float64'];

const make = (dtype: Dtype, length: number): FloatArray =>
  dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);

/** Values of both signs, the same in every run. */
function waves(dtype: Dtype, length: number, seed: number): FloatArray {
  return make(dtype, length).map((_, i) => 1.5 * Math.sin((i + 1) * (seed + 1.37)));
}

function bytesOf(array: FloatArray): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function expectBits(actual: readonly FloatArray[], expected: readonly FloatArray[]): void {
  for (const [i, array] of actual.entries()) expect(Buffer.compare(bytesOf(array), bytesOf(expected[i]!))).toBe(0);
}

const flat = (...stages: number[][]) => Float64Array.from(stages.flat());

function convolution(dtype: Dtype, transposed = false, algorithm: 'direct' | 'fast' = 'direct') {
  const layer = new addon.Convolution(dtype, 4, 6, 3, 2, 1, 1, 1, 2, 'zeros', algorithm, 2 ** 20, transposed, 0);
  layer.pack(waves(dtype, 36, 1), waves(dtype, 6, 2));
  return layer;
}

function recurrent(dtype: Dtype, kind: 'lstm' | 'gru') {
  const layer = new addon.Recurrent(kind, dtype, 3, 5);
  const rows = (kind === 'lstm' ? 4 : 3) * 5;
  layer.pack(waves(dtype, rows * 3, 1), waves(dtype, rows * 5, 2), waves(dtype, rows, 3), waves(dtype, rows, 4));
  return layer;
}

/** A step and what it does: the lengths of what it reads and writes, its arguments with places, and the same by arrays. */
interface Kind {
  readonly method: Exclude<keyof Program, 'place' | 'constant' | 'arenaLength'>;
  readonly what?: string;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  args(reads: readonly number[], writes: readonly number[], dtype: Dtype): unknown[];
  call(reads: readonly FloatArray[], writes: readonly FloatArray[], dtype: Dtype): void;
}

const KINDS: readonly Kind[] = [
  {
    method: 'convolution',
    reads: [2 * 4 * 21, 6, 6, 2 * 6 * 11],
    writes: [2 * 6 * 11, 2 * 6 * 11],
    args: ([x, a, b, other], [out, kept], dtype) => {
      const stages = flat(
        [UNARY, TANH, -1, kept!, -1, -1, 0, 0, 0],
        [CHANNEL, SNAKE, -1, -1, a!, b!, 0, 0, 0],
        [BINARY, SUB, -1, -1, other!, -1, 0, 0, 1],
        [BINARY, MUL, -1, -1, kept!, -1, 0, 0, 0],
        [BINARY, DIV, -1, -1, -1, -1, 0.3, 0, 0],
        [CHANNEL, LEAKY_RELU, -1, -1, b!, -1, 0, 0, 0],
      );
      return [convolution(dtype), x, 2, 21, 1, 1, 0, out, stages];
    },
    call: ([x, a, b, other], [out, kept], dtype) => {
      const y = make(dtype, 132);
      const third = make(dtype, 1).fill(0.3);
      const whole = (array: FloatArray) => [array, 0, [1]] as const;
      convolution(dtype).forward(x!, 2, 21, null, null, y);
      addon.unary(TANH, y, 0, 0, kept!);
      addon.channelwise(SNAKE, 12, 6, 11, y, a!, b!, y);
      addon.binary(SUB, [132], ...whole(other!), ...whole(y.slice()), y);
      addon.binary(MUL, [132], ...whole(y.slice()), ...whole(kept!), y);
      addon.binary(DIV, [132], ...whole(y.slice()), third, 0, [0], y);
      addon.channelwise(LEAKY_RELU, 12, 6, 11, y, b!, null, out!);
    },
  },
  {
    method: 'convolution',
    what: 'with another padding, and outputs of length 1',
    reads: [2 * 4 * 3, 6],
    writes: [2 * 6],
    args: ([x, a], [out], dtype) => {
      const stages = flat([CHANNEL, LEAKY_RELU, -1, -1, a!, -1, 0, 0, 0]);
      return [convolution(dtype), x, 2, 3, 0, 0, 0, out, stages];
    },
    call: ([x, a], [out], dtype) => {
      const layer = new addon.Convolution(dtype, 4, 6, 3, 2, 0, 0, 1, 2, 'zeros');
      layer.pack(waves(dtype, 36, 1), waves(dtype, 6, 2));
      layer.forward(x!, 2, 3, null, null, out!);
      addon.channelwise(LEAKY_RELU, 12, 6, 1, out!, a!, null, out!);
    },
  },
  {
    method: 'convolution',
    what: 'transposed',
    reads: [2 * 4 * 7],
    writes: [2 * 6 * 14],
    args: ([x], [out], dtype) => [convolution(dtype, true), x, 2, 7, 1, 1, 1, out, flat()],
    call: ([x], [out], dtype) => convolution(dtype, true).forward(x!, 2, 7, null, null, out!, 1),
  },
  {
    method: 'convolution',
    what: 'fast',
    reads: [2 * 4 * 401],
    writes: [2 * 6 * 201],
    args: ([x], [out], dtype) => [convolution(dtype, false, 'fast'), x, 2, 401, 1, 1, 0, out, flat()],
    call: ([x], [out], dtype) => convolution(dtype, false, 'fast').forward(x!, 2, 401, null, null, out!),
  },
  {
    method: 'recurrent',
    what: 'lstm, into every other stretch of out',
    reads: [4 * 2 * 3, 10, 10],
    writes: [4 * 2 * 10, 10, 10],
    args: ([x, h0, c0], [out, hn, cn], dtype) => {
      return [recurrent(dtype, 'lstm'), x, 4, 2, h0, c0, true, out, 5, 10, hn, cn];
    },
    call: ([x, h0, c0], [out, hn, cn], dtype) => {
      recurrent(dtype, 'lstm').run(x!, 4, 2, h0!, c0!, true, out!, 5, 10, hn!, cn!, null);
    },
  },
  {
    method: 'recurrent',
    what: 'gru',
    reads: [4 * 2 * 3],
    writes: [4 * 2 * 5, 10],
    args: ([x], [out, hn], dtype) => [recurrent(dtype, 'gru'), x, 4, 2, -1, -1, false, out, 0, 5, hn, -1],
    call: ([x], [out, hn], dtype) => {
      recurrent(dtype, 'gru').run(x!, 4, 2, null, null, false, out!, 0, 5, hn!, null, null);
    },
  },
  {
    method: 'pointwise',
    reads: [2 * 3 * 1500, 3, 3],
    writes: [2 * 3 * 1500],
    args: ([x, a, b], [out]) => {
      const stages = flat([UNARY, CLAMP, -1, -1, -1, -1, -0.3, 0.6, 0], [CHANNEL, AFFINE, -1, -1, a!, b!, 0, 0, 0]);
      return [2, 3, 1500, x, out, stages];
    },
    call: ([x, a, b], [out]) => {
      addon.unary(CLAMP, x!, -0.3, 0.6, out!);
      addon.channelwise(AFFINE, 6, 3, 1500, out!, a!, b!, out!);
    },
  },
  {
    method: 'binary',
    reads: [12, 4],
    writes: [12],
    args: ([x, y], [out]) => [SUB, [3, 4], x, 0, [4, 1], y, 0, [0, 1], out],
    call: ([x, y], [out]) => addon.binary(SUB, [3, 4], x!, 0, [4, 1], y!, 0, [0, 1], out!),
  },
  {
    method: 'copy',
    what: 'from the last to the first',
    reads: [12],
    writes: [20],
    args: ([x], [out]) => [[3, 4], x, 11, [-4, -1], out, 1, [6, 1]],
    call: ([x], [out]) => addon.copy([3, 4], x!, 11, [-4, -1], out!, 1, [6, 1]),
  },
  {
    method: 'fill',
    reads: [],
    writes: [9],
    args: (_, [out]) => [out, 2, 5, 0.1],
    call: (_, [out]) => void out!.fill(0.1, 2, 7),
  },
  {
    method: 'channelwise',
    reads: [24, 3, 3],
    writes: [24],
    args: ([x, a, b], [out]) => [SNAKE, 6, 3, 4, x, a, b, out],
    call: ([x, a, b], [out]) => addon.channelwise(SNAKE, 6, 3, 4, x!, a!, b!, out!),
  },
  {
    method: 'glu',
    reads: [60],
    writes: [30],
    args: ([x], [out]) => [3, 5, 2, x, out],
    call: ([x], [out]) => glu(3, 5, 2, x!, out!),
  },
  {
    method: 'glu',
    what: 'of halves of one element',
    reads: [60],
    writes: [30],
    args: ([x], [out]) => [30, 1, 1, x, out],
    call: ([x], [out]) => glu(30, 1, 1, x!, out!),
  },
  ...[-1, 0.5, 2, 1.7].map(
    (exponent): Kind => ({
      method: 'powScalar',
      what: String(exponent),
      reads: [30],
      writes: [30],
      args: ([x], [out]) => [x, exponent, out],
      call: ([x], [out]) => powScalar(x!, exponent, out!),
    }),
  ),
  {
    method: 'maxPool',
    reads: [42],
    writes: [33],
    args: ([x], [out]) => [3, 14, 3, 1, 1, 2, 11, x, out],
    call: ([x], [out]) => addon.maxPool(3, 14, 3, 1, 1, 2, 11, x!, out!, null),
  },
  {
    method: 'avgPool',
    reads: [42],
    writes: [21],
    args: ([x], [out]) => [3, 14, 3, 2, 1, 7, false, x, out],
    call: ([x], [out]) => addon.avgPool(3, 14, 3, 2, 1, 7, false, x!, out!),
  },
  {
    method: 'adaptiveMaxPool',
    reads: [42],
    writes: [15],
    args: ([x], [out]) => [3, 14, 5, x, out],
    call: ([x], [out]) => addon.adaptiveMaxPool(3, 14, 5, x!, out!, null),
  },
  {
    method: 'adaptiveAvgPool',
    reads: [42],
    writes: [15],
    args: ([x], [out]) => [3, 14, 5, x, out],
    call: ([x], [out]) => addon.adaptiveAvgPool(3, 14, 5, x!, out!),
  },
  {
    method: 'upsampleNearest',
    reads: [42],
    writes: [84],
    args: ([x], [out]) => [3, 14, 28, 2, x, out],
    call: ([x], [out]) => addon.upsampleNearest(3, 14, 28, 2, x!, out!),
  },
  {
    method: 'upsampleLinear',
    reads: [42],
    writes: [60],
    args: ([x], [out]) => [3, 14, 20, true, 0, x, out],
    call: ([x], [out]) => addon.upsampleLinear(3, 14, 20, true, 0, x!, out!),
  },
  {
    method: 'spectraOfFrames',
    reads: [2 * 40, 11],
    writes: [2 * 2 * 6 * 10],
    args: ([x, window], [out]) => [2, 40, 10, 11, 3, 1, 0.5, x, window, out],
    call: ([x, window], [out]) => addon.spectraOfFrames(2, 40, 10, 11, 3, 1, 0.5, x!, window!, out!),
  },
  {
    method: 'overlapAddFrames',
    reads: [2 * 2 * 6 * 10, 11],
    writes: [2 * 32],
    args: ([spectra, window], [out]) => [2, 32, 10, 11, 3, 1, 0.5, 4, true, spectra, window, out],
    call: ([spectra, window], [out]) =>
      addon.overlapAddFrames(2, 32, 10, 11, 3, 1, 0.5, 4, true, spectra!, window!, out!),
  },
  ...[MEAN, MAXIMUM, VARIANCE].map(
    (f): Kind => ({
      method: 'reduce',
      what: String(f),
      reads: [60],
      writes: [12],
      args: ([x], [out]) => [f, 3, 5, 4, 1, x, out],
      call: ([x], [out]) => addon.reduce(f, 3, 5, 4, 1, x!, out!),
    }),
  ),
  ...[false, true].map(
    (isLog): Kind => ({
      method: 'softmax',
      what: isLog ? 'log' : '',
      reads: [60],
      writes: [60],
      args: ([x], [out]) => [isLog, 3, 20, x, out],
      call: ([x], [out]) => addon.softmax(isLog, 3, 20, x!, out!),
    }),
  ),
  {
    method: 'normalise',
    reads: [2 * 3 * 2 * 9, 6, 6],
    writes: [2 * 3 * 2 * 9],
    args: ([x, weight, bias], [out]) => [2, 3, 2, 9, 1e-5, x, weight, bias, false, out],
    call: ([x, weight, bias], [out]) => addon.normalise(2, 3, 2, 9, 1e-5, x!, weight!, bias!, false, out!, null),
  },
  {
    method: 'matmul',
    reads: [2 * 3 * 4, 4 * 5],
    writes: [2 * 3 * 5],
    args: ([a, b], [out]) => [[2], 3, 4, 5, a, 0, [12, 4, 1], b, 0, [0, 1, 4], out],
    call: ([a, b], [out]) => addon.matmul([2], 3, 4, 5, a!, 0, [12, 4, 1], b!, 0, [0, 1, 4], out!),
  },
];

const nameOf = ({ method, what }: Kind) => (what ? `${method}: ${what}` : method);
const named = KINDS.map((kind) => [nameOf(kind), kind] as const);

/** Adds a step by the name of its method, with any arguments. */
function add(program: Program, method: Kind['method'], args: readonly unknown[]): void {
  (program[method] as (...values: unknown[]) => void).call(program, ...args);
}

/** A program of this step alone, which reads inputs and writes outputs. */
function programOf(kind: Kind, dtype: Dtype): Program {
  const program = new addon.Program(dtype);
  const reads = kind.reads.map((length, i) => program.place(INPUT, i, 0, length));
  const writes = kind.writes.map((length, i) => program.place(OUTPUT, i, 0, length));
  add(program, kind.method, kind.args(reads, writes, dtype));
  return program;
}

function scheduleOf(program: Program, dtype: Dtype, inputs: readonly number[], outputs: readonly number[]): Schedule {
  const schedule = new addon.Schedule(dtype, inputs, outputs);
  const zeros = (lengths: readonly number[]) => lengths.map(() => 0);
  schedule.add(program, zeros(inputs), zeros(outputs));
  return schedule;
}

describe('a step has the bits of its function', () => {
  test.each(named)('%s', (_, kind) => {
    for (const dtype of DTYPES) {
      for (const isa of isas) {
        withIsa(isa, () => {
          const reads = kind.reads.map((length, i) => waves(dtype, length, i));
          const expected = kind.writes.map((length) => make(dtype, length).fill(77));
          kind.call(reads, expected, dtype);
          const schedule = scheduleOf(programOf(kind, dtype), dtype, kind.reads, kind.writes);
          for (const threads of [1, 3]) {
            const outputs = kind.writes.map((length) => make(dtype, length).fill(77));
            withThreads(threads, () => schedule.run(reads, outputs));
            expectBits(outputs, expected);
          }
        });
      }
    }
  });
});

/** Two steps over the arena, over `units` stretches of 40 elements. */
function stretches(units: number): { schedule: Schedule; program: Program } {
  const program = new addon.Program('float32');
  const x = program.place(INPUT, 0, 0, 40);
  const h = program.place(ARENA, 0, 8, 40);
  const out = program.place(OUTPUT, 0, 0, 40);
  const shift = program.constant(Float32Array.of(0.25));
  program.pointwise(1, 1, 40, x, h, flat([UNARY, TANH, -1, -1, -1, -1, 0, 0, 0]));
  program.binary(ADD, [40], h, 0, [1], shift, 0, [0], out);
  const schedule = new addon.Schedule('float32', [40 * units], [40 * units]);
  for (let unit = 0; unit < units; unit++) schedule.add(program, [40 * unit], [40 * unit]);
  return { schedule, program };
}

describe('a schedule', () => {
  const x = waves('float32', 400, 5) as Float32Array;
  const expected = x.map(Math.tanh).map((value) => value + 0.25);
  const expectClose = (y: Float32Array) => {
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  };

  test('runs its units one after the other or in parallel, with the same bits', () => {
    const { schedule, program } = stretches(10);
    expect(program.arenaLength()).toBe(48);
    const first = new Float32Array(400);
    schedule.run([x], [first]);
    expectClose(first);
    for (const isParallel of [true, false]) {
      schedule.parallel(isParallel);
      for (const threads of [1, 3, 16]) {
        const y = new Float32Array(400);
        withThreads(threads, () => schedule.run([x], [y]));
        expectBits([y], [first]);
      }
    }
  });

  test('takes views and shared memory', () => {
    const { schedule } = stretches(10);
    const memory = new Float32Array(new SharedArrayBuffer(4 * 1000));
    memory.set(x, 10);
    schedule.run([memory.subarray(10, 410)], [memory.subarray(410, 810)]);
    expectClose(memory.slice(410, 810));
    expect([memory[409], memory[810]]).toEqual([x[399], 0]);
  });

  test('of nothing does nothing', () => {
    new addon.Schedule('float64', [], []).run([], []);
    const y = new Float64Array(3);
    new addon.Schedule('float64', [2], [3]).run([new Float64Array(2)], [y]);
    expect([...y]).toEqual([0, 0, 0]);
    expect(new addon.Schedule('float64', [], []).profile([], [])).toEqual(new Float64Array(0));
  });

  test('runs beside the event loop with a copy of its inputs', async () => {
    const { schedule } = stretches(10);
    schedule.parallel(true);
    const own = x.slice();
    const done = new Promise<[string, ArrayBuffer[] | undefined]>((resolve) => {
      schedule.runAsync([own], (outcome, results) => resolve([outcome, results]));
    });
    own.fill(9);
    schedule.add(stretches(1).program, [0], [0]); // for later calls only
    const [outcome, results] = await done;
    expect(outcome).toBe('ok');
    expect(results!.length).toBe(1);
    expectClose(new Float32Array(results![0]!));
  });

  test('that is cancelled says so, or was quicker', async () => {
    const kind = KINDS[0]!;
    const schedule = scheduleOf(programOf(kind, 'float32'), 'float32', kind.reads, kind.writes);
    const inputs = kind.reads.map((length) => new Float32Array(length));
    const outcomes = Array.from({ length: 20 }, () => {
      return new Promise((resolve) => addon.cancel(schedule.runAsync(inputs, resolve)));
    });
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatch(/^(ok|cancelled)$/);
    await turn();
  });

  test('measures its steps, and says what memory it takes', () => {
    const { schedule } = stretches(10);
    const y = new Float32Array(400);
    const seconds = schedule.profile([x], [y]);
    expect(seconds.length).toBe(2);
    expect(seconds.every((second) => second > 0 && second < 10)).toBe(true);
    expectClose(y);
    const bytes = withThreads(3, () => schedule.workingBytes());
    expect(bytes).toBe(192);
    schedule.parallel(true);
    expect(withThreads(3, () => schedule.workingBytes())).toBe(3 * 192);
  });

  test('keeps the weights that its layers had', () => {
    const layer = convolution('float32');
    const program = new addon.Program('float32');
    const places = [program.place(INPUT, 0, 0, 84), program.place(OUTPUT, 0, 0, 66)] as const;
    program.convolution(layer, places[0], 1, 21, 1, 1, 0, places[1], flat());
    const input = waves('float32', 84, 3);
    const before = new Float32Array(66);
    layer.forward(input, 1, 21, null, null, before);
    layer.pack(new Float32Array(36), null);
    layer.unpack();
    const after = new Float32Array(66);
    scheduleOf(program, 'float32', [84], [66]).run([input], [after]);
    expectBits([after], [before]);
  });

  test('may end with its worker while it runs', async () => {
    const script = `
      const addon = require('node-gyp-build')(${JSON.stringify(repositoryFile('.'))});
      const layer = new addon.Convolution('float32', 64, 64, 9, 1, 4, 4, 1, 1, 'zeros');
      layer.pack(new Float32Array(64 * 64 * 9).fill(0.01), null);
      const program = new addon.Program('float32');
      const x = program.place(1, 0, 0, 64 * 4000);
      const out = program.place(2, 0, 0, 64 * 4000);
      for (let i = 0; i < 50; i++) program.convolution(layer, x, 1, 4000, 4, 4, 0, out, new Float64Array(0));
      const schedule = new addon.Schedule('float32', [64 * 4000], [64 * 4000]);
      schedule.add(program, [0], [0]);
      for (let i = 0; i < 3; i++) schedule.runAsync([new Float32Array(64 * 4000)], () => {});
      require('node:worker_threads').parentPort.postMessage('started');
    `;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    expect(await worker.terminate()).toBe(1);
  });
});

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const gone = () => {
  const array = new Float32Array(4);
  detach(array);
  return array;
};

const HOSTILE: readonly (readonly [name: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['-1', -1],
  ['-2', -2],
  ['0', 0],
  ['1', 1],
  ['3', 3],
  ['a fraction', 0.5],
  ['2^53 - 1', 2 ** 53 - 1],
  ['2^53', 2 ** 53],
  ['2^60', 2 ** 60],
  ['-2^53', -(2 ** 53)],
  ['2^31', 2 ** 31],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a bigint', 5n],
  ['a string', '1'],
  ['a symbol', Symbol('x')],
  ['true', true],
  ['an object', {}],
  ['a function', () => {}],
  ['a proxy', revoked()],
  ['a layer of another kind', recurrent('float64', 'gru')],
  ['a layer of another dtype', convolution('float64')],
  ['a layer without weights', new addon.Convolution('float32', 4, 6, 3, 2, 1, 1, 1, 2, 'zeros')],
  ['an heir of a layer', Object.create(convolution('float32'))],
  ['a proxy of a layer', new Proxy(convolution('float32'), {})],
  ['a program', new addon.Program('float64')],
  ['no numbers', []],
  ['a few numbers', [1, 2]],
  ['numbers below zero', [-1, -1]],
  ['huge numbers', [2 ** 53, 2 ** 53]],
  ['holes', new Array(3)],
  ['symbols', [Symbol('x')]],
  ['a long array', new Array(2000).fill(1)],
  ['an array of 2^32 - 1 holes', new Array(2 ** 32 - 1)],
  ['an array of arrays', [[1], [2]]],
  ['floats', new Float32Array(9)],
  ['doubles', new Float64Array(9)],
  ['doubles that are no numbers', new Float64Array(9).fill(Number.NaN)],
  ['huge doubles', new Float64Array(9).fill(2 ** 53)],
  ['doubles below zero', new Float64Array(9).fill(-1)],
  ['half a stage', new Float64Array(5)],
  ['many stages', new Float64Array(9 * 33)],
  ['memory that is gone', gone()],
];

const OURS = expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) });

/** Runs whatever a program has become; a refusal has a code. */
function runSafely(program: Program, inputs: readonly number[], outputs: readonly number[]): void {
  const code = codeOf(() => {
    const schedule = scheduleOf(program, 'float32', inputs, outputs);
    schedule.run(
      inputs.map((length) => new Float32Array(length)),
      outputs.map((length) => new Float32Array(length)),
    );
  });
  expect(code).toMatch(/^(nothing|ERR_CONV1D_.*)$/);
}

describe('hostile arguments of a step are refused, or harm nothing', () => {
  test.each(named)('%s', (_, kind) => {
    const uncoded: string[] = [];
    const count = kind.args(
      kind.reads.map(() => 0),
      kind.writes.map(() => 0),
      'float32',
    ).length;
    for (let argument = 0; argument < count; argument++) {
      for (const [name, value] of HOSTILE) {
        const program = new addon.Program('float32');
        const reads = kind.reads.map((length, i) => program.place(INPUT, i, 0, length));
        const writes = kind.writes.map((length, i) => program.place(OUTPUT, i, 0, length));
        const args = kind.args(reads, writes, 'float32').with(argument, value);
        const code = codeOf(() => add(program, kind.method, args));
        if (code === undefined || !/^(nothing|ERR_CONV1D_)/.test(code)) uncoded.push(`${argument}: ${name}`);
        runSafely(program, kind.reads, kind.writes);
      }
    }
    expect(uncoded).toEqual([]);
  });

  test.each(named)('%s, with fewer arguments', (_, kind) => {
    const program = new addon.Program('float32');
    expect(() => add(program, kind.method, [])).toThrow(OURS);
    expect(() => add(program, kind.method, [0])).toThrow(OURS);
  });

  test.each(named)('%s, whose places are one element too short', (_, kind) => {
    for (let short = 0; short < kind.reads.length + kind.writes.length; short++) {
      const program = new addon.Program('float32');
      const place = (kindOfPlace: number, length: number, i: number, at: number) =>
        program.place(kindOfPlace, i, 0, at === short ? length - 1 : length);
      const reads = kind.reads.map((length, i) => place(INPUT, length, i, i));
      const writes = kind.writes.map((length, i) => place(OUTPUT, length, i, kind.reads.length + i));
      // A copy and a fill need not reach the end; a power is as long as its output.
      const code = codeOf(() => add(program, kind.method, kind.args(reads, writes, 'float32')));
      const mayFit = ['copy', 'fill', 'powScalar'].includes(kind.method) && short >= kind.reads.length;
      expect(code).toMatch(mayFit ? /^(nothing|ERR_CONV1D_SHAPE)$/ : /^ERR_CONV1D_SHAPE$/);
    }
  });

  test.each(named)('%s, which writes to an input, a constant, or what it reads', (_, kind) => {
    for (const [i, length] of kind.writes.entries()) {
      const attempt = (target: (program: Program) => number) => {
        const program = new addon.Program('float32');
        const reads = kind.reads.map((count, j) => program.place(ARENA, 0, 1000 * j + 1, count));
        const writes = kind.writes.map((count, j) => program.place(OUTPUT, j, 0, count));
        writes[i] = target(program);
        return codeOf(() => add(program, kind.method, kind.args(reads, writes, 'float32')));
      };
      expect(attempt((program) => program.place(INPUT, 0, 0, length))).toBe('ERR_CONV1D_VALUE');
      expect(attempt((program) => program.constant(new Float32Array(length)))).toBe('ERR_CONV1D_VALUE');
      for (const j of kind.reads.keys()) {
        expect(attempt((program) => program.place(ARENA, 0, 1000 * j, length))).toBe('ERR_CONV1D_OVERLAP');
      }
    }
  });
});

describe('the addon refuses', () => {
  const program = () => new addon.Program('float32');
  const schedule = () => stretches(2).schedule;
  const x = () => new Float32Array(80);
  const done = () => {};
  const shared = new Float32Array(120);
  const calls: [name: string, call: () => unknown][] = [
    ['a program without a dtype', () => new addon.Program('float16' as never)],
    ['a program of nothing', () => new (addon.Program as unknown as new () => unknown)()],
    ['a place of no kind', () => program().place(3, 0, 0, 1)],
    ['a place of a fraction of a kind', () => program().place(0.5, 0, 0, 1)],
    ['a second arena', () => program().place(ARENA, 1, 0, 1)],
    ['an input beyond all', () => program().place(INPUT, 1024, 0, 1)],
    ['an input of a huge number', () => program().place(INPUT, 2 ** 53 - 1, 0, 1)],
    ['an output below zero', () => program().place(OUTPUT, -1, 0, 1)],
    ['a place below zero', () => program().place(ARENA, 0, -1, 1)],
    ['a length below zero', () => program().place(ARENA, 0, 0, -1)],
    ['a place that ends beyond 2^53', () => program().place(ARENA, 0, 2 ** 53, 1)],
    ['a length that is no number', () => program().place(ARENA, 0, 0, Number.NaN)],
    ['constants of another dtype', () => program().constant(new Float64Array(1))],
    ['constants of integers', () => program().constant(new Int32Array(1) as never)],
    ['a constant number', () => program().constant(1 as never)],

    ['a schedule without a dtype', () => new addon.Schedule('x' as never, [], [])],
    ['a schedule without lengths', () => new addon.Schedule('float32', 5 as never, [])],
    ['lengths below zero', () => new addon.Schedule('float32', [-1], [])],
    ['lengths that are no numbers', () => new addon.Schedule('float32', [], ['1' as never])],
    ['too many arrays', () => new addon.Schedule('float32', new Array(1025).fill(1), [])],
    ['endless arrays', () => new addon.Schedule('float32', new Array(2 ** 32 - 1), [])],
    ['a unit of nothing', () => schedule().add(undefined as never, [0], [0])],
    ['a unit of an object', () => schedule().add({} as never, [0], [0])],
    ['a unit of a layer', () => schedule().add(convolution('float32') as never, [0], [0])],
    ['a unit of a schedule', () => schedule().add(schedule() as never, [0], [0])],
    ['a unit of an heir', () => schedule().add(Object.create(program()), [0], [0])],
    ['a unit of a proxy', () => schedule().add(new Proxy(program(), {}), [0], [0])],
    ['a unit of another dtype', () => schedule().add(new addon.Program('float64'), [0], [0])],
    ['a unit outside of its input', () => schedule().add(stretches(1).program, [41], [0])],
    ['a unit outside of its output', () => schedule().add(stretches(1).program, [0], [41])],
    ['a unit beyond 2^53', () => schedule().add(stretches(1).program, [2 ** 53], [0])],
    ['a unit before its input', () => schedule().add(stretches(1).program, [-1], [0])],
    ['a unit without offsets', () => schedule().add(stretches(1).program, [], [])],
    ['a unit with an offset too many', () => schedule().add(stretches(1).program, [0, 0], [0])],
    ['text for parallel', () => schedule().parallel('yes' as never)],

    ['no inputs', () => schedule().run([], [x()])],
    ['inputs that are no array', () => schedule().run(x() as never, [x()])],
    ['no outputs', () => schedule().run([x()], undefined as never)],
    ['an input too many', () => schedule().run([x(), x()], [x()])],
    ['a short input', () => schedule().run([new Float32Array(79)], [x()])],
    ['a long output', () => schedule().run([x()], [new Float32Array(81)])],
    ['an input of another dtype', () => schedule().run([new Float64Array(80)], [x()])],
    ['an output of integers', () => schedule().run([x()], [new Int32Array(80) as never])],
    ['an input that is gone', () => schedule().run([gone()], [x()])],
    ['an output that is gone', () => schedule().run([x()], [gone()])],
    ['an output that is the input', () => schedule().run([shared.subarray(0, 80)], [shared.subarray(0, 80)])],
    ['an output that overlaps the input', () => schedule().run([shared.subarray(0, 80)], [shared.subarray(40, 120)])],
    [
      'outputs that overlap',
      () => new addon.Schedule('float32', [], [80, 80]).run([], [shared.subarray(0, 80), shared.subarray(40, 120)]),
    ],
    ['a profile of nothing', () => (schedule().profile as (...nothing: unknown[]) => unknown).call(schedule())],
    ['a job without a function', () => schedule().runAsync([x()], undefined as never)],
    ['a job of a short input', () => schedule().runAsync([new Float32Array(3)], done)],
    ['a job of an input that is gone', () => schedule().runAsync([gone()], done)],
    ['a job of another dtype', () => schedule().runAsync([new Float64Array(80)], done)],
  ];

  test.each(calls)('%s', (_, call) => {
    expect(call).toThrow(OURS);
  });

  test('an arena that no machine has, before it writes anything', () => {
    const huge = program();
    huge.place(ARENA, 0, 2 ** 52, 2 ** 52);
    huge.fill(huge.place(OUTPUT, 0, 0, 4), 0, 4, 1);
    const hopeless = scheduleOf(huge, 'float32', [], [4]);
    const y = new Float32Array(4);
    expect(codeOf(() => hopeless.run([], [y]))).toBe('ERR_CONV1D_MEMORY');
    expect([...y]).toEqual([0, 0, 0, 0]);
  });

  test('steps and places of a program that a schedule has', () => {
    const { program: finished } = stretches(1);
    expect(codeOf(() => finished.fill(2, 0, 1, 0))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => finished.place(ARENA, 0, 0, 1))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => finished.constant(new Float32Array(1)))).toBe('ERR_CONV1D_TYPE');
  });

  test('a unit, without finishing its program', () => {
    const growing = program();
    growing.place(INPUT, 0, 0, 4);
    expect(codeOf(() => schedule().add(growing, [77], [0]))).toBe('ERR_CONV1D_SHAPE');
    growing.place(INPUT, 0, 0, 5);
  });

  test('a program that getters finish while a step is added', () => {
    const growing = program();
    const place = growing.place(OUTPUT, 0, 0, 4);
    const from = growing.constant(new Float32Array(4));
    const other = new addon.Schedule('float32', [], [4]);
    const shape = Object.defineProperty([4], 0, {
      get() {
        other.add(growing, [], [0]);
        return 4;
      },
    });
    expect(codeOf(() => growing.copy(shape, from, 0, [1], place, 0, [1]))).toBe('ERR_CONV1D_TYPE');
  });

  test('inputs that getters detach', () => {
    const inputs = [x()];
    const outputs = [x()];
    const bad = Object.defineProperty([x()], 0, {
      get() {
        detach(inputs[0]!);
        return outputs[0]!;
      },
    });
    expect(codeOf(() => schedule().run(inputs, bad))).toBe('ERR_CONV1D_DETACHED');
  });

  test('stages that do not fit', () => {
    const attempt = (...stage: number[]) => {
      const growing = program();
      const [input, output] = [growing.place(INPUT, 0, 0, 12), growing.place(OUTPUT, 0, 0, 12)];
      growing.place(ARENA, 0, 0, 11); // place 2: too short
      growing.place(OUTPUT, 0, 1, 12); // place 3: a shifted output
      growing.constant(new Float32Array(2)); // place 4: too few parameters
      return codeOf(() => growing.pointwise(2, 3, 2, input, output, Float64Array.from(stage)));
    };
    expect(attempt(UNARY, TANH, -1, -1, -1, -1, 0, 0, 0)).toBe('nothing');
    for (const stage of [
      [3, 0, -1, -1, -1, -1, 0, 0, 0], // no such kind
      [UNARY, 99, -1, -1, -1, -1, 0, 0, 0], // no such function
      [UNARY, 0.5, -1, -1, -1, -1, 0, 0, 0],
      [UNARY, -1, -1, -1, -1, -1, 0, 0, 0],
      [UNARY, TANH, 2, -1, -1, -1, 0, 0, 0], // too short to read
      [UNARY, TANH, -1, 2, -1, -1, 0, 0, 0], // too short to write
      [UNARY, TANH, -1, 0, -1, -1, 0, 0, 0], // an input
      [UNARY, TANH, 3, -1, -1, -1, 0, 0, 0], // overlaps
      [UNARY, TANH, -1, 3, -1, -1, 0, 0, 0],
      [UNARY, TANH, 99, -1, -1, -1, 0, 0, 0], // no such place
      [UNARY, TANH, 0.5, -1, -1, -1, 0, 0, 0],
      [UNARY, TANH, -2, -1, -1, -1, 0, 0, 0],
      [UNARY, TANH, Number.NaN, -1, -1, -1, 0, 0, 0],
      [UNARY, TANH, -1, -1, 0, -1, 0, 0, 0], // what nobody reads
      [CHANNEL, AFFINE, -1, -1, -1, 0, 0, 0, 0], // no parameters
      [CHANNEL, AFFINE, -1, -1, 0, -1, 0, 0, 0],
      [CHANNEL, LEAKY_RELU, -1, -1, 0, 0, 0, 0, 0], // one too many
      [CHANNEL, AFFINE, -1, -1, 4, 4, 0, 0, 0], // too few
      [CHANNEL, AFFINE, -1, -1, 1, 0, 0, 0, 0], // those are overwritten
      [BINARY, ADD, -1, -1, 2, -1, 0, 0, 0],
      [BINARY, ADD, -1, -1, 3, -1, 0, 0, 0],
      [BINARY, ADD, -1, -1, 0, 0, 0, 0, 0],
      [BINARY, ADD, -1, -1, 0, -1, 0, 0, 2], // no flag
    ]) {
      expect(`${stage}: ${attempt(...stage)}`).toMatch(/: ERR_CONV1D_(VALUE|SHAPE|OVERLAP)$/);
    }
  });
});
