import { join, resolve } from 'node:path';
import type { Engine } from '../batch/engine.ts';
import { type FoundInputs, type Input, outputName } from '../batch/inputs.ts';
import type { OutputFormat } from '../batch/outputFormat.ts';
import type { FileOutcome } from '../batch/runBatch.ts';
import { explain, explainAbout } from '../explain.ts';
import { digestOfWeights } from '../networkFile.ts';
import type { JobParameters } from '../queue/fileJob.ts';
import { type QueuedFile, submit } from '../queue/submit.ts';
import { checkMono } from './checkMono.ts';
import type { RunFlags } from './convolveFiles.ts';
import { JsonDisplay, SummaryDisplay } from './display.ts';
import { formatFor } from './formatFor.ts';
import { onInterrupt } from './interrupts.ts';
import { layerParameters, openLayer } from './openEngine.ts';
import { openQueue } from './openQueue.ts';
import { warnOfMixedRates } from './sampleRates.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { Totals } from './totals.ts';

/** What `conv1d run` takes about a queue. */
export interface SubmitFlags {
  readonly queue?: string;
  readonly detach?: boolean;
  readonly attempts?: number;
}

const DEFAULT_ATTEMPTS = 3;
/** Milliseconds before the second try; then twice as long each time. */
const BACKOFF = 1000;
/** Files of one submitter in the queue at once: 15 MB in Redis, and a minute of work for 100 cores at 10 ms per file. */
const WINDOW = 10_000;
/** Milliseconds without news after which we tell a server that came back without its memory everything again. */
const RESUBMIT_AFTER = 15_000;
/** Milliseconds without news after which we look whether any worker is connected. */
const UNATTENDED_AFTER = 5000;

/** What makes no sense with a queue, and why. */
const UNUSABLE = {
  threads: 'is for those who compute: give it to conv1d worker',
  resume: 'is not needed with --queue: the queue remembers what is done',
  strict: 'cannot be used with --queue: the workers go on',
} as const;

/**
 * Lets the workers of a queue do the inputs, and shows what became of each.
 *
 * @param network  what `weights` holds, where that is a network
 */
export async function submitFiles(
  weights: string,
  network: Engine | null,
  { inputs, refused }: FoundInputs,
  url: string,
  flags: RunFlags & SubmitFlags,
  terminal: Terminal,
): Promise<void> {
  const unusable = (['threads', 'resume', 'strict'] as const).find((name) => flags[name] !== undefined);
  if (unusable !== undefined) {
    terminal.fail(`--${unusable} ${UNUSABLE[unusable]}`, EXIT.usage);
    return;
  }
  const parameters = readParameters(network === null ? layerParameters(flags) : flags);
  // Weights that no worker could use are refused here, once.
  const engine = network ?? (await openLayer(weights, flags, terminal));
  if (engine === undefined || !checkMono(flags.mono ?? false, engine, terminal)) return;
  const format = formatFor(flags.format, engine, terminal);
  if (format === undefined) return;
  let hash: string;
  try {
    hash = await digestOfWeights(weights);
  } catch (error) {
    terminal.fail(explainAbout(weights, error));
    return;
  }
  const connection = await openQueue(url, terminal);
  if (connection === undefined) return;

  const { plot = false, detach = false, json = false, attempts = DEFAULT_ATTEMPTS } = flags;
  const totals = new Totals(inputs.length + refused.length);
  const interrupt = new AbortController();
  // Before there is a progress bar, which a signal would leave behind.
  const forget = onInterrupt((signal, exitCode) => {
    terminal.say(`${signal}: the same command waits again for what is in the queue`);
    terminal.exitCode = exitCode;
    interrupt.abort();
  });
  const display = json ? new JsonDisplay(terminal) : new SummaryDisplay(terminal, plot, totals);
  const see = (outcome: FileOutcome): void => {
    totals.add(outcome);
    display.see(outcome, totals);
  };
  let left = 0;
  try {
    for (const { path, reason } of refused) see({ status: 'failed', input: path, output: flags.out, error: reason });
    const layer = {
      path: resolve(weights),
      sha256: hash,
      key: flags.key ?? null,
      parameters,
      ...(network === null ? {} : { isNetwork: true }),
    };
    left = await submit(
      connection,
      queuedFiles(inputs, format, flags),
      layer,
      {
        attempts,
        backoff: BACKOFF,
        window: WINDOW,
        resubmitAfter: RESUBMIT_AFTER,
        unattendedAfter: UNATTENDED_AFTER,
        detach,
        signal: interrupt.signal,
      },
      {
        doneBefore: ({ input, output }) => see({ status: 'skipped', input, output }),
        done: ({ input, output }, result) => see({ status: 'written', input, output, result }),
        failed: ({ input, output }, reason) => see({ status: 'failed', input, output, error: reason }),
        unattended: () =>
          terminal.say(
            `no worker is connected; the files wait for one: conv1d worker --queue ${connection.address.shown}`,
          ),
      },
    );
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    forget();
    display.end(totals);
    connection.close();
  }
  warnOfMixedRates(engine, totals, terminal);
  if (left > 0)
    terminal.say(`${left} ${left === 1 ? 'file is' : 'files are'} in the queue; conv1d queue status counts`);
  if (totals.failed > 0 && totals.failed < totals.files) {
    terminal.exitCode = Math.max(terminal.exitCode, EXIT.some);
  }
}

function readParameters(flags: RunFlags): JobParameters {
  const { stride, padding, dilation, groups, paddingMode, sampleRate, algorithm } = flags;
  const given = Object.entries({ stride, padding, dilation, groups, paddingMode, sampleRate, algorithm });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as JobParameters;
}

function* queuedFiles(inputs: readonly Input[], format: OutputFormat, flags: RunFlags): Generator<QueuedFile> {
  const { out, plot, mono, truncated } = flags;
  for (const input of inputs) {
    const name = resolve(join(out, outputName(input)!));
    yield {
      input: resolve(input.path),
      output: `${name}.${format}`,
      format,
      picture: plot ? `${name}.png` : null,
      ...(mono ? { mono } : {}),
      ...(truncated ? { truncated } : {}),
    };
  }
}
