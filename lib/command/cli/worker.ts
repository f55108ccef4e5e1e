import type { Command } from 'commander';
import { MAX_THREADS } from '../../native/maxThreads.ts';
import { parsePositive, parseSeconds, parseThreads } from '../batch/parameters.ts';
import { argument } from './argument.ts';
import type { Terminal } from './terminal.ts';
import type { WorkerFlags } from './workFiles.ts';

const HELP = `
How it works:
  conv1d run --queue puts files into a queue on a Redis or Valkey server. Any number
  of workers on any number of machines take them, one file each at a time and
  --concurrency in hand, and write the features. Inputs, weights and outputs have the
  same paths on every machine: mount the same storage at the same place.

  A worker that dies leaves nothing half written. Its files are free for another
  --lock-duration later at the latest, plus two times --stalled-interval, and each is
  written whole exactly as if nothing had happened. A file that fails is tried again
  after a pause that doubles; one that cannot succeed (it is no WAV file, it has other
  channels) fails at once. What has failed for good is listed by conv1d queue status.

  SIGTERM and SIGINT: finishes the files in hand, then ends. A second one ends at
  once, which is as safe as any other death.

Needs: npm install bullmq ioredis

Examples:
  $ conv1d worker --queue redis://10.0.0.5 --concurrency 4
  $ conv1d worker --queue rediss://user@queue.example:6380/2 --until-empty

Exit codes:
  0 stopped as asked, 1 the queue cannot be used, 2 wrong usage (see conv1d --help)`;

/** Adds `conv1d worker`: convolves what is in a queue. */
export function addWorker(program: Command, terminal: Terminal): void {
  program
    .command('worker')
    .summary('convolve the files of a queue')
    .description('Takes files out of a queue that conv1d run --queue fills, and convolves them until it is stopped.')
    .requiredOption('--queue <url>', 'the server: redis://host[:port][/db], rediss:// with TLS')
    .option('--concurrency <n>', 'files in hand at once', argument(parsePositive), 4)
    .option(
      '--threads <n>',
      `threads to use, from 1 to ${MAX_THREADS} (default: as many as there are CPUs)`,
      argument(parseThreads),
    )
    .option(
      '--lock-duration <seconds>',
      'a file whose worker is silent for so long is lost',
      argument(parseSeconds),
      30,
    )
    .option('--stalled-interval <seconds>', 'how often to look for such files', argument(parseSeconds), 15)
    .option('--takeovers <n>', 'a file that loses more workers than this has failed', argument(parsePositive), 3)
    .option('--until-empty', 'end when nothing is left to do')
    .addHelpText('after', HELP)
    .action(async (flags: WorkerFlags) => {
      // Loaded here and not above: --help works even where no native binary does.
      const { workFiles } = await import('./workFiles.ts');
      await workFiles(flags, terminal);
    });
}
