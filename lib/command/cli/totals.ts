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
    if (outcome.status !== 'written') return;
    this.audioSeconds += outcome.result.seconds ?? 0;
    this.inputBytes += outcome.result.inputBytes;
    this.outputBytes += outcome.result.outputBytes;
  }
}
