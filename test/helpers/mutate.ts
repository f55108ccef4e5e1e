/** A small generator of repeatable random integers below `limit` (xorshift32). */
export function randomIntegers(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const EXTREMES = [
  0n,
  1n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const NUMBERS = ['0', '1', '-1', '1e9', '4294967296', '9007199254740991', '9007199254740993', '99999999999999999999'];

/** A damaged copy of a file: bits flipped, bytes removed, added or repeated, lengths and numbers set to extremes. */
export function mutate(file: Uint8Array, random: (limit: number) => number): Uint8Array {
  let bytes = Buffer.from(file);
  for (let damages = 1 + random(3); damages > 0 && bytes.length > 0; damages--) {
    const at = random(bytes.length);
    const length = 1 + random(16);
    const before = bytes.subarray(0, at);
    switch (random(8)) {
      case 0:
        bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2:
        bytes = Buffer.from(before);
        break;
      case 3:
        bytes = Buffer.concat([before, bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([before, Buffer.alloc(length, random(256)), bytes.subarray(at)]);
        break;
      case 5:
        bytes = Buffer.concat([before, bytes.subarray(at, at + length), bytes.subarray(at)]);
        break;
      case 6: {
        // Where formats keep their lengths: early in the file, at even offsets.
        const field = Buffer.alloc(8);
        field.writeBigUInt64LE(EXTREMES[random(EXTREMES.length)]!);
        const width = [2, 4, 8][random(3)]!;
        field.copy(bytes, 2 * random(Math.min(32, bytes.length >> 1)), 0, width);
        break;
      }
      default: {
        // A run of digits in a text header becomes another number.
        const digits = [...bytes.toString('latin1').matchAll(/[0-9]+/g)];
        if (digits.length === 0) break;
        const run = digits[random(digits.length)]!;
        const number = Buffer.from(NUMBERS[random(NUMBERS.length)]!);
        bytes = Buffer.concat([bytes.subarray(0, run.index), number, bytes.subarray(run.index + run[0].length)]);
      }
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * Parses `count` damaged copies of a file. Returns how many were refused; throws, with what repeats it, for one that
 * fails otherwise than by an error that has the library's code, or that becomes far larger than the file is.
 */
export function parseMutations(
  file: Uint8Array,
  count: number,
  parse: (bytes: Uint8Array) => readonly { readonly numel: number }[],
): number {
  const random = randomIntegers(20250101);
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const bytes = mutate(file, random);
    const repeat = `mutation ${i}: Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64')`;
    try {
      const numel = parse(bytes).reduce((sum, tensor) => sum + tensor.numel, 0);
      if (!(numel <= bytes.length)) throw new Error(`${numel} elements from ${bytes.length} bytes; ${repeat}`);
    } catch (error) {
      if (!(error instanceof RangeError && 'code' in error && error.code === 'ERR_CONV1D_FORMAT')) {
        throw new Error(`not a format error; ${repeat}`, { cause: error });
      }
      refused++;
    }
  }
  return refused;
}
