import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// `http.ts PEER THREADS CONNECTIONS`: load on a server of a process of its own. Prints { perSecond, p50, p99, failed }, times in ms.
// The load comes from wrk (Debian: wrk): a client in JavaScript that decodes 892 kB of features as text is slower than the server.

const SECONDS = 8;
const [peer, threads, connections] = process.argv.slice(2);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const child = spawn(process.execPath, ['--import', 'tsx', path('server.ts'), peer!, threads!], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, CONV1D_NUM_THREADS: threads },
});
try {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const load = ['--threads', '1', '--connections', connections!, '--duration', `${SECONDS}s`];
  const script = [
    '--script',
    path('load.lua'),
    `http://127.0.0.1:${port}/features`,
    '--',
    path('../../examples/speech.wav'),
  ];
  const report = execFileSync('wrk', [...load, ...script], { encoding: 'utf8' });
  console.log(report.trim().split('\n').at(-1));
} finally {
  child.kill();
}
