import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PYTHON } from '../operations/measure.ts';
import { repositoryRoot } from '../runPeer.ts';
import type { Times } from '../timing.ts';
import { readOutputs } from './files.ts';
import type { Way } from './ways.ts';

/** PyTorch, layer by layer, in a process of its own: it times a turn for each line that it is sent. */
export async function pytorchWay(folder: string, id: string, threads: number): Promise<Way> {
  const child = spawn(PYTHON, ['bench/networks/pytorch.py', folder, id, String(threads)], {
    cwd: repositoryRoot,
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  closed.catch(() => {});
  child.stdin.on('error', () => {});
  const read = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${PYTHON} has ended`);
    const message = JSON.parse(value) as T & { readonly why?: string };
    if (message.why !== undefined) throw new Error(message.why);
    return message;
  };
  const { version } = await read<{ readonly version: string }>();
  return {
    id: 'pytorch',
    version,
    outputs: await readOutputs(folder, id, 'pytorch'),
    turn: (ms) => {
      child.stdin.write(`${ms}\n`);
      return read<Times>();
    },
    close: () => {
      child.stdin.end();
      return closed;
    },
  };
}
