import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { addon } from '../lib/addon.ts';
import { Conv1d, functional, ones, rand, type Tensor, tensor, zeros } from '../lib/index.ts';
import { allocateResult } from '../lib/resultMemory.ts';

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
      if (i % 8 === 0) addon.giveBackMemory();
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

  test.each([0, 1, 1023, 1024, 100_000, LARGE])('has exactly %i elements', (length) => {
    expect(allocateResult('float32', length).length).toBe(length);
    expect(allocateResult('float64', length).length).toBe(length);
  });

  test.each([2 ** 40, 2 ** 52])('of %i elements is refused where there is none', (length) => {
    for (const attempt of [() => addon.allocateResult('float64', length), () => allocateResult('float32', length)]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_MEMORY' }));
    }
  });
});

test('the native side checks what it is asked to allocate', () => {
  for (const [dtype, length, code] of [
    ['float16', 1, 'ERR_CONV1D_VALUE'],
    [undefined, 1, 'ERR_CONV1D_VALUE'],
    ['float32', -1, 'ERR_CONV1D_VALUE'],
    ['float32', 1.5, 'ERR_CONV1D_VALUE'],
    ['float32', '1', 'ERR_CONV1D_TYPE'],
    ['float64', 2 ** 53, 'ERR_CONV1D_MEMORY'],
  ]) {
    expect(() => addon.allocateResult(dtype as never, length as never)).toThrow(expect.objectContaining({ code }));
  }
});
