import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWav, parseWav, type Wav } from '../lib/io/wav.ts';
import { bytesOf, wavGolden } from './golden/files.ts';
import { parseMutations } from './helpers/mutate.ts';
import { chunk, extensible, fmt, riff } from './helpers/riff.ts';

const FORMAT = { name: 'RangeError', code: 'ERR_CONV1D_FORMAT' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const DATA = Buffer.from([0, 0, 0, 64, 0, 128, 255, 127]);
const SAMPLES = [0, 0.5, -1, 32767 / 32768];
const data = chunk('data', DATA);

function expectGolden(wav: Wav, golden: (typeof wavGolden.cases)[number]): void {
  const samples = new Float32Array(bytesOf(golden.samples).buffer);
  expect(wav.format).toBe(golden.format);
  expect(wav.channels).toBe(golden.channels);
  expect(wav.sampleRate).toBe(golden.sampleRate);
  expect(wav.samples.shape).toEqual([golden.channels, samples.length / golden.channels]);
  expect(wav.samples.data).toEqual(samples);
}

describe("sox's files", () => {
  it.each(wavGolden.cases)('$name is read', (golden) => expectGolden(parseWav(bytesOf(golden.file)), golden));

  it.each(wavGolden.cases)('$name is read from disk', async (golden) => {
    const path = join(folder, 'golden.wav');
    writeFileSync(path, bytesOf(golden.file));
    expectGolden(await loadWav(path), golden);
  });

  it.each(wavGolden.refused)('$name is refused by name', ({ name, file }) => {
    expect(() => parseWav(bytesOf(file))).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringContaining(`the samples are ${name}`) }),
    );
  });

  it.each(wavGolden.cases)('$name gives samples or a format error, whatever is damaged', (golden) => {
    expect(parseMutations(bytesOf(golden.file), 2000, (damaged) => [parseWav(damaged).samples])).toBeGreaterThan(500);
  });
});

describe('a file is accepted', () => {
  it.each<[string, Buffer, number[]]>([
    [
      'with other chunks before and after',
      riff(chunk('LIST', Buffer.alloc(6)), fmt(), chunk('fact', DATA), data, chunk('id3 ', DATA)),
      SAMPLES,
    ],
    ['with a padded chunk of odd size', riff(chunk('junk', Buffer.alloc(3)), fmt(), data), SAMPLES],
    ['with an extensible header', riff(extensible(1, 16), data), SAMPLES],
    ['with any size after RIFF', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), fmt(), data]), SAMPLES],
    ['with the length that ffmpeg leaves open', riff(fmt(), chunk('data', DATA, 0xffffffff)), SAMPLES],
    ['with the length that sox leaves open', riff(fmt(), chunk('data', DATA, 0x7ffff000)), SAMPLES],
    [
      'with an open length, cut off within a sample',
      riff(fmt(), chunk('data', DATA, 0xffffffff)).subarray(0, -1),
      SAMPLES.slice(0, 3),
    ],
    ['with an open length and no samples', riff(fmt(), chunk('data', DATA, 0xffffffff)).subarray(0, -8), []],
    ['with no samples', riff(fmt(), chunk('data', Buffer.alloc(0))), []],
    ['with no samples and a chunk after them', riff(fmt(), chunk('data', Buffer.alloc(0)), chunk('LIST', DATA)), []],
    [
      'with an odd number of bytes and no padding',
      riff(fmt({ bits: 8 }), data)
        .subarray(0, -1)
        .fill(7, 40, 41),
      [-1, -1, -1, -0.5, -1, 0, 127 / 128],
    ],
    ['with something odd after the samples', Buffer.concat([riff(fmt(), data), Buffer.from('odd')]), SAMPLES],
  ])('%s', (_, bytes, samples) => {
    const wav = parseWav(bytes);
    expect(wav.samples.shape).toEqual([1, samples.length]);
    expect([...wav.samples.data]).toEqual(samples);
  });

  it('with 65,535 channels', () => {
    const content = Buffer.alloc(2 * 65535);
    for (let i = 0; i < content.length; i++) content[i] = i % 251;
    const { samples } = parseWav(riff(fmt({ channels: 65535, bits: 8 }), chunk('data', content)));
    expect(samples.shape).toEqual([65535, 2]);
    expect(samples.at(65534, 1).item()).toBe((((content.length - 1) % 251) - 128) / 128);
  });

  it('with more samples than one block', () => {
    const frames = 400_000;
    const content = Buffer.alloc(4 * frames);
    for (let i = 0; i < 2 * frames; i++) content.writeInt16LE((i % 65536) - 32768, 2 * i);
    const { samples } = parseWav(riff(fmt({ channels: 2 }), chunk('data', content)));
    expect(samples.shape).toEqual([2, frames]);
    const wrong = samples.data.findIndex(
      (value, at) => value !== ((2 * (at % frames) + Math.floor(at / frames)) % 65536) / 32768 - 1,
    );
    expect(wrong).toBe(-1);
  });

  it('with floats outside [-1, 1], infinities and NaN, as they are', () => {
    const content = Buffer.alloc(32);
    for (const [i, value] of [2, -1e300, Number.NaN, 1e-40].entries()) content.writeDoubleLE(value, 8 * i);
    const { samples } = parseWav(riff(fmt({ tag: 3, bits: 64 }), chunk('data', content)));
    expect([...samples.data]).toEqual([2, Number.NEGATIVE_INFINITY, Number.NaN, Math.fround(1e-40)]);
  });
});

