import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWav, parseWav } from '../lib/io/wav.ts';
import { readHeader } from '../lib/io/wavHeader.ts';
import { temporaryFolder } from './helpers/cli.ts';
import { mutate, parseMutations, randomIntegers } from './helpers/mutate.ts';
import { chunk, ds64, extensible, fmt, riff, riff64 } from './helpers/riff.ts';

const FORMAT = { name: 'RangeError', code: 'ERR_CONV1D_FORMAT' };
const DATA = Buffer.from([0, 0, 0, 64, 0, 128, 255, 127]);
const SAMPLES = [0, 0.5, -1, 32767 / 32768];
const EMPTY = Buffer.alloc(0);
const OPEN = 0xffffffff;
const data = chunk('data', DATA);

/** A file with a length of its own for the samples, and all that follows. */
function withLength(length: number, content: Uint8Array = DATA, format = fmt()): Buffer {
  return riff(format, chunk('data', content, length));
}

describe('a length that a program left open is read to the end of the file', () => {
  it.each<[string, number]>([
    ['ffmpeg, mpg123', 0xffffffff],
    ['ffmpeg, less the rest of the header', 0xffffffff - 36],
    ['the largest even one', 0xfffffffe],
    ['the largest whole page', 0xfffff000],
    ['arecord', 0x80000000],
    ['arecord, with the header', 0x80000000 + 36],
    ['arecord, less the header', 0x80000000 - 44],
    ['lame, oggdec', 0x7fffffff],
    ['lame, less the header', 0x7fffffff - 36],
    ['lame, in whole frames of 6 bytes', 0x7ffffffe],
    ['aplay of old', 0x7fffff00],
    ['sox, espeak-ng', 0x7ffff000],
    ['a program that never came back', 0],
  ])('%s', (_, length) => {
    expect([...parseWav(withLength(length)).samples.data]).toEqual(SAMPLES);
    expect([...parseWav(withLength(length).subarray(0, -1)).samples.data]).toEqual(SAMPLES.slice(0, 3));
    expect(parseWav(withLength(length, EMPTY)).samples.shape).toEqual([1, 0]);
  });

  it("sox's, in whole frames of 5 channels of 24 bits", () => {
    const length = 0x7ffff000 - (0x7ffff000 % 15);
    const wav = parseWav(withLength(length, Buffer.alloc(15 * 3 + 4), fmt({ channels: 5, bits: 24 })));
    expect(wav.samples.shape).toEqual([5, 3]);
  });

  it.each<[string, Uint8Array]>([
    ['silence', Buffer.alloc(8)],
    ['noise that begins like a name', Buffer.from('abcdefgh')],
    ['a frame, too short for a chunk', Buffer.alloc(2)],
  ])('a length of 0 before %s', (_, content) => {
    expect(parseWav(withLength(0, content)).samples.shape).toEqual([1, content.length / 2]);
  });

  it.each<[string, Buffer]>([
    ['nothing', riff(fmt(), chunk('data', EMPTY))],
    ['chunks', riff(fmt(), chunk('data', EMPTY), chunk('LIST', DATA), chunk('xyz ', DATA))],
  ])('a length of 0 before %s is one of no samples', (_, bytes) => {
    expect(parseWav(bytes).samples.shape).toEqual([1, 0]);
  });
});

describe('in a file of more than 2 GiB', () => {
  const length = 0x7ffff000;
  const start = 44;

  /** How many frames a file has that begins with a header, goes on with `fill` and has `after` behind that many bytes of samples. */
  function framesOf(size: number, fill: number, after: Uint8Array): number {
    const header = withLength(length, EMPTY);
    const walk = readHeader('large.wav', size, false);
    for (let next = walk.next(); ; next = walk.next()) {
      if (next.done) return next.value.frames;
      const { target, position } = next.value;
      const known = position < start ? header.subarray(position) : after.subarray(position - start - length);
      target.fill(fill).set(known.subarray(0, target.length));
    }
  }

  it.each<[string, number, number, Uint8Array, number]>([
    ['a length near 2^31 that ends with the file is one', start + length, 0, EMPTY, length / 2],
    ['a length near 2^31 before a chunk is one', start + length + 16, 0, chunk('LIST', DATA), length / 2],
    ['a length near 2^31 before samples is open', start + length + 2 ** 31, 0xff, EMPTY, length / 2 + 2 ** 30],
  ])('%s', (_, size, fill, after, frames) => {
    expect(framesOf(size, fill, after)).toBe(frames);
  });
});

