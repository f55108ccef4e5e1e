import { describe, expect, it } from 'vitest';
import { renameOver } from '../lib/io/files.ts';

describe('a rename that Windows refuses', () => {
  /** What happens when the first `refusals` attempts fail with `code`. */
  async function attempt(refusals: number, code: string, platform = 'win32') {
    const pauses: number[] = [];
    let attempts = 0;
    const system = {
      platform,
      pause: async (ms: number) => pauses.push(ms),
      rename: async () => {
        if (attempts++ < refusals) throw Object.assign(new Error(code), { code });
      },
    };
    const error = await renameOver('a', 'b', system).then(
      () => null,
      (reason: Error) => reason.message,
    );
    return { attempts, pauses, error };
  }

  it('is tried again, after longer and longer pauses', async () => {
    expect(await attempt(3, 'EPERM')).toEqual({ attempts: 4, pauses: [1, 2, 4], error: null });
  });

  it('is given up after a second', async () => {
    const { pauses, error } = await attempt(Number.POSITIVE_INFINITY, 'EBUSY');
    expect(error).toBe('EBUSY');
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(1023);
  });

  it.each([
    ['for another reason', 'ENOENT', 'win32'],
    ['on another system', 'EPERM', 'linux'],
  ])('is an error at once %s', async (_, code, platform) => {
    expect(await attempt(1, code, platform)).toEqual({ attempts: 1, pauses: [], error: code });
  });
});
