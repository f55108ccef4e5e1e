import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Speaking } from './clients.ts';

export interface Load extends Speaking {
  readonly streams: number;
  /** Of one processor, in per cent: all threads of the server. */
  readonly processor: number;
  /** Microseconds of processors for each chunk, which a busy machine does not change much. */
  readonly perChunk: number;
  /** Resident memory of the server in MB, once each second. */
  readonly memory: readonly number[];
}

export interface ServerSetup {
  readonly peer: 'conv1d' | 'onnxruntime';
  readonly threads: number;
  readonly model: string;
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function start(script: string, ...args: readonly (string | number)[]): { child: ChildProcess; lines: Interface } {
  const argv = ['--import', 'tsx', path(script), ...args.map(String)];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface(child.stdout!) };
}

/** Loads a server of a process of its own with speakers of another. */
export async function measureLoad(
  { peer, threads, model }: ServerSetup,
  streams: number,
  seconds: number,
): Promise<Load> {
  const server = start('server.ts', peer, threads, streams, model);
  try {
    const [line] = (await once(server.lines, 'line')) as [string];
    const { port } = JSON.parse(line) as { port: number };
    const clients = start('clients.ts', port, streams, seconds);
    try {
      await once(clients.lines, 'line');
      const memory: number[] = [];
      const [ticks, begin] = [ticksOf(server.child.pid!), performance.now()];
      const watch = setInterval(() => memory.push(residentOf(server.child.pid!)), 1000);
      const [result] = (await once(clients.lines, 'line')) as [string];
      clearInterval(watch);
      const used = (ticksOf(server.child.pid!) - ticks) / TICKS_PER_SECOND;
      const processor = (100 * used) / ((performance.now() - begin) / 1000);
      const speaking = JSON.parse(result) as Speaking;
      return { streams, processor, perChunk: (1e6 * used) / Math.max(1, speaking.answered), memory, ...speaking };
    } finally {
      clients.child.kill();
    }
  } finally {
    server.child.kill('SIGKILL');
  }
}

/** Linux's, on all machines. */
const TICKS_PER_SECOND = 100;
const PAGE = 4096;

/** What a process has had of processors. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentOf(pid: number): number {
  return (Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE) / 1e6;
}