it('a chunk of odd size without its padding is one all the same', () => {
  const odd = chunk('LIST', DATA.subarray(0, 5)).subarray(0, -1);
  expect([...parseWav(riff(odd, fmt(), odd, data)).samples.data]).toEqual(SAMPLES);
});

describe('RF64 and BW64', () => {
  const long = chunk('data', DATA, OPEN);
  it.each<[string, Buffer]>([
    ['the length in ds64', riff64('RF64', ds64(8n), fmt(), long)],
    ['BW64', riff64('BW64', ds64(8n), fmt(), long)],
    ['a chunk after the samples', riff64('BW64', ds64(8n), fmt(), long, chunk('axml', DATA))],
    ['the length in the data chunk', riff64('RF64', ds64(99n), fmt(), data)],
    [
      'a long chunk before the samples',
      riff64('RF64', ds64(8n, { skip: 8n, more: 5n }), chunk('skip', DATA, OPEN), fmt(), long),
    ],
    ['a table that ends too early', riff64('RF64', ds64(8n, { more: 5n }).fill(0xff, 32, 36), fmt(), long)],
    ['a length of 0, as ffmpeg writes to a pipe', riff64('RF64', ds64(0n), fmt(), long)],
    ['a length of all ones', riff64('RF64', ds64(2n ** 64n - 1n), fmt(), long)],
    ['the largest signed length', riff64('RF64', ds64(2n ** 63n - 1n), fmt(), long)],
    ['no ds64', riff64('RF64', fmt(), long)],
  ])('%s', (_, bytes) => {
    expect([...parseWav(bytes).samples.data]).toEqual(SAMPLES);
  });

  it.each<[string, Buffer, RegExp]>([
    ['a length beyond the file', riff64('RF64', ds64(2n ** 40n), fmt(), long), /have 1099511627776 bytes, but only 8/],
    ['a short ds64', riff64('RF64', chunk('ds64', DATA), fmt(), long), /'ds64' chunk should have 28 bytes/],
    [
      'a long chunk beyond the file',
      riff64('RF64', ds64(8n, { skip: 2n ** 52n }), chunk('skip', DATA, OPEN)),
      /"skip" should have 4503599627370496 bytes/,
    ],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseWav(bytes)).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringMatching(message) }),
    );
  });
});

/** Little-endian integers of some bytes each. */
function integers(bytes: 1 | 2 | 3 | 4, ...values: readonly number[]): Buffer {
  const content = Buffer.alloc(bytes * values.length);
  for (const [i, value] of values.entries()) content.writeIntLE(value, bytes * i, bytes);
  return content;
}

