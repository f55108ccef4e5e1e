import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PYTHON } from './operations/measure.ts';
import { repositoryRoot } from './runPeer.ts';

/** A script of Python's with PyTorch, in a process of its own, which answers each line that it is sent with a line, as JSON. */
export interface Conversation {
  /** PyTorch's version: what the script says first. */
  readonly version: string;
  /** Rejects with what the script says where it cannot, or when it has ended. */
  ask<T>(message: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Starts a script; rejects where there is no Python, or no PyTorch in it. */
export async function converse(script: string, args: readonly string[], threads: number): Promise<Conversation> {
  const child = spawn(PYTHON, [script, ...args], {
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
    if (done) {
      // It says so where the process never started.
      await closed;
      throw new Error(`${PYTHON} has ended`);
    }
    const message = JSON.parse(value) as T & { readonly why?: string };
    if (message.why !== undefined) throw new Error(message.why);
    return message;
  };
  const { version } = await read<{ readonly version: string }>();
  return {
    version,
    ask: (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      return read();
    },
    close: () => {
      child.stdin.end();
      return closed;
    },
  };
}
