import { expect, test } from 'vitest';
import { getNumThreads, setNumThreads } from '../lib/index.ts';
import { checkNetwork } from './helpers/networks/check.ts';

// Random networks with indices, masks, floats of both dtypes and operations without a native step; `npm run fuzz:networks -- --mixed` plays
// more of them.

test.each([1, 31, 61, 91])('thirty random networks from the seed %d on compute what their modules do', async (seed) => {
  const threads = getNumThreads();
  let calls = 0;
  for (let i = 0; i < 30; i++) calls += await checkNetwork(seed + i, { isMixed: true });
  setNumThreads(threads);
  expect(calls).toBeGreaterThan(300);
});
