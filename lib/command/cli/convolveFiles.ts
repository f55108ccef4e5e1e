import { setNumThreads } from '../../native/runtime.ts';
import { loadArrow } from '../batch/arrow.ts';
import type { Engine } from '../batch/engine.ts';
import type { FoundInputs } from '../batch/inputs.ts';
import type { OutputFormat } from '../batch/outputFormat.ts';
import { runBatch } from '../batch/runBatch.ts';
import { explain } from '../explain.ts';
import { checkMono } from './checkMono.ts';
import { type Display, JsonDisplay, SummaryDisplay, TableDisplay } from './display.ts';
import { formatFor } from './formatFor.ts';
import { onInterrupt } from './interrupts.ts';
import { type EngineFlags, openLayer } from './openEngine.ts';
import { warnOfMixedRates } from './sampleRates.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { Totals } from './totals.ts';

/** What `conv1d run` takes. */
export interface RunFlags extends EngineFlags {
  readonly out: string;
  readonly base?: string;
  readonly null?: boolean;
  /** Default: that of what files go through. */
  readonly format?: OutputFormat;
  readonly threads?: number;
  readonly plot?: boolean;
  readonly mono?: boolean;
  readonly truncated?: boolean;
  readonly resume?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** This many files fit into a table; more are a batch. */
const FEW = 20;

/**
 * Runs files through a layer or a network, writes what they become, and shows what it took. One that fails stops no other, unless `--strict` says so.
 *
 * @param network  what `weights` holds, where that is a network
 */
export async function convolveFiles(
  weights: string,
  network: Engine | null,
  { inputs, refused, inPlace }: FoundInputs,
  flags: RunFlags,
  terminal: Terminal,
): Promise<void> {
  const { out, plot = false, resume = false, strict = false, json = false } = flags;
  const { mono = false, truncated = false } = flags;
  const prepared = await prepare(weights, network, flags, terminal);
  if (prepared === undefined) return;
  const { engine, format } = prepared;

  const isBatch = inputs.length > FEW || resume;
  const totals = new Totals(inputs.length + refused.length);
  const stop = new AbortController();
  // Before there is a progress bar, which a signal would leave behind.
  const forget = onInterrupt((signal, exitCode) => {
    terminal.say(`${signal}: finishing the files under way; once more ends at once`);
    terminal.exitCode = exitCode;
    stop.abort();
  });
  const display = chooseDisplay(isBatch, json, plot, totals, terminal);
  const see: Parameters<typeof runBatch>[3] = (outcome) => {
    totals.add(outcome);
    display.see(outcome, totals);
  };
  let isBroken = false;
  try {
    for (const { path, reason } of refused) {
      see({ status: 'failed', input: path, output: out, error: reason });
      if (strict) stop.abort();
    }
    const options = {
      out,
      format,
      plot,
      resume,
      strict,
      mono,
      truncated,
      inPlace,
      measure: !isBatch && !json,
      manifest: isBatch || inPlace,
    };
    await runBatch(engine, inputs, { ...options, stop: stop.signal }, see);
  } catch (error) {
    isBroken = true;
    terminal.fail(explain(error));
  } finally {
    forget();
    display.end(totals);
  }
  warnOfMixedRates(engine, totals, terminal);
  if ((totals.failed > 0 || isBroken) && totals.written + totals.skipped > 0) {
    terminal.exitCode = Math.max(terminal.exitCode, EXIT.some);
  }
  if (totals.done < totals.files) {
    terminal.say(
      `${totals.files - totals.done} of ${totals.files} files are left; the same command with --resume does them`,
    );
  }
}

/** What all files go through; undefined, with a sentence, when there is something wrong with it or with the flags. */
async function prepare(
  weights: string,
  network: Engine | null,
  flags: RunFlags,
  terminal: Terminal,
): Promise<{ engine: Engine; format: OutputFormat } | undefined> {
  if (flags.threads !== undefined) setNumThreads(flags.threads);
  try {
    if (flags.format === 'arrow') await loadArrow();
  } catch (error) {
    terminal.fail(`--format arrow: ${explain(error)}`);
    return undefined;
  }
  const engine = network ?? (await openLayer(weights, flags, terminal));
  if (engine === undefined || !checkMono(flags.mono ?? false, engine, terminal)) return undefined;
  const format = formatFor(flags.format, engine, terminal);
  return format && { engine, format };
}

function chooseDisplay(isBatch: boolean, json: boolean, plot: boolean, totals: Totals, terminal: Terminal): Display {
  if (json) return new JsonDisplay(terminal);
  return isBatch ? new SummaryDisplay(terminal, plot, totals) : new TableDisplay(terminal, plot);
}
