import { performance } from 'node:perf_hooks';
import { setNumThreads } from '../../native/runtime.ts';
import { explain, explainAbout } from '../explain.ts';
import { work } from '../queue/work.ts';
import { onInterrupt } from './interrupts.ts';
import { openQueue } from './openQueue.ts';
import { printable, type Terminal } from './terminal.ts';

/** What `conv1d worker` takes; durations in seconds. */
export interface WorkerFlags {
  readonly queue: string;
  readonly concurrency: number;
  readonly threads?: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly takeovers: number;
  readonly untilEmpty?: boolean;
}

/** Convolves the files of a queue, a line for each, until a signal stops the process. */
export async function workFiles(flags: WorkerFlags, terminal: Terminal): Promise<void> {
  const { concurrency, threads, lockDuration, stalledInterval, takeovers, untilEmpty = false } = flags;
  if (threads !== undefined) setNumThreads(threads);
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
  const start = performance.now();
  let files = 0;
  let failed = 0;
  let audio = 0;
  let forget = (): void => {};
  try {
    const working = await work(connection, options, {
      done: ({ input, output, seconds }) => {
        files++;
        audio += seconds ?? 0;
        terminal.print(dim(printable(`${input} -> ${output}`)));
      },
      failed: (input, reason, retries) => {
        if (!retries) failed++;
        terminal.warn(`${explainAbout(input, reason)}${retries ? '; it is tried again' : ''}`);
      },
      takenOver: () => terminal.warn('a file of a worker that is gone is back in the queue'),
      trouble: (sentence) => terminal.warn(sentence),
    });
    forget = onInterrupt(() => {
      terminal.warn('finishing the files in hand; once more to stop at once');
      working.stop();
    });
    terminal.print(
      `waiting for files in ${connection.address.shown}, ${concurrency} at once; Ctrl-C finishes those in hand`,
    );
    await working.ended;
  } catch (error) {
    terminal.fail(explain(error));
    return;
  } finally {
    forget();
    connection.close();
  }
  const took = ((performance.now() - start) / 1000).toFixed(1);
  const written = `${files} ${files === 1 ? 'file' : 'files'} written${failed > 0 ? `, ${failed} failed` : ''}`;
  terminal.print(`${written}, ${audio.toFixed(0)} s of audio, in ${took} s`);
}
