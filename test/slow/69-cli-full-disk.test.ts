import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type FileCalls, inPlaceWhileQuick } from '../../lib/io/fileCalls.ts';
import { jsonLines, numbered, recordings, smallLayer } from '../helpers/batch.ts';
import { conv1d, temporaryFolder } from '../helpers/cli.ts';

vi.mock('../../lib/io/fileCalls.ts', async (original) => {
  const real = await original<typeof import('../../lib/io/fileCalls.ts')>();
  return { ...real, inPlaceWhileQuick: vi.fn(real.inPlaceWhileQuick) };
});
const real = await vi.importActual<typeof import('../../lib/io/fileCalls.ts')>('../../lib/io/fileCalls.ts');

/** Lets runs ask the system through other calls. */
function replaceCalls(change: (calls: FileCalls) => Partial<FileCalls>): void {
  vi.mocked(inPlaceWhileQuick).mockImplementation(() => {
    const calls = real.inPlaceWhileQuick();
    return { ...calls, ...change(calls) };
  });
}
const restoreCalls = (): void => void vi.mocked(inPlaceWhileQuick).mockImplementation(real.inPlaceWhileQuick);
beforeEach(restoreCalls);

type Refusal = readonly [code: string, errno: number, says: string];

/** Makes the system refuse a new file for an output after so many of them. */
function refuseAfter(count: number, [code, errno]: Refusal): void {
  let left = count;
  replaceCalls((calls) => ({
    open: (path, ...more) => {
      if (path.endsWith('.tmp') && left-- <= 0) throw Object.assign(new Error(code), { code, errno });
      return calls.open(path, ...more);
    },
  }));
}

async function scene(count: number) {
  const folder = temporaryFolder();
  const { weights } = await smallLayer(folder);
  recordings(join(folder, 'in'), numbered(count));
  const out = join(folder, 'out');
  return { out, argv: ['run', weights, join(folder, 'in'), '--out', out] };
}

/** The outputs that are there, whole or not. */
const outputsIn = (out: string): string[] =>
  existsSync(out) ? readdirSync(out).filter((name) => name !== 'conv1d-manifest.jsonl') : [];

const lasting: Refusal[] = [
  ['ENOSPC', -28, 'no space left on device'],
  ['EROFS', -30, 'read-only file system'],
  ['EACCES', -13, 'permission denied'],
  ['Unknown system error -122', -122, 'disk quota exceeded'],
];

describe.skipIf(process.platform !== 'linux')('an --out that takes no more', () => {
  describe.each(lasting)('%s', (...refusal) => {
    const [, , says] = refusal;
    test('ends the run with one line, counts what is written, and --resume does the rest', async () => {
      const { out, argv } = await scene(200);
      refuseAfter(20, refusal);
      const { code, stdout, stderr } = await conv1d(...argv, '--json');
      expect(stderr).toMatch(
        new RegExp(
          `^conv1d: cannot write [^\n]*\\.npy: ${says}\nconv1d: 180 of 200 files are left; the same command with --resume does them\n$`,
        ),
      );
      expect(code).toBe(3);
      expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 200, written: 20, failed: 0, skipped: 0 });
      expect(outputsIn(out)).toHaveLength(20);
      restoreCalls();
      const again = await conv1d(...argv, '--json', '--resume');
      expect(again.code).toBe(0);
      expect(jsonLines(again.stdout).at(-1)).toMatchObject({ written: 180, skipped: 20 });
    });

    test('before anything is written is exit code 1', async () => {
      const { out, argv } = await scene(5);
      refuseAfter(0, refusal);
      const { code, stdout, stderr } = await conv1d(...argv);
      expect(stderr).toMatch(/^conv1d: cannot write [^\n]*\nconv1d: 5 of 5 files are left; [^\n]*--resume[^\n]*\n$/);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(outputsIn(out)).toEqual([]);
    });
  });

  test('for the manifest alone leaves no output uncounted', async () => {
    const { out, argv } = await scene(30);
    replaceCalls((calls) => ({
      write: (file, chunks) => {
        const isLine = Buffer.from(chunks[0]!).toString('latin1', 0, 10) === '{"output":';
        if (isLine) throw Object.assign(new Error(), { code: 'ENOSPC', errno: -28 });
        return calls.write(file, chunks);
      },
    }));
    const { code, stdout, stderr } = await conv1d(...argv, '--json');
    expect(stderr).toContain(`conv1d: cannot write ${join(out, 'conv1d-manifest.jsonl')}: no space left on device\n`);
    expect(code).toBe(3);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ written: outputsIn(out).length, failed: 0 });
  });

  test('is not taken for what a single output meets: the others are written', async () => {
    const { out, argv } = await scene(30);
    mkdirSync(join(out, '003.npy'), { recursive: true });
    const { code, stderr } = await conv1d(...argv);
    expect(stderr).toMatch(/^conv1d: [^\n]*003\.wav: cannot write [^\n]*003\.npy: [^\n]*is a directory[^\n]*\n$/);
    expect(code).toBe(3);
    expect(outputsIn(out)).toHaveLength(30);
  });
});

/** Mounts a file system in memory, gone when the test is over; false where this process may not. */
function mounted(folder: string, options: string): boolean {
  mkdirSync(folder, { recursive: true });
  if (
    process.platform !== 'linux' ||
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0
  ) {
    return false;
  }
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return true;
}

describe('on a file system of its own', () => {
  test('that is full, whole outputs are counted and listed, and no others are there', async ({ skip }) => {
    const { out, argv } = await scene(400);
    if (!mounted(out, 'size=256k')) skip('this process may not mount a file system');
    const { code, stdout, stderr } = await conv1d(...argv, '--json');
    expect(stderr).toMatch(
      /^conv1d: cannot write [^\n]*: no space left on device\nconv1d: \d+ of 400 files are left; [^\n]*--resume[^\n]*\n$/,
    );
    expect(code).toBe(3);
    const { written } = jsonLines(stdout).at(-1)!;
    expect(outputsIn(out)).toHaveLength(Number(written));
    for (const name of outputsIn(out)) expect(readFileSync(join(out, name)).length).toBeGreaterThan(128);
  });

  test('that is read-only, nothing is begun', async ({ skip }) => {
    const { out, argv } = await scene(30);
    if (!mounted(out, 'ro')) skip('this process may not mount a file system');
    const { code, stderr } = await conv1d(...argv);
    expect(stderr).toBe(
      `conv1d: cannot write ${join(out, 'conv1d-manifest.jsonl')}: read-only file system\nconv1d: 30 of 30 files are left; the same command with --resume does them\n`,
    );
    expect(code).toBe(1);
  });
});
