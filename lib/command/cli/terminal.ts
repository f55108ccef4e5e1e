import { createColors } from 'picocolors';

/** Where text goes; process.stdout is one. */
export interface Writer {
  write(text: string): unknown;
}

/** What a command reads and writes besides files. */
export interface Io {
  stdout: Writer;
  stderr: Writer;
  /** What `-` reads the names of inputs from. Default: nothing. */
  stdin?: AsyncIterable<Uint8Array>;
  /** A terminal for a progress bar. Default: none. */
  progress?: NodeJS.WriteStream | undefined;
  /** Whether the output may be coloured. Default false. */
  colors?: boolean;
}

/** Exit codes: all is well, what was given was refused, the command line makes no sense, some inputs were refused. */
export const EXIT = { ok: 0, refused: 1, usage: 2, some: 3 } as const;

/** The command's side of the terminal: colours, one-line refusals, and the exit code that follows from them. */
export class Terminal {
  readonly colors: ReturnType<typeof createColors>;
  exitCode: number = EXIT.ok;
  readonly #io: Io;

  /** Called before a line goes to stderr, to wipe away what stands there unfinished. */
  wipe: () => void = () => {};

  constructor(io: Io) {
    this.#io = io;
    this.colors = createColors(io.colors ?? false);
  }

  /** Writes text and a line end to stdout. */
  print(text: string): void {
    this.#io.stdout.write(`${text}\n`);
  }

  get stdin(): AsyncIterable<Uint8Array> | undefined {
    return this.#io.stdin;
  }

  get progress(): NodeJS.WriteStream | undefined {
    return this.#io.progress;
  }

  /** Writes one line to stderr, `conv1d: ...`. */
  say(sentence: string): void {
    this.wipe();
    this.#io.stderr.write(`${this.colors.red('conv1d:')} ${printable(sentence)}\n`);
  }

  /** Writes one line to stderr, `conv1d: ...`, and remembers how the command shall end. */
  fail(sentence: string, exitCode: number = EXIT.refused): void {
    this.say(sentence);
    this.exitCode = Math.max(this.exitCode, exitCode);
  }

  /** Writes one line to stderr about what may still come right. */
  warn(sentence: string): void {
    this.wipe();
    this.#io.stderr.write(`${this.colors.yellow('conv1d:')} ${printable(sentence)}\n`);
  }
}

/** Text from a file, or a file's name, on one line and without characters that command a terminal. */
export function printable(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '?')
    .trim();
}
