import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { addon } from '../lib/addon.ts';
import { functional, ones, type Tensor, tensor, zeros } from '../lib/index.ts';
import { allocateResult } from '../lib/resultMemory.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

const LARGE = 5_000_000; // elements: 20 MB, which the native side recycles

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
      await turn();
    }
    for (const [result, value] of kept) expect(isFilledWith(result, value)).toBe(true);
  });

  test('is used again once nobody holds it', async () => {
    // 25 MB asked for by nobody else; marked and dropped, until a buffer comes back with the mark. A function of its own
    // makes sure that nothing holds on to the buffer.
    const bytes = 25 * 2 ** 20;
    const takeAndMark = (): boolean => {
      const buffer = addon.pooledBuffer(bytes);
      if (buffer === null) return false;
      const last = new Uint8Array(buffer, bytes - 4);
      const isMarked = last.join() === '1,2,3,4';
      last.set([1, 2, 3, 4]);
      return isMarked;
    };
    let isRecycled = false;
    for (let i = 0; i < 50 && !isRecycled; i++) {
      isRecycled = takeAndMark();
      await turn();
      collect();
      await turn();
    }
    expect(isRecycled).toBe(true);
  });

  test('comes from elsewhere when a loop never yields and too much is lent out', () => {
    const lent: ArrayBuffer[] = [];
    for (let i = 0; i < 20; i++) {
      const buffer = addon.pooledBuffer(32 * 2 ** 20);
      if (buffer === null) break;
      lent.push(buffer);
    }
    expect(lent.length).toBeLessThanOrEqual(8); // 256 MiB
    expect(isFilledWith(filledWith(3), 3)).toBe(true);
  });

  test.each([0, 1, 1023, 1024, 100_000, LARGE])('has exactly %i elements', (length) => {
    expect(allocateResult('float32', length).length).toBe(length);
    expect(allocateResult('float64', length).length).toBe(length);
  });

  test('small buffers are left to JavaScript', () => expect(addon.pooledBuffer(1000)).toBe(null));
});
