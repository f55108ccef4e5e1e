import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { saveNpy } from '../lib/io/npy.ts';
import { rand } from '../lib/tensor/factories.ts';
import { recordings, smallLayer } from './helpers/batch.ts';
import { conv1d, temporaryFolder, tone, wavFile } from './helpers/cli.ts';

/** A folder that is input and output at once. */
async function scene() {
  const folder = temporaryFolder();
  const { weights } = await smallLayer(folder);
  const input = join(folder, 'in');
  recordings(input, ['a.wav']);
  return { input, run: (...more: string[]) => conv1d('run', weights, input, '--out', input, ...more) };
}

describe('--out equal to the input folder', () => {
  test('never takes an array of the user for an output, run after run', async () => {
    const { input, run } = await scene();
    const own = join(input, 'own.npy');
    await saveNpy(own, rand(1, 50));
    const before = readFileSync(own);
    for (const more of [[], [], ['--resume'], ['--resume']]) {
      const { code, stderr } = await run(...more);
      expect(stderr).toContain('own.npy would replace it; choose another --out');
      expect(code).toBe(3);
    }
    // A recording whose output would have that name is refused as well.
    recordings(input, ['own.wav']);
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toContain('would both become');
    expect(readFileSync(own).equals(before)).toBe(true);
  });

  test('takes back what it announced and did not write', async () => {
    const { input, run } = await scene();
    writeFileSync(join(input, 'b.wav'), wavFile(8000, tone(200, 8000, 60), tone(300, 8000, 60)));
    expect((await run()).code).toBe(3); // two channels
    const own = join(input, 'b.npy');
    await saveNpy(own, rand(1, 50));
    const before = readFileSync(own);
    const { code, stderr } = await run('--mono');
    expect(code).toBe(2);
    expect(stderr).toContain('would both become');
    expect(readFileSync(own).equals(before)).toBe(true);
  });

  test('announces anew what a later run writes', async () => {
    const { input, run } = await scene();
    writeFileSync(join(input, 'b.wav'), wavFile(8000, tone(200, 8000, 60), tone(300, 8000, 60)));
    expect((await run()).code).toBe(3);
    expect((await run('--mono')).code).toBe(0);
    expect((await run('--mono', '--resume')).stdout).not.toContain('b.npy ->');
    expect((await run('--mono', '--resume')).code).toBe(0);
  });
});
