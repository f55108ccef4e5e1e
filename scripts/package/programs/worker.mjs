// Workers that convolve at once, and one that is terminated with calls in flight; prints 'ok' when all have the same bits.
import { createHash } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Conv1d, manualSeed, randn } from 'conv1d';

manualSeed(0);
const conv = new Conv1d(64, 64, 16);
const x = randn(64, 4000);
const digest = ({ data }) => createHash('sha256').update(data).digest('hex');

/** Starts a worker; settles with it and the first message that it sends. */
function start(task) {
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once('message', (message) => resolve({ worker, message }));
    worker.once('error', reject);
  });
}

if (isMainThread) {
  const { worker } = await start('begin');
  await worker.terminate();
  const others = await Promise.all(Array.from({ length: 3 }, () => start('finish')));
  const digests = [...others.map(({ message }) => message), digest(await conv.forwardAsync(x))];
  for (const other of others) await other.worker.terminate();
  const expected = digest(conv.forward(x));
  console.log(digests.every((each) => each === expected) ? 'ok' : `not ${expected}: ${digests}`);
} else if (workerData === 'finish') {
  const [y] = await Promise.all(Array.from({ length: 2 }, () => conv.forwardAsync(x)));
  parentPort.postMessage(digest(y));
} else {
  const calls = Array.from({ length: 16 }, () => conv.forwardAsync(x));
  parentPort.postMessage('in flight');
  await Promise.all(calls);
}
