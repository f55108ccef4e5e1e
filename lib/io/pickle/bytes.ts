import { malformed } from '../malformed.ts';

/** Thrown where a pickle goes on beyond the bytes at hand; whoever has more tries again with them. */
export const MORE = Symbol('more');

const NEWLINE = 0x0a;
/** The longest line of the text opcodes: names and numbers. */
const LONGEST_LINE = 2 ** 16;

/** The bytes of a pickle from first to last. */
export class PickleBytes {
  readonly source: string;
  position: number;
  readonly #bytes: Buffer;
  readonly #isAll: boolean;

  /** @param isAll  whether nothing follows: then what is missing is an error, and not MORE */
  constructor(source: string, bytes: Uint8Array, position: number, isAll: boolean) {
    this.source = source;
    this.position = position;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isAll = isAll;
  }

  /** The error for something wrong at the last position. */
  wrong(sentence: string): RangeError {
    return malformed(this.source, `the pickle ${sentence} (byte ${this.position}); is the file damaged?`);
  }

  /** Moves on by `length` bytes, and gives back where they begin. */
  skip(length: number): number {
    const start = this.position;
    if (!(length <= this.#bytes.length - start)) {
      if (!this.#isAll) throw MORE;
      throw this.wrong('ends before its last value');
    }
    this.position += length;
    return start;
  }

  uint8(): number {
    const start = this.skip(1);
    return this.#bytes[start]!;
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.skip(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.skip(4));
  }

  /** A length of 8 bytes; beyond 2^53 it is inexact, and beyond any file, too. */
  uint64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.skip(8)));
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.skip(8));
  }

  /** A signed integer of this many bytes, little endian. */
  integer(length: number): bigint {
    const start = this.skip(length);
    if (length === 0) return 0n;
    const digits = Buffer.from(this.#bytes.subarray(start, start + length))
      .reverse()
      .toString('hex');
    return BigInt.asIntN(8 * length, BigInt(`0x${digits}`));
  }

  text(length: number, encoding: 'utf8' | 'latin1'): string {
    const start = this.skip(length);
    return this.#bytes.toString(encoding, start, start + length);
  }

  /** Up to the end of a line, which is taken, too. */
  line(): string {
    const end = this.#bytes.indexOf(NEWLINE, this.position);
    if (end < 0 && !this.#isAll && this.#bytes.length - this.position <= LONGEST_LINE) throw MORE;
    if (end < 0 || end - this.position > LONGEST_LINE) throw this.wrong('has a line without an end');
    const text = this.#bytes.toString('latin1', this.position, end);
    this.position = end + 1;
    return text;
  }
}
