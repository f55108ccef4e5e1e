import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { repositoryFile } from './cli.ts';

/** A `conv1d` command in a process of its own. */
export interface CommandProcess {
  readonly process: ChildProcess;
  /** Everything on stdout and stderr until now. */
  output(): string;
  /** Settles once the output has this text. */
  says(text: string): Promise<void>;
  /** Its exit code and signal. */
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
}

/** Starts `conv1d ARGUMENT...`; it is killed, if it still runs, when the test is over. */
export function startCommand(...argv: string[]): CommandProcess {
  const command = spawn(process.execPath, ['--import', 'tsx', repositoryFile('lib/command/cli/main.ts'), ...argv], {
    cwd: repositoryFile('.'),
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void command.kill('SIGKILL'));
  let text = '';
  let check = (): void => {};
  for (const stream of [command.stdout, command.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      check();
    });
  }
  const ended = once(command, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    process: command,
    output: () => text,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (text.includes(wanted)) resolve();
        };
        check();
        ended.then(() => reject(new Error(`it ended without '${wanted}': ${text}`)), reject);
      }),
    ended,
  };
}
