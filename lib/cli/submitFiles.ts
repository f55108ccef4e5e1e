import { resolve } from 'node:path';
import { loadLayer } from '../batch/layer.ts';
import { explain, explainAbout } from '../explain.ts';
import type { JobParameters } from '../queue/fileJob.ts';
import { sha256 } from '../queue/hash.ts';
import { submit } from '../queue/submit.ts';
import type { RunFlags, Task } from './convolveFiles.ts';
import { onInterrupt } from './interrupts.ts';
import { openQueue } from './openQueue.ts';
import { EXIT, printable, type Terminal } from './terminal.ts';

/** What `conv1d run` can be told about a queue. */
export interface SubmitFlags {
  readonly queue?: string;
  readonly detach?: boolean;
  readonly attempts?: number;
}

const DEFAULT_ATTEMPTS = 3;
/** Milliseconds before the second try; then twice as long each time. */
const BACKOFF = 1000;
/** Files of one submitter in the queue at once: about 12 MB in Redis, and work for an hour where a file takes a core 0.4 seconds. */
const WINDOW = 10_000;
/** Milliseconds without news after which a server that came back without its memory is told everything again. */
const RESUBMIT_AFTER = 15_000;

/** Lets the workers of a queue convolve the inputs, and tells what became of each. */
export async function submitFiles(
  weights: string,
  tasks: readonly Task[],
  flags: RunFlags & SubmitFlags & { readonly queue: string },
  terminal: Terminal,
): Promise<void> {
  if (flags.threads !== undefined) {
    terminal.fail('--threads is for those who compute: give it to conv1d worker', EXIT.usage);
    return;
  }
  const { stride, padding, dilation, groups, paddingMode } = flags;
  const parameters = Object.fromEntries(
    Object.entries({ stride, padding, dilation, groups, paddingMode }).filter(([, value]) => value !== undefined),
  ) as JobParameters;

  let hash: string;
  try {
    // Weights that no worker could use are refused here, once.
    await loadLayer(weights, flags.key, parameters);
    hash = await sha256(weights);
  } catch (error) {
    terminal.fail(explainAbout(weights, error));
    return;
  }
  const connection = await openQueue(flags.queue, terminal);
  if (connection === undefined) return;

  const interrupt = new AbortController();
  const forget = onInterrupt(() => interrupt.abort());
  const counts = { submitted: 0, done: 0, before: 0, failed: 0 };
  const { dim } = terminal.colors;
  try {
    const left = await submit(
      connection,
      tasks.map(({ input, features, picture }) => ({
        input: resolve(input),
        output: resolve(features),
        format: 'npy' as const,
        picture: flags.plot ? resolve(picture) : null,
      })),
      { path: resolve(weights), sha256: hash, key: flags.key ?? null, parameters },
      {
        attempts: flags.attempts ?? DEFAULT_ATTEMPTS,
        backoff: BACKOFF,
        window: WINDOW,
        resubmitAfter: RESUBMIT_AFTER,
        detach: flags.detach ?? false,
        signal: interrupt.signal,
      },
      {
        submitted: () => counts.submitted++,
        done: ({ input, output }, before) => {
          counts.done++;
          if (before) counts.before++;
          terminal.print(dim(printable(`${input} -> ${output}${before ? ' (done before)' : ''}`)));
        },
        failed: ({ input }, reason) => {
          counts.failed++;
          terminal.fail(explainAbout(input, reason), EXIT.some);
        },
      },
    );
    terminal.print(
      `${counts.done} of ${tasks.length} done (${counts.before} before), ${counts.failed} failed, ${left} in the queue`,
    );
    if (interrupt.signal.aborted) {
      terminal.fail(
        `stopped waiting; the same command waits again, conv1d queue status shows the ${left} in the queue`,
      );
    }
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    forget();
    connection.close();
  }
}
