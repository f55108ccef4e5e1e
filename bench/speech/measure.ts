import { type ChildProcess, spawn } from 'node:child_process';
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

interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  readonly lines: Interface;
}

function start(script: string, ...args: readonly (string | number)[]): Program {
  const argv = ['--import', 'tsx', path(script), ...args.map(String)];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  return { name: script, child, lines: createInterface(child.stdout!) };
}

/** Throws where a program ends without one; what was wrong, it has said itself. */
function nextLine({ name, child, lines }: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('close', (code) => reject(new Error(`bench/speech/${name} has ended with exit code ${code}`)));
  });
}

/** Megabytes a minute by which memory grows: the slope of the line that fits best, the first quarter left out, in which the heap finds its size. */
export function growthOf(memory: readonly number[]): number {
  const settled = memory.slice(memory.length >> 2);
  const [middle, mean] = [(settled.length - 1) / 2, settled.reduce((sum, value) => sum + value, 0) / settled.length];
  let [product, square] = [0, 0];
  for (const [second, value] of settled.entries()) {
    product += (second - middle) * (value - mean);
    square += (second - middle) ** 2;
  }
  return square === 0 ? 0 : (60 * product) / square;
}

/** Loads a server of a process of its own with speakers of another. */
export async function measureLoad(
  { peer, threads, model }: ServerSetup,
  streams: number,
  seconds: number,
): Promise<Load> {
  const server = start('server.ts', peer, threads, streams, model);
  try {
    const line = await nextLine(server);
    const { port } = JSON.parse(line) as { port: number };
    const clients = start('clients.ts', port, streams, seconds);
    try {
      await nextLine(clients);
      const memory: number[] = [];
      const [ticks, begin] = [ticksOf(server.child.pid!), performance.now()];
      const watch = setInterval(() => memory.push(residentOf(server.child.pid!)), 1000);
      const result = await nextLine(clients).finally(() => clearInterval(watch));
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
