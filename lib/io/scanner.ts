import { quote } from '../check/quote.ts';
import { malformed } from './malformed.ts';

const EXCERPT_LENGTH = 24;

/**
 * Reads a header's text token by token, for the two small grammars of safetensors (JSON) and .npy (a Python dict).
 *
 * It reads both directly into what they mean, with no tree in between: hostile text fails at its first odd token, before
 * it costs memory, and a key that comes twice does not go unseen.
 */
export class Scanner {
  readonly #source: string;
  readonly #text: string;
  #position = 0;

  constructor(source: string, text: string) {
    this.#source = source;
    this.#text = text;
  }

  /** Skips white space, and takes `token` if it comes next. */
  accept(token: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }

  /** Takes `token`, which has to come next. */
  expect(token: string): void {
    if (!this.accept(token)) throw this.unexpected(quote(token));
  }

  /** Takes a non-negative integer. */
  integer(): number {
    this.#skipSpace();
    const digits = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
    digits.lastIndex = this.#position;
    const value = Number(digits.exec(this.#text)?.[0] ?? Number.NaN);
    if (!Number.isSafeInteger(value)) throw this.unexpected('a non-negative integer below 2^53');
    this.#position = digits.lastIndex;
    return value;
  }

  /** Takes a string that begins and ends with one of `marks`; returns it as it stands, with marks and escapes. */
  quoted(marks: string): string {
    const mark = [...marks].find((candidate) => this.accept(candidate));
    if (mark === undefined) throw this.unexpected('a string');
    const start = this.#position - 1;
    let end = this.#position;
    while (end < this.#text.length && this.#text[end] !== mark) end += this.#text[end] === '\\' ? 2 : 1;
    if (end >= this.#text.length) throw malformed(this.#source, 'the header ends within a string');
    this.#position = end + 1;
    return this.#text.slice(start, end + 1);
  }

  /** Requires that nothing but white space is left. */
  end(): void {
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.unexpected('the end');
  }

  /** The error for what comes next. */
  unexpected(expected: string): RangeError {
    const next = this.#text.slice(this.#position, this.#position + EXCERPT_LENGTH);
    const found = next === '' ? 'its end' : quote(next);
    return malformed(
      this.#source,
      `expected ${expected} at character ${this.#position} of the header, but got ${found}`,
    );
  }

  #skipSpace(): void {
    while (' \n\r\t'.includes(this.#text[this.#position] ?? '.')) this.#position++;
  }
}
