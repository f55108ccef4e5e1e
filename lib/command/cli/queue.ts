import type { Command } from 'commander';
import { parsePositive } from '../batch/parameters.ts';
import { argument } from './argument.ts';
import type { StatusFlags } from './queueStatus.ts';
import type { Terminal } from './terminal.ts';

const STATUS_HELP = `
Counts:
  waiting   to be taken by a worker
  active    in the hands of a worker
  retrying  failed, and waiting for the next try
  done      written, of the last 100000
  failed    failed for good: the dead letters, which are listed with their reasons
  workers   connected now, on all machines

  --json prints one object with these names and deadLetters, a list of
  { id, input, reason, attempts, failedAt }.

Exit codes:
  0 no dead letters, 1 the queue cannot be used, 2 wrong usage, 3 there are dead letters`;

const RETRY_HELP = `
Examples:
  $ conv1d queue retry --queue redis://10.0.0.5
  $ conv1d queue retry file-0d5c4f7e6a1b2c3d4e5f60718293a4b5 --queue redis://10.0.0.5

Exit codes:
  0 they are in the queue again, 1 the queue cannot be used or an ID is no dead letter,
  2 wrong usage`;

/** Adds `conv1d queue status` and `conv1d queue retry`. */
export function addQueue(program: Command, terminal: Terminal): void {
  const queue = program
    .command('queue')
    .summary('look into a queue, and retry what failed')
    .description('Looks into the queue of conv1d run --queue and conv1d worker.');
  queue
    .command('status')
    .description('Prints how much is waiting, active, done and failed, and the dead letters with their reasons.')
    .requiredOption('--queue <url>', 'the server: redis://host[:port][/db], rediss:// with TLS')
    .option('--json', 'print JSON')
    .option('--limit <n>', 'dead letters to list, the newest first', argument(parsePositive), 20)
    .addHelpText('after', STATUS_HELP)
    .action(async (flags: StatusFlags) => {
      const { printStatus } = await import('./queueStatus.ts');
      await printStatus(flags, terminal);
    });
  queue
    .command('retry')
    .description('Puts dead letters back into the queue.')
    .argument('[id...]', 'which, as conv1d queue status lists them (default: all)')
    .requiredOption('--queue <url>', 'the server: redis://host[:port][/db], rediss:// with TLS')
    .addHelpText('after', RETRY_HELP)
    .action(async (ids: string[], flags: { queue: string }) => {
      const { retryFiles } = await import('./queueStatus.ts');
      await retryFiles(ids, flags.queue, terminal);
    });
}
