import { explain } from '../explain.ts';
import { type QueueStatus, readStatus, retryDeadLetters } from '../queue/status.ts';
import { openQueue } from './openQueue.ts';
import { EXIT, printable, type Terminal } from './terminal.ts';

/** What `conv1d queue status` takes. */
export interface StatusFlags {
  readonly queue: string;
  readonly json?: boolean;
  readonly limit: number;
}

const COUNTS = ['waiting', 'active', 'retrying', 'done', 'failed', 'workers'] as const;

/** Prints what is in a queue. */
export async function printStatus(flags: StatusFlags, terminal: Terminal): Promise<void> {
  const connection = await openQueue(flags.queue, terminal);
  if (connection === undefined) return;
  try {
    const status = await readStatus(connection, flags.limit);
    terminal.print(flags.json ? JSON.stringify(status) : formatStatus(status, terminal));
    if (status.failed > 0) terminal.exitCode = EXIT.some;
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    connection.close();
  }
}

/** Puts dead letters back, all of them when `ids` is empty. */
export async function retryFiles(ids: readonly string[], url: string, terminal: Terminal): Promise<void> {
  const connection = await openQueue(url, terminal);
  if (connection === undefined) return;
  try {
    const { retried, unknown } = await retryDeadLetters(connection, ids.length === 0 ? undefined : ids);
    terminal.print(`${retried} ${retried === 1 ? 'file' : 'files'} back in the queue`);
    for (const id of unknown) terminal.fail(`${id} is no dead letter; conv1d queue status lists them`);
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    connection.close();
  }
}

function formatStatus(status: QueueStatus, { colors }: Terminal): string {
  const lines = COUNTS.map((name) => {
    const count = String(status[name]).padStart(9);
    return `${colors.bold(name.padEnd(9))}${name === 'failed' && status.failed > 0 ? colors.red(count) : count}`;
  });
  if (status.deadLetters.length > 0) {
    lines.push('', colors.bold(`dead letters, the newest ${status.deadLetters.length} of ${status.failed}:`));
    for (const { id, input, reason, attempts, failedAt } of status.deadLetters) {
      const tries = `${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
      lines.push(printable(`${failedAt} ${id} (${tries}) ${reasonWithInput(input, reason)}`));
    }
  }
  return lines.join('\n');
}

function reasonWithInput(input: string | null, reason: string): string {
  return input === null || reason.startsWith(`${input}: `) ? reason : `${input}: ${reason}`;
}