describe('a damaged or hostile file is refused', () => {
  const file = riff(fmt(), data);
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /this has 0/],
    ['another kind of file', Buffer.from('fLaC and so on', 'latin1'), /begins with RIFF and WAVE/],
    ['a RIFF file of another kind', chunk('RIFF', Buffer.from('AVI and so on')), /begins with "RIFF/],
    ['RIFX', Buffer.concat([Buffer.from('RIFX'), file.subarray(4)]), /RIFX files cannot be read/],
    ['no fmt chunk', riff(data), /'data' chunk comes before the 'fmt ' chunk/],
    ['a fmt chunk after the data', riff(data, fmt()), /'data' chunk comes before the 'fmt ' chunk/],
    ['neither chunk', riff(chunk('LIST', DATA)), /no 'fmt ' chunk/],
    ['no data chunk', riff(fmt()), /no 'data' chunk/],
    ['two fmt chunks', riff(fmt(), fmt(), data), /two 'fmt ' chunks/],
    ['samples cut off', file.subarray(0, -1), /"data" should have 8 bytes, but only 7 follow/],
    ['samples of 3 GiB', riff(fmt(), chunk('data', DATA, 0xc0000000)), /should have 3221225472 bytes/],
    [
      'a chunk beyond the end',
      riff(chunk('LIST', DATA, 0x7fffffff), fmt(), data),
      /"LIST" should have 2147483647 bytes/,
    ],
    [
      'an open length elsewhere than for data',
      riff(chunk('LIST', DATA, 0xffffffff), fmt(), data),
      /"LIST" should have/,
    ],
    ['a chunk without a name', riff(fmt(), chunk('\0\0\0\0', DATA), data), /which is not text/],
    [
      'a few bytes after the last chunk',
      riff(fmt(), chunk('data', Buffer.alloc(0)), chunk('LIST', DATA), DATA.subarray(0, 2)),
      /2 bytes that are not a chunk/,
    ],
    [
      'a list that is cut off after a length of 0',
      riff(fmt(), chunk('data', Buffer.alloc(0)), chunk('LIST', DATA, 9)),
      /"LIST" should have 9 bytes/,
    ],
    ['a part of a frame', riff(fmt({ channels: 3 }), data), /take 8 bytes, not a multiple of the 6/],
    ['a short fmt chunk', riff(chunk('fmt ', Buffer.alloc(14, 1)), data), /should have 16 bytes or more, but has 14/],
    ['0 channels', riff(fmt({ channels: 0 }), data), /0 channels/],
    ['a sample rate of 0', riff(fmt({ rate: 0 }), data), /sample rate is 0/],
    ['0 bits', riff(fmt({ bits: 0, frameBytes: 2 }), data), /pcm of 0 bits/],
    ['7 bits', riff(fmt({ bits: 7, frameBytes: 1 }), data), /pcm of 7 bits/],
    ['33 bits', riff(fmt({ bits: 33, frameBytes: 5 }), data), /pcm of 33 bits/],
    ['64-bit integers', riff(fmt({ bits: 64 }), data), /pcm of 64 bits/],
    ['16-bit floats', riff(fmt({ tag: 3 }), data), /float of 16 bits/],
    ['MP3', riff(fmt({ tag: 85 }), data), /the samples are MP3/],
    ['an unknown format', riff(fmt({ tag: 4242 }), data), /format tag 4242/],
    ['A-law of 16 bits', riff(fmt({ tag: 6, bits: 16 }), data), /A-law of 16 bits/],
    ['mu-law of 16 bits', riff(fmt({ tag: 7, bits: 16 }), data), /mu-law of 16 bits/],
    [
      'an extensible header that is too short',
      riff(fmt({ tag: 0xfffe }), data),
      /extensible 'fmt ' chunk should have 40 bytes/,
    ],
    ['an extensible format of another family', riff(extensible(1, 16, 'ff'.repeat(14)), data), /subformat 0100ff/],
    ['an extensible ADPCM', riff(extensible(2, 4), data), /the samples are ADPCM/],
    [
      'very many chunks',
      riff(...Array(1001).fill(chunk('junk', Buffer.alloc(0))), fmt(), data),
      /more than 1000 chunks/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => parseWav(bytes)).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringMatching(message) }),
    );
  });

  it('a missing file gives the error of the file system', async () => {
    await expect(loadWav(join(folder, 'missing.wav'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