describe('samples of any width', () => {
  type Case = [name: string, fmt: Buffer, content: Buffer, samples: number[], format: string, bits: number];
  const quarter = 2 ** 30;
  it.each<Case>([
    [
      '12 bits',
      fmt({ bits: 12, frameBytes: 2 }),
      integers(2, -32768, 16, 0x7ff0),
      [-1, 2 ** -11, 0x7ff / 0x800],
      'pcm16',
      12,
    ],
    [
      '20 bits',
      fmt({ bits: 20, frameBytes: 3 }),
      integers(3, -(2 ** 23), 16, 2 ** 22),
      [-1, 2 ** -19, 0.5],
      'pcm24',
      20,
    ],
    ['20 bits in 32', fmt({ bits: 20, frameBytes: 4 }), integers(4, -quarter, 2 ** 12), [-0.5, 2 ** -19], 'pcm32', 20],
    ['12 of 16 bits', extensible(1, 16, undefined, 12), integers(2, -32768, 16), [-1, 2 ** -11], 'pcm16', 12],
    ['20 of 24 bits', extensible(1, 24, undefined, 20), integers(3, 16), [2 ** -19], 'pcm24', 20],
    ['24 of 32 bits', extensible(1, 32, undefined, 24), integers(4, quarter, 256), [0.5, 2 ** -23], 'pcm32', 24],
    ['0 of 16 bits, for all', extensible(1, 16, undefined, 0), DATA, SAMPLES, 'pcm16', 16],
    ['17 of 16 bits', extensible(1, 16, undefined, 17), DATA, SAMPLES, 'pcm16', 16],
    [
      '24 bits in 32',
      fmt({ bits: 24, frameBytes: 4 }),
      integers(4, quarter, -quarter, 256),
      [0.5, -0.5, 2 ** -23],
      'pcm32',
      24,
    ],
    [
      '24 bits in the lower of 32, as arecord has them',
      fmt({ bits: 24, frameBytes: 4 }),
      integers(4, 2 ** 22, -(2 ** 23), 1),
      [0.5, -1, 2 ** -23],
      'pcm32',
      24,
    ],
    [
      '24 bits with noise in the lowest byte',
      fmt({ bits: 24, frameBytes: 4 }),
      integers(4, quarter, 1),
      [0.5, 2 ** -31],
      'pcm32',
      24,
    ],
    ['24 bits in 32, silent', fmt({ bits: 24, frameBytes: 4 }), integers(4, 0, 0), [0, 0], 'pcm32', 24],
  ])('%s', (_, format, content, samples, name, bits) => {
    const wav = parseWav(riff(format, chunk('data', content)));
    expect([...wav.samples.data]).toEqual(samples);
    expect([wav.format, wav.bits]).toEqual([name, bits]);
  });

  it.each<[string, Buffer]>([
    ['0', fmt({ frameBytes: 0 })],
    ['that of two channels', fmt({ frameBytes: 4 })],
    ['the bits', fmt({ frameBytes: 16 })],
    ['65,535', fmt({ frameBytes: 65535 })],
  ])('a block align of %s, where bits and channels say what is meant', (_, format) => {
    expect([...parseWav(riff(format, data)).samples.data]).toEqual(SAMPLES);
  });

  it.each<[string, Buffer, string]>([
    ['12 bits of 2 channels, counted as 3 bytes', fmt({ channels: 2, bits: 12 }), 'pcm16'],
    ['20 bits, counted as 2 bytes', fmt({ bits: 20 }), 'pcm24'],
    ['floats, counted as 2 bytes', fmt({ tag: 3, bits: 32, frameBytes: 2 }), 'float32'],
    ['A-law of 16 bits, counted as 1 byte', fmt({ tag: 6, bits: 16, frameBytes: 1 }), 'alaw'],
    ['mu-law of 0 bits', fmt({ tag: 7, bits: 0, frameBytes: 1 }), 'mulaw'],
    ['extensible A-law', extensible(6, 8), 'alaw'],
    ['extensible mu-law', extensible(7, 8), 'mulaw'],
  ])('%s', (_, format, name) => {
    expect(parseWav(riff(format, chunk('data', Buffer.alloc(12)))).format).toBe(name);
  });
});

