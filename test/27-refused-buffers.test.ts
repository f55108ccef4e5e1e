import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('helpers/largeResults.ts', import.meta.url));

/** Runs the program in a process of its own: what is refused is read once. */
function largeResults(env: NodeJS.ProcessEnv): { lent: boolean; digests: string[] } {
  const output = execFileSync(process.execPath, ['--import', 'tsx', PROGRAM], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(output) as { lent: boolean; digests: string[] };
}

test('a runtime that refuses external buffers, as Electron does, gets the same results in memory of its own', () => {
  const usual = largeResults({});
  const refused = largeResults({ CONV1D_EXTERNAL_BUFFERS: 'refuse' });
  expect(usual.lent).toBe(true);
  expect(refused.lent).toBe(false);
  expect(refused.digests).toEqual(usual.digests);
  expect(new Set(refused.digests).size).toBe(1);
});
