import { cpuInfo } from '../../native/runtime.ts';
import type { FileResult } from '../batch/convolveFile.ts';
import type { FileOutcome } from '../batch/runBatch.ts';
import { explainAbout } from '../explain.ts';
import { Progress } from './progress.ts';
import { formatAlgorithms, formatReport, formatSummary } from './report.ts';
import { printable, type Terminal } from './terminal.ts';
import type { Totals } from './totals.ts';

/** How a run shows itself while it lasts and when it is over. */
export interface Display {
  see(outcome: FileOutcome, totals: Totals): void;
  end(totals: Totals): void;
}

/** A line for each file, and a table of what each took. */
export class TableDisplay implements Display {
  readonly #results: FileResult[] = [];
  readonly #terminal: Terminal;
  readonly #plot: boolean;

  constructor(terminal: Terminal, plot: boolean) {
    this.#terminal = terminal;
    this.#plot = plot;
  }

  see(outcome: FileOutcome): void {
    printLine(outcome, this.#plot, this.#terminal);
    if (outcome.status === 'written') this.#results.push(outcome.result);
  }

  end(totals: Totals): void {
    if (this.#results.length === 0) return;
    const { isa, threads } = cpuInfo();
    this.#terminal.print(`\n${formatReport(this.#results, isa, threads, this.#terminal)}`);
    printAlgorithms(totals, this.#terminal);
  }
}

/** On a terminal a progress bar, else a line for each file; and a summary. */
export class SummaryDisplay implements Display {
  readonly #terminal: Terminal;
  readonly #plot: boolean;
  readonly #progress: Progress | undefined;

  constructor(terminal: Terminal, plot: boolean, totals: Totals) {
    this.#terminal = terminal;
    this.#plot = plot;
    this.#progress = terminal.progress && new Progress(terminal.progress, totals, terminal);
  }

  see(outcome: FileOutcome, totals: Totals): void {
    if (outcome.status === 'failed' || this.#progress === undefined) printLine(outcome, this.#plot, this.#terminal);
    this.#progress?.show(totals);
  }

  end(totals: Totals): void {
    this.#progress?.stop();
    this.#terminal.print(formatSummary(totals));
    printAlgorithms(totals, this.#terminal);
  }
}

/** One JSON object per line: one for each file, and one for the run. Refusals are on stderr as well. */
export class JsonDisplay implements Display {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  see(outcome: FileOutcome): void {
    const { status, input, output } = outcome;
    if (outcome.status === 'written') {
      const { picture, shape, seconds, inputBytes, outputBytes, milliseconds, algorithm, peak, clipped } =
        outcome.result;
      const result = { picture, shape, seconds, inputBytes, outputBytes, milliseconds, algorithm, peak, clipped };
      this.#print({ event: 'file', status, input, output, ...result });
    } else if (outcome.status === 'failed') {
      const error = explainAbout(input, outcome.error);
      this.#print({ event: 'file', status, input, output, error });
      this.#terminal.fail(error);
    } else {
      this.#print({ event: 'file', status, input, output });
    }
  }

  end({ files, written, skipped, failed, seconds, audioSeconds, inputBytes, outputBytes }: Totals): void {
    const totals = { files, written, skipped, failed, seconds, audioSeconds, inputBytes, outputBytes };
    this.#print({ event: 'summary', ...totals });
  }

  #print(value: Readonly<Record<string, unknown>>): void {
    this.#terminal.print(JSON.stringify(value));
  }
}

/** `x.wav -> features/x.npy`, or on stderr why not. */
function printLine(outcome: FileOutcome, plot: boolean, terminal: Terminal): void {
  if (outcome.status === 'failed') {
    terminal.fail(explainAbout(outcome.input, outcome.error));
    return;
  }
  let line = `${outcome.input} -> ${outcome.output}`;
  if (outcome.status === 'skipped') line += ' (done before)';
  else if (outcome.result.picture !== undefined) line += `, ${outcome.result.picture}`;
  else if (plot) line += ` (no picture: ${pictureFault(outcome.result)})`;
  if (outcome.status === 'written') line += clippedNote(outcome.result);
  terminal.print(terminal.colors.dim(printable(line)));
}

function pictureFault({ shape }: FileResult): string {
  return shape.includes(0) ? 'the batch is empty' : `[${shape.join(', ')}] is none of channels and steps`;
}

/** What a recording has lost that goes beyond full scale. */
function clippedNote({ peak, clipped }: FileResult): string {
  if (peak === undefined || !clipped) return '';
  return ` (${clipped} ${clipped === 1 ? 'sample is' : 'samples are'} clipped: the peak is ${peak.toPrecision(3)} of full scale)`;
}

function printAlgorithms(totals: Totals, terminal: Terminal): void {
  const line = formatAlgorithms(totals);
  if (line !== undefined) terminal.print(printable(line));
}
