import { createHash } from 'node:crypto';
import { addon } from '../../lib/addon.ts';
import { Conv1d, manualSeed, rand, type Tensor } from '../../lib/index.ts';

// Prints whether the native side lends memory, and a digest of the same 20 MB result from every kind of call.
const LENGTH = 2_500_000;

function digest({ data }: Tensor): string {
  return createHash('sha256').update(data).digest('hex');
}

manualSeed(0);
const conv = new Conv1d(1, 2, 3).eval();
const x = rand(1, 1, LENGTH);
const results = [
  conv.forward(x),
  await conv.forwardAsync(x),
  await conv.forwardAsync(x, { borrow: true }),
  ...(await conv.forwardMany([x.at(0), x.at(0)])),
];
console.log(JSON.stringify({ lent: addon.pooledBuffer(32 * 2 ** 20) !== null, digests: results.map(digest) }));
