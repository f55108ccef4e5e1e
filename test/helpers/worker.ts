import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { repositoryFile } from './cli.ts';

/** A `conv1d worker` in a process of its own. */
export interface WorkerProcess {
  readonly process: ChildProcess;
  /** Everything on stdout and stderr until now. */
  output(): string;
  /** Settles once the output has this text. */
  says(text: string): Promise<void>;
  /** Its exit code and signal. */
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
}

/** Starts a worker. */
export function startWorker(url: string, ...flags: string[]): WorkerProcess {
  const argv = ['--import', 'tsx', repositoryFile('lib/cli/main.ts'), 'worker', '--queue', url, ...flags];
  const worker = spawn(process.execPath, argv, {
    cwd: repositoryFile('.'),
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let check = (): void => {};
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      check();
    });
  }
  const ended = once(worker, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    process: worker,
    output: () => text,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (text.includes(wanted)) resolve();
        };
        check();
        ended.then(() => reject(new Error(`the worker ended without '${wanted}': ${text}`)), reject);
      }),
    ended,
  };
}