describe('a file that was cut off', () => {
  const stereo = fmt({ channels: 2 });
  const cases: [string, Buffer, number][] = [
    ['a byte short', riff(fmt(), data).subarray(0, -1), 3],
    ['without any sample', riff(fmt(), data).subarray(0, -8), 0],
    ['with a length beyond it', withLength(1_000_000), 4],
    ['in the middle of a frame', riff(stereo, data).subarray(0, -2), 1],
    ['with a part of a frame', riff(stereo, chunk('data', DATA.subarray(0, 6))), 1],
    ['with a part of a frame and a chunk after it', riff(stereo, chunk('data', DATA.subarray(0, 6)), data), 1],
    ['RF64', riff64('RF64', ds64(2n ** 40n), fmt(), chunk('data', DATA, OPEN)), 4],
  ];
  it.each(cases)('%s is refused by an error that names the option', (_, bytes) => {
    const message = expect.stringContaining('give the option truncated: true (of the command: --truncated)');
    expect(() => parseWav(bytes)).toThrowError(expect.objectContaining({ ...FORMAT, message }));
    expect(() => parseWav(bytes, 'x', { truncated: false })).toThrowError(expect.objectContaining({ message }));
  });

  it.each(cases)('%s is read with truncated: true, in whole frames', async (_, bytes, frames) => {
    const { samples } = parseWav(bytes, 'x', { truncated: true });
    expect(samples.shape.at(-1)).toBe(frames);
    const path = join(temporaryFolder(), 'x.wav');
    writeFileSync(path, bytes);
    expect((await loadWav(path, { truncated: true })).samples.data).toEqual(samples.data);
  });

  it('before its samples is refused all the same', () => {
    for (const bytes of [riff(fmt(), data).subarray(0, 40), riff(chunk('LIST', DATA, 99), fmt(), data)])
      expect(() => parseWav(bytes, 'x', { truncated: true })).toThrowError(expect.objectContaining(FORMAT));
  });

  it('other options and values are refused', async () => {
    const bytes = riff(fmt(), data);
    const option = { name: 'TypeError', code: 'ERR_CONV1D_OPTION' };
    const type = { name: 'TypeError', code: 'ERR_CONV1D_TYPE' };
    // @ts-expect-error
    expect(() => parseWav(bytes, 'x', { trunkated: true })).toThrowError(expect.objectContaining(option));
    // @ts-expect-error
    expect(() => parseWav(bytes, 'x', { truncated: 1 })).toThrowError(expect.objectContaining(type));
    // @ts-expect-error
    expect(() => parseWav(bytes, 'x', true)).toThrowError(expect.objectContaining(type));
    // @ts-expect-error
    await expect(loadWav('x.wav', { trunkated: true })).rejects.toMatchObject(option);
    // @ts-expect-error
    await expect(loadWav('x.wav', { truncated: 'yes' })).rejects.toMatchObject(type);
  });
});

describe('damage of any kind gives samples or a format error, and no more memory than the file has bytes', () => {
  const bodies: [string, Buffer][] = [
    ['an open length', withLength(OPEN, Buffer.alloc(40, 1))],
    ['a length of 0', withLength(0, Buffer.alloc(40, 1))],
    [
      'RF64',
      riff64('RF64', ds64(40n, { skip: 8n }), chunk('skip', DATA, OPEN), fmt(), chunk('data', Buffer.alloc(40), OPEN)),
    ],
    ['12 bits', riff(fmt({ bits: 12, frameBytes: 2 }), chunk('data', Buffer.alloc(40, 1)))],
    ['24 bits in 32', riff(fmt({ bits: 24, frameBytes: 4 }), chunk('data', integers(4, 1, 2, 3, -4)))],
    ['an extensible format', riff(extensible(1, 24, undefined, 20), chunk('data', Buffer.alloc(42, 1)))],
    ['A-law', riff(fmt({ tag: 6, bits: 8 }), chunk('data', Buffer.alloc(40, 1)))],
  ];
  it.each(bodies)('%s', (_, file) => {
    expect(parseMutations(file, 3000, (damaged) => [parseWav(damaged).samples])).toBeGreaterThan(300);
  });

  it.each(bodies)('%s, with truncated: true', (_, file) => {
    const parse = (damaged: Uint8Array) => [parseWav(damaged, 'x', { truncated: true }).samples];
    expect(parseMutations(file, 3000, parse)).toBeGreaterThan(300);
  });

  it('asks for no byte outside the file, and for a number of pieces that its size bounds', async () => {
    const random = randomIntegers(44);
    const path = join(temporaryFolder(), 'x.wav');
    let read = 0;
    for (let i = 0; i < 150; i++) {
      writeFileSync(path, mutate(bodies[i % bodies.length]![1], random));
      // Were a byte beyond the end asked for, the message would be that the file became shorter.
      await loadWav(path).then(
        () => read++,
        ({ code, message }) => {
          expect(code).toBe('ERR_CONV1D_FORMAT');
          expect(message).not.toContain('became shorter');
        },
      );
    }
    expect(read).toBeGreaterThan(20);
  });
});
