import { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';
import type { Totals } from './totals.ts';

const FORMAT = '{bar} {percentage}% | {value} of {total} files | {rate} a second | {eta_formatted} to go{failures}';
/** The number of files whose mean gives the time to go. */
const ETA_FILES = 200;

/** A line on the terminal that shows how far a run is, with its rate and the time it still takes. */
export class Progress {
  readonly #bar: SingleBar;
  readonly #terminal: Terminal;

  constructor(stream: NodeJS.WriteStream, totals: Totals, terminal: Terminal) {
    this.#terminal = terminal;
    this.#bar = new SingleBar({
      stream,
      format: FORMAT,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      etaBuffer: ETA_FILES,
      clearOnComplete: true,
      hideCursor: null,
      // The command listens to signals itself.
      gracefulExit: false,
    });
    this.#bar.start(totals.files, 0, payload(totals));
    // The bar comes back, below, the next time it is drawn.
    terminal.wipe = () => stream.write('\r\x1b[K');
  }

  show(totals: Totals): void {
    this.#bar.update(totals.done, payload(totals));
  }

  /** Takes the line away. */
  stop(): void {
    this.#bar.stop();
    this.#terminal.wipe = () => {};
  }
}

function payload({ done, failed, seconds }: Totals): Record<string, string> {
  const rate = done / seconds;
  return {
    rate: rate >= 10 || !(rate > 0) ? rate.toFixed(0) : rate.toFixed(1),
    failures: failed === 0 ? '' : ` | ${failed} failed`,
  };
}
