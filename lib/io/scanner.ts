import { quote } from '../check/quote.ts';
import { malformed } from './malformed.ts';

const EXCERPT_LENGTH = 24;
/** 2^53 has 16 digits. */
const LONGEST_INTEGER = 16;

const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** Whether a code is a space, a tab or an end of line. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

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
    // A loop over codes: a header may have a million numbers, and a regular expression costs more than their digits.
    let value = 0;
    let end = this.#position;
    for (
      let digit = this.#digit(end);
      digit >= 0 && end - this.#position <= LONGEST_INTEGER;
      digit = this.#digit(end)
    ) {
      value = 10 * value + digit;
      end++;
    }
    const length = end - this.#position;
    const leadingZero = length > 1 && this.#digit(this.#position) === 0;
    const goesOn = '.eE'.includes(this.#text[end] ?? ' ');
    if (length === 0 || length > LONGEST_INTEGER || leadingZero || goesOn || !Number.isSafeInteger(value)) {
      throw this.unexpected('a non-negative integer below 2^53');
    }
    this.#position = end;
    return value;
  }

  /** Takes a string that begins and ends with one of `marks`; returns it as it stands, with marks and escapes. */
  quoted(marks: string): string {
    this.#skipSpace();
    const start = this.#position;
    const text = this.#text;
    const mark = text.charCodeAt(start);
    if (!(start < text.length && marks.includes(text[start]!))) throw this.unexpected('a string');
    let end = start + 1;
    for (let code = text.charCodeAt(end); end < text.length && code !== mark; code = text.charCodeAt(end)) {
      end += code === BACKSLASH ? 2 : 1;
    }
    if (end >= text.length) throw malformed(this.#source, 'the header ends within a string');
    this.#position = end + 1;
    return text.slice(start, end + 1);
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
    while (isSpace(this.#text.charCodeAt(this.#position))) this.#position++;
  }

  /** The digit at a position, or -1. */
  #digit(position: number): number {
    const digit = this.#text.charCodeAt(position) - ZERO;
    return digit >= 0 && digit <= 9 ? digit : -1;
  }
}
