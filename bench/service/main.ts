import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installPeers } from '../peers/list.ts';

// `npm run bench:service`: what a server and a batch job see. Each figure comes from a process of its own; peers take turns.

const THREADS = '2';
const CONNECTIONS = '16';

function measure<T>(script: string, ...args: readonly string[]): T | undefined {
  const file = fileURLToPath(new URL(script, import.meta.url));
  try {
    return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' })) as T;
  } catch (error) {
    console.error(`${script} ${args.join(' ')}: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
}

const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(2)} ms`);
const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? '-' : `${(a / b).toFixed(2)}x`;

installPeers((line) => console.error(line));

console.log('A timer of 1 ms while convolutions run one after the other, 1 thread: how late it is');
for (const peer of ['conv1d', 'onnxruntime']) {
  const delay = measure<{ callMs: number; p50: number; p99: number; max: number }>('eventLoop.ts', peer);
  console.log(`  ${peer.padEnd(12)} call ${ms(delay?.callMs)}, median ${ms(delay?.p50)}, 99 % ${ms(delay?.p99)}`);
}

console.log('64 calls of forwardAsync in flight, beside as many of forward');
for (const threads of ['1', '2']) {
  const flight = measure<{ syncMs: number; asyncMs: number }>('inFlight.ts', threads);
  console.log(`  ${threads} thread(s): ${ratio(flight?.syncMs, flight?.asyncMs)} of the synchronous rate`);
}

console.log(`10,000 signals of 50 to 200 samples, 16->32 K 3, ${THREADS} threads`);
type Ragged = { loopMs: number; loopOutMs: number; manyMs: number; sharedMs: number; ortMs?: number };
const ragged = measure<Ragged>('ragged.ts', THREADS);
const { loopMs, loopOutMs, manyMs, sharedMs, ortMs } = ragged ?? {};
console.log(`  forwardMany ${ms(manyMs)}, with out and borrow in shared memory ${ms(sharedMs)}`);
console.log(`  a loop of forward ${ms(loopMs)}: ${ratio(loopMs, manyMs)} and ${ratio(loopMs, sharedMs)}`);
console.log(`  a loop of forward with out ${ms(loopOutMs)}: ${ratio(loopOutMs, sharedMs)} of forwardMany with out`);
console.log(`  onnxruntime, padded batches ${ms(ortMs)}: ${ratio(ortMs, manyMs)} and ${ratio(ortMs, sharedMs)}`);

console.log(`examples/server.ts on 5.6 seconds of speech, ${CONNECTIONS} connections, ${THREADS} threads`);
for (const peer of ['conv1d', 'onnxruntime', 'conv1d', 'onnxruntime']) {
  const load = measure<{ perSecond: number; p50: number; p99: number; failed: number }>(
    'http.ts',
    peer,
    THREADS,
    CONNECTIONS,
  );
  if (load === undefined) continue;
  const { perSecond, p50, p99, failed } = load;
  console.log(
    `  ${peer.padEnd(12)} ${perSecond.toFixed(0)} requests/s, median ${ms(p50)}, 99 % ${ms(p99)}, ${failed} failed`,
  );
}
