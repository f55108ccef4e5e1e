/** A terminal of so many columns, as far as a line that is drawn again and again asks for one. */
class Screen {
  readonly #rows: string[][] = [[]];
  readonly #columns: number;
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is commanded with them
    for (const [piece] of text.matchAll(/\x1b\[K|[\s\S]/gu)) {
      if (piece === '\x1b[K') this.#rows[this.#row]!.length = Math.min(this.#column, this.#rows[this.#row]!.length);
      else if (piece === '\r') this.#column = 0;
      else if (piece === '\n') this.#next();
      else if (piece === '\x1b') throw new Error(`an unknown command: ${JSON.stringify(text)}`);
      else this.#put(piece);
    }
  }

  lines(): string[] {
    return this.#rows.map((row) => Array.from(row, (letter) => letter ?? ' ').join(''));
  }

  #put(letter: string): void {
    if (this.#column === this.#columns) {
      this.#next();
      this.#column = 0;
    }
    this.#rows[this.#row]![this.#column++] = letter;
  }

  /** One line down; the terminal's driver adds the way to the first column. */
  #next(): void {
    this.#row++;
    this.#column = 0;
    this.#rows[this.#row] ??= [];
  }
}

/** The lines on a terminal of so many columns after this was written to it; throws for a command that a plain line does not need. */
export function shownOn(columns: number, text: string): string[] {
  const screen = new Screen(columns);
  screen.write(text);
  return screen.lines();
}

/** A sentence as a terminal wraps it. */
export function wrapped(columns: number, sentence: string): string[] {
  return sentence.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [];
}
