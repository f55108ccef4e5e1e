import cliProgress, { type Options, type Params, SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

/** Over how many files the time to go is averaged. */
const ETA_FILES = 200;
const BAR_WIDTH = 24;
/** Columns left free at the end: a full line would wrap when the terminal echoes ^C behind it, and its start would stay. */
const MARGIN = 3;
const DEFAULT_COLUMNS = 80;
/** To the first column, and nothing from there on. */
const ERASE = '\r\x1b[K';

/** How far the work is: `files` is all that there is to do, in files or in what the line calls its unit. */
export interface Counts {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  readonly seconds: number;
}

type Payload = { readonly failed: number; readonly rate: number };

/**
 * A line on the terminal that shows how far a run is, with its rate and the time it still takes.
 *
 * It changes no setting of the terminal and saves no place of the cursor: however the process ends, nothing is left to restore
 * but the line itself, which `exit` takes away.
 */
export class Progress {
  readonly #bar: SingleBar;
  readonly #terminal: Terminal;
  readonly #erase: () => void;

  constructor(stream: NodeJS.WriteStream, totals: Counts, terminal: Terminal, unit = 'files') {
    this.#terminal = terminal;
    const width = (): number => (stream.columns || DEFAULT_COLUMNS) - MARGIN;
    const options: Options & { terminal: BarTerminal } = {
      terminal: plainTerminal(stream),
      format: (options, params, payload: Payload) => formatLine(options, params, payload, width(), unit),
      etaBuffer: ETA_FILES,
      clearOnComplete: true,
      // The command listens to signals itself.
      gracefulExit: false,
    };
    this.#bar = new SingleBar(options);
    this.#erase = () => stream.write(ERASE);
    // The bar comes back, below, the next time it is drawn.
    terminal.wipe = this.#erase;
    process.on('exit', this.#erase);
    this.#bar.start(totals.files, 0, payload(totals));
  }

  show(totals: Counts): void {
    this.#bar.update(totals.done, payload(totals));
  }

  /** Takes the line away. */
  stop(): void {
    this.#bar.stop();
    this.#terminal.wipe = () => {};
    process.off('exit', this.#erase);
  }
}

function payload({ done, failed, seconds }: Counts): Payload {
  return { failed, rate: done / seconds };
}

/** Of what there is to tell, as much as fits, the most important first; in front, a bar where there is room for one. */
function formatLine(
  options: Options,
  { progress, value, total, eta }: Params,
  { failed, rate }: Payload,
  width: number,
  unit: string,
): string {
  const shownRate = rate >= 10 || !(rate > 0) ? rate.toFixed(0) : rate.toFixed(1);
  const parts = [`${Math.floor(progress * 100)}%`, `${value} of ${total} ${unit}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (Number.isFinite(eta))
    parts.push(`${cliProgress.Format.TimeFormat(eta, { ...options, autopaddingChar: '' }, 1)} to go`);
  if (Number.isFinite(rate)) parts.push(`${shownRate} a second`);
  let line = parts.shift()!;
  for (const part of parts) {
    if (line.length + part.length + 3 <= width) line += ` | ${part}`;
  }
  line = line.slice(0, width);
  const room = Math.min(BAR_WIDTH, width - line.length - 1);
  if (room < BAR_WIDTH / 4) return line;
  const done = Math.round(progress * room);
  return `${'█'.repeat(done)}${'░'.repeat(room - done)} ${line}`;
}

/** What cli-progress asks of a terminal. */
type BarTerminal = ReturnType<typeof plainTerminal>;

/**
 * A terminal that only writes lines. That of cli-progress saves the cursor's place and goes back there, over the errors printed since,
 * and turns line wrapping off, for good when the process is killed.
 */
function plainTerminal(stream: NodeJS.WriteStream) {
  const nothing = (): void => {};
  return {
    isTTY: () => true,
    getWidth: () => stream.columns || DEFAULT_COLUMNS,
    write: (line: string) => void stream.write(`\r${line}\x1b[K`),
    clearLine: () => void stream.write(ERASE),
    newline: () => void stream.write('\n'),
    cursorTo: nothing,
    clearRight: nothing,
    cursor: nothing,
    cursorSave: nothing,
    cursorRestore: nothing,
    lineWrapping: nothing,
  };
}
