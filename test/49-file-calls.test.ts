import { constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../lib/command/explain.ts';
import { BESIDE, closeFile, type FileCalls, inPlaceWhileQuick, statsOf } from '../lib/io/fileCalls.ts';
import { decodeFile, writeFileAtomic, writeWhole } from '../lib/io/files.ts';
import { loadNpy, serializeNpy } from '../lib/io/npy.ts';
import { rand } from '../lib/tensor/factories.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ways: [name: string, calls: () => FileCalls][] = [
  ['beside', () => BESIDE],
  ['in place', () => inPlaceWhileQuick(() => 0)],
];

describe.each(ways)('the system is asked %s', (_, make) => {
  const calls = make();

  test('to write, rename, read and look at a file', async () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    const file = await calls.open(from, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    expect(await calls.write(file, [Buffer.from('ab'), new Uint8Array(0), Buffer.from('cd')])).toBe(4);
    await calls.sync(file);
    closeFile(file);
    await calls.rename(from, to);
    expect(await calls.stat(from)).toBeUndefined();
    expect((await calls.stat(to))?.size).toBe(4);
    const again = await calls.open(to, constants.O_RDONLY);
    expect(statsOf(again).size).toBe(4);
    const target = new Uint8Array(8);
    expect(await calls.read(again, target, 1)).toBe(3);
    expect(Buffer.from(target).toString('latin1', 0, 3)).toBe('bcd');
    expect(await calls.read(again, target, 4)).toBe(0);
    closeFile(again);
  });

  test('and its refusals have its codes', async () => {
    const missing = join(folder, 'missing', 'file');
    writeFileSync(join(folder, 'plain'), '');
    await expect((async () => calls.open(missing, constants.O_RDONLY))()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect((async () => calls.rename(missing, missing))()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await calls.stat(missing)).toBeUndefined();
  });

  test('to read from shared memory and write to it', async () => {
    const path = join(folder, 'shared.npy');
    const t = rand(3, 50_000);
    await writeFileAtomic(path, [serializeNpy(t)], { calls });
    function* decoder(_: string, size: number) {
      const target = new Uint8Array(new SharedArrayBuffer(size));
      yield { target, position: 0 };
      return target;
    }
    const bytes = await decodeFile(decoder, path, { calls });
    await writeFileAtomic(path, [bytes.subarray(0, 7), bytes.subarray(7)], { calls });
    expect((await loadNpy(path)).data).toEqual(t.data);
    expect(readFileSync(path)).toHaveLength(bytes.length);
  });
});

describe('in place while the system is quick', () => {
  /** Whether a call went beside. */
  const isBeside = (calls: FileCalls): boolean => calls.stat(folder) instanceof Promise;

  test('goes beside for some time after a slow answer, and for longer each time', () => {
    let clock = 0;
    let step = 0;
    const calls = inPlaceWhileQuick(() => {
      clock += step;
      return clock;
    });
    const besides = (): number => {
      let count = 0;
      while (isBeside(calls)) count++;
      return count;
    };
    expect(besides()).toBe(0);
    step = 2;
    expect([isBeside(calls), besides(), besides(), besides()]).toEqual([false, 16, 32, 64]);
    step = 0;
    expect([besides(), besides()]).toEqual([128, 0]);
    step = 2;
    expect([besides(), besides()]).toEqual([0, 16]);
  });

  test('each kind of call by itself, and never much at a time', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, new Uint8Array(2 ** 20));
    const calls = inPlaceWhileQuick(() => 0);
    const file = await calls.open(path, constants.O_RDONLY);
    expect(calls.read(file, new Uint8Array(2 ** 19), 0)).toBe(2 ** 19);
    const much = calls.read(file, new Uint8Array(2 ** 20), 0);
    expect(much).toBeInstanceOf(Promise);
    expect(await much).toBe(2 ** 20);
    closeFile(file);
  });
});

test.each([0, Number.NaN])('a system that takes %s bytes, again and again, is not asked for ever', async (count) => {
  const stuck: FileCalls = { ...BESIDE, write: () => count };
  await expect(writeWhole(stuck, 0, 'x.npy', [new Uint8Array(0), new Uint8Array(3)])).rejects.toThrow(
    expect.objectContaining({ code: 'EIO', message: expect.stringContaining('x.npy: i/o error') }),
  );
  await writeWhole(stuck, 0, 'x.npy', [new Uint8Array(0)]); // nothing is asked for
});

test('explain() gives the sentence of the operating system for an error with an errno (Node) and for one with a code alone (Deno)', () => {
  const full = Object.assign(new Error('No space left on device (os error 28)'), { code: 'ENOSPC' });
  expect(explain(full)).toBe('no space left on device');
  expect(explain(Object.assign(full, { errno: -28 }))).toBe('no space left on device');
});
