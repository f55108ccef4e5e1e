import { performance } from 'node:perf_hooks';
import type { FileOutcome } from '../batch/runBatch.ts';

/** What a run has done so far. */
export class Totals {
  readonly #start = performance.now();
  written = 0;
  skipped = 0;
  failed = 0;
  /** Seconds of the recordings that the run has convolved. */
  audioSeconds = 0;
  inputBytes = 0;
  outputBytes = 0;
  /** How many files of the run each fast algorithm has computed. */
  readonly algorithms = new Map<string, number>();
  /** How many recordings have which sample rate in Hz, as far as it is known. */
  readonly rates = new Map<number, number>();

  /** @param files  how many there are to do */
  constructor(readonly files: number) {}

  get done(): number {
    return this.written + this.skipped + this.failed;
  }

  /** Since the run began. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  add(outcome: FileOutcome): void {
    this[outcome.status]++;
    const rate = rateOf(outcome);
    if (rate !== null) this.rates.set(rate, (this.rates.get(rate) ?? 0) + 1);
    if (outcome.status !== 'written') return;
    const { algorithm } = outcome.result;
    if (algorithm !== 'direct') this.algorithms.set(algorithm, (this.algorithms.get(algorithm) ?? 0) + 1);
    this.audioSeconds += outcome.result.seconds ?? 0;
    this.inputBytes += outcome.result.inputBytes;
    this.outputBytes += outcome.result.outputBytes;
  }
}

/** The sample rate of the recording that an output is made from, now or before; null where it is unknown. */
function rateOf(outcome: FileOutcome): number | null {
  if (outcome.status === 'written') return outcome.result.sampleRate;
  return outcome.status === 'skipped' ? (outcome.sampleRate ?? null) : null;
}
