import { work } from '../queue/work.ts';
import { setNumThreads } from '../runtime.ts';
import { onInterrupt } from './interrupts.ts';
import { openQueue } from './openQueue.ts';
import { EXIT, explain, printable, type Terminal } from './terminal.ts';

/** What `conv1d worker` can be told; durations in seconds. */
export interface WorkerFlags {
  readonly queue: string;
  readonly concurrency: number;
  readonly threads?: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly takeovers: number;
  readonly untilEmpty?: boolean;
}

/** Convolves the files of a queue, a line for each, until the process is told to stop. */
export async function workFiles(flags: WorkerFlags, terminal: Terminal): Promise<void> {
  const { concurrency, threads, lockDuration, stalledInterval, takeovers, untilEmpty = false } = flags;
  try {
    if (threads !== undefined) setNumThreads(threads);
  } catch (error) {
    terminal.fail(`--threads: ${explain(error)}`, EXIT.usage);
    return;
  }
  const connection = await openQueue(flags.queue, terminal);
  if (connection === undefined) return;

  const options = {
    concurrency,
    lockDuration: lockDuration * 1000,
    stalledInterval: stalledInterval * 1000,
    takeovers,
    untilEmpty,
  };
  const { dim } = terminal.colors;
  let files = 0;
  const working = work(connection, options, {
    done: ({ input, output }) => {
      files++;
      terminal.print(dim(printable(`${input} -> ${output}`)));
    },
    failed: (input, reason, retries) => terminal.warn(`${about(input, reason)}${retries ? '; it is tried again' : ''}`),
    takenOver: () => terminal.warn('a file of a worker that is gone is back in the queue'),
    trouble: (sentence) => terminal.warn(sentence),
  });
  terminal.print(
    `waiting for files in ${connection.address.shown}, ${concurrency} at once; Ctrl-C finishes those in hand`,
  );
  const forget = onInterrupt(() => {
    terminal.warn('finishing the files in hand; once more to stop at once');
    working.stop();
  });
  try {
    await working.ended;
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    forget();
    connection.close();
  }
  terminal.print(`${files} ${files === 1 ? 'file' : 'files'} written`);
}

/** The failure with its file in front; some name it themselves. */
export function about(file: string, reason: string): string {
  return reason.startsWith(`${file}: `) ? reason : `${file}: ${reason}`;
}
