import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// `http.ts PEER THREADS CONNECTIONS`: load on a server of a process of its own. Prints { perSecond, p50, p99, failed }.

interface AutocannonResult {
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}
type Autocannon = (options: Record<string, unknown>) => Promise<AutocannonResult>;

const SECONDS = 8;
const [peer, threads, connections] = process.argv.slice(2);
const require = createRequire(fileURLToPath(new URL('../peers/package.json', import.meta.url)));
const autocannon = require('autocannon') as Autocannon;

const script = fileURLToPath(new URL('server.ts', import.meta.url));
const child = spawn(process.execPath, ['--import', 'tsx', script, peer!, threads!], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, CONV1D_NUM_THREADS: threads },
});
try {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const body = readFileSync(fileURLToPath(new URL('../../examples/speech.wav', import.meta.url)));
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/features`,
    method: 'POST',
    body,
    connections: Number(connections),
    duration: SECONDS,
  });
  const { requests, latency, non2xx, errors } = result;
  const failed = non2xx + errors;
  console.log(JSON.stringify({ perSecond: requests.average, p50: latency.p50, p99: latency.p99, failed }));
} finally {
  child.kill();
}
