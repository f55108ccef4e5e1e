import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { Conv1d, functional, ones, rand, type Tensor, tensor, zeros } from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { allocateResult, giveBackLater } from '../lib/native/resultMemory.ts';

/** What lib/ asks to be called later. */
const timers: (() => void)[] = [];
vi.mock('node:timers', () => ({
  setTimeout: (callback: () => void) => {
    timers.push(callback);
    return { unref: () => undefined };
  },
}));

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

const LARGE = 5_000_000; // elements: 20 MB

/** A large result of which every element is `value`. */
function filledWith(value: number): Tensor {
  return functional.conv1d(ones(1, 1, LARGE), zeros(1, 1, 1), tensor([value]));
}

function isFilledWith(result: Tensor, value: number): boolean {
  return result.data.every((element) => element === value);
}

describe('the memory of large results', () => {
  test('belongs to one owner, whatever the garbage collector frees meanwhile', async () => {
    const kept: [Tensor, number][] = [];
    for (let i = 1; i <= 24; i++) {
      const result = filledWith(i);
      if (i % 4 === 0) kept.push([result, i]);
      if (i % 3 === 0) collect();
      addon.giveBackWhenIdle();
      await turn();
    }
    for (const [result, value] of kept) expect(isFilledWith(result, value)).toBe(true);
  });

  test('goes with its buffer when that is transferred', () => {
    const result = filledWith(7);
    const { buffer } = result.data;
    const moved = new Float32Array(structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }));
    expect(() => result.data).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }));
    const next = filledWith(9);
    expect(moved.length).toBe(LARGE);
    expect(moved.every((element) => element === 7)).toBe(true);
    expect(isFilledWith(next, 9)).toBe(true);
  });

  test('is what the result needs and no more, so that nothing else is to be read there', async () => {
    const conv = new Conv1d(1, 2, 3).eval();
    const x = rand(1, 1, 1_000_002);
    const results = [
      conv.forward(x),
      await conv.forwardAsync(x),
      ...(await conv.forwardMany([x.at(0), x.at(0)])),
      conv.stream().push(x),
    ];
    for (const { data } of results) {
      expect(data.length).toBe(2_000_000);
      expect(data.byteOffset).toBe(0);
      expect(data.buffer.byteLength).toBe(8_000_000);
    }
    expect(new Set(results.map(({ data }) => data.buffer)).size).toBe(results.length);
  });

  test.each([0, 1, 255, 256, 511, 512, 1023, 1024, 65_535, 65_536, 131_071, 131_072, LARGE])(
    'has exactly %i elements and an ArrayBuffer of its own',
    (length) => {
      for (const [dtype, bytes] of [
        ['float32', 4],
        ['float64', 8],
      ] as const) {
        const [one, two] = [allocateResult(dtype, length), allocateResult(dtype, length)];
        expect([one.length, one.byteOffset, one.buffer.byteLength]).toEqual([length, 0, length * bytes]);
        expect(one.buffer).not.toBe(two.buffer);
        const { buffer } = two.fill(7);
        const moved = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
        expect([two.length, moved.byteLength]).toEqual([0, length * bytes]);
      }
    },
  );

  test.each([2 ** 40, 2 ** 50])('of %i elements is refused where there is none', (length) => {
    expect(() => allocateResult('float32', length)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_MEMORY' }));
  });

  // glibc of the main thread keeps what is freed; other threads' heaps are smaller than a result may be.
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const isKept = header.glibcVersionRuntime !== undefined && isMainThread && process.arch === 'x64';
  test.runIf(isKept)('comes back from the C library without page faults, in a loop that never yields', () => {
    const conv = new Conv1d(1, 2, 3).eval();
    const x = rand(1, 1, 1_000_002);
    const calls = 40;
    let y = conv.forward(x);
    for (let i = 0; i < calls; i++) y = conv.forward(x);
    const before = process.resourceUsage().minorPageFault;
    for (let i = 0; i < calls; i++) y = conv.forward(x);
    const faults = (process.resourceUsage().minorPageFault - before) / calls;
    // 8 MB are 1953 pages.
    expect(y.data.length).toBe(2_000_000);
    expect(faults).toBeLessThan(400);
  });
});

describe('what is kept', () => {
  test('is looked after until nothing is left to do, and again with the next large result', () => {
    const answers = [true, false, false, true, true];
    const giveBack = vi.spyOn(addon, 'giveBackWhenIdle').mockImplementation(() => answers.shift()!);
    giveBackLater(2 ** 20);
    timers.pop()!(); // that of the tests before, or this one's
    giveBack.mockClear();
    timers.length = 0;
    giveBackLater(1000);
    expect(timers.length).toBe(0);
    giveBackLater(2 ** 20);
    giveBackLater(2 ** 20);
    expect(timers.length).toBe(1);
    for (let i = 0; i < 3; i++) timers[i]!();
    expect(timers.length).toBe(3);
    giveBackLater(2 ** 20);
    expect(timers.length).toBe(4);
    timers[3]!();
    expect(timers.length).toBe(4);
    expect(giveBack).toHaveBeenCalledTimes(4);
    giveBack.mockRestore();
  });
});

test('the native side checks what it is asked to allocate', () => {
  for (const [bytes, code] of [
    [-1, 'ERR_CONV1D_VALUE'],
    [1.5, 'ERR_CONV1D_VALUE'],
    ['1', 'ERR_CONV1D_TYPE'],
    [undefined, 'ERR_CONV1D_TYPE'],
    [2 ** 53, 'ERR_CONV1D_MEMORY'],
    [2 ** 45, 'ERR_CONV1D_MEMORY'],
  ]) {
    expect(() => addon.allocateResult(bytes as never)).toThrow(expect.objectContaining({ code }));
  }
});
