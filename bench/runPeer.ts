import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peers/list.ts';
import type { PeerMessage, PeerRequest } from './protocol.ts';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** Starts a fresh process, feeds it `input`, and hands each line of its output to `onLine`. Rejects when it fails. */
export async function runProcess(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input: string,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn(command, args, {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => errors.push(chunk));
  createInterface({ input: child.stdout }).on('line', onLine);
  // A process that dies early closes the pipe; its exit code says more than EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  if (code === 0) return;
  const lines = errors.join('').trim().split('\n');
  // The line that names the error, not one of the source that Node prints above it.
  const said =
    lines.find((line) => /^\w*Error\b/.test(line)) ??
    lines.find((line) => /\berror\b/i.test(line)) ??
    lines.at(-1) ??
    '';
  throw new Error(`${signal ?? `exit code ${code}`}${said === '' ? '' : `: ${said.trim()}`}`);
}

/** One round of one peer, in a process of its own. What keeps it from running is a message, not an exception. */
export async function runPeer(
  peer: Peer,
  request: PeerRequest,
  isa: string,
  onMessage: (message: PeerMessage) => void,
): Promise<void> {
  try {
    const environment = { CONV1D_ISA: isa, OMP_NUM_THREADS: String(request.threads) };
    await runProcess(peer.command, peer.args, environment, JSON.stringify(request), (line) => {
      // Libraries print to stdout as they like.
      if (line.startsWith('{"kind"')) onMessage(JSON.parse(line) as PeerMessage);
    });
  } catch (error) {
    onMessage({ kind: 'unavailable', why: error instanceof Error ? error.message : String(error) });
  }
}

/** Runs a script of bench/measure/ in a process of its own; the last line it prints is its result, as JSON. */
export async function runMeasurement<T>(script: string, args: readonly string[], isa: string): Promise<T> {
  const path = fileURLToPath(new URL(`measure/${script}`, import.meta.url));
  let last = '';
  await runProcess(process.execPath, ['--import', 'tsx', path, ...args], { CONV1D_ISA: isa }, '', (line) => {
    last = line;
  });
  return JSON.parse(last) as T;
}
