import { expect, test } from 'vitest';
import { getNumThreads, setNumThreads } from '../lib/index.ts';
import { checkNetwork } from './helpers/networks/check.ts';

// Random networks; `npm run fuzz:networks` plays more of them.

test.each([1, 41, 81, 121, 161, 201])(
  'forty random networks from the seed %d on compute what their modules do',
  async (seed) => {
    const threads = getNumThreads();
    let calls = 0;
    for (let i = 0; i < 40; i++) calls += await checkNetwork(seed + i);
    setNumThreads(threads);
    expect(calls).toBeGreaterThan(400);
  },
);
