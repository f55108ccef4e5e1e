import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DecodedPng, decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { drawSpectrogram, type FeatureAxes } from '../../lib/command/picture/spectrogram.ts';
import { ticks } from '../../lib/command/picture/ticks.ts';
import { tensor, zeros } from '../../lib/tensor/factories.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from '../helpers/cli.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const SPECTRUM: FeatureAxes = { complexPairs: true, sampleRate: 16000, hop: 160, center: 199.5 };
const PLAIN: FeatureAxes = { complexPairs: false, sampleRate: null, hop: 1, center: 0 };

// Where the picture lies in the image.
const LEFT = 94;
const TOP = 20;
const AROUND = { width: 226, height: 80 };

function pixel({ data, width, channels }: DecodedPng, x: number, y: number): number[] {
  return Array.from(data.subarray((y * width + x) * channels, (y * width + x) * channels + 3));
}

/** The rows, from the picture's top, of the brightest pixels of a column. */
function brightest(image: DecodedPng, x: number, height: number): number[] {
  const light = Array.from({ length: height }, (_, y) => pixel(image, LEFT + x, TOP + y).reduce((a, b) => a + b));
  const most = Math.max(...light);
  return light.flatMap((value, y) => (value === most ? [y] : []));
}

describe('the picture of a filterbank', () => {
  for (const hertz of [0, 400, 1000, 4000, 7600]) {
    test(`shows a tone of ${hertz} Hz at its frequency`, async () => {
      const folder = temporaryFolder();
      // A cosine, so that 0 Hz is not silence.
      const samples = tone(hertz, 16000, 16000).map((_, i) => 0.5 * Math.cos((2 * Math.PI * hertz * i) / 16000));
      writeFileSync(join(folder, 'tone.wav'), wavFile(16000, samples));
      const { code } = await conv1d('run', FILTERBANK, join(folder, 'tone.wav'), '--out', folder, '--plot');
      expect(code).toBe(0);
      const image = decode(readFileSync(join(folder, 'tone.png')));
      // 98 frames of 12 pixels, 201 frequencies of 2, one every 40 Hz, the lowest at the bottom.
      expect([image.width, image.height]).toEqual([98 * 12 + AROUND.width, 201 * 2 + AROUND.height]);
      const top = (200 - hertz / 40) * 2;
      for (const x of [0, 98 * 6, 98 * 12 - 1]) expect(brightest(image, x, 402)).toEqual([top, top + 1]);
    });
  }

  test('joins real and imaginary parts to one magnitude', () => {
    const image = decode(drawSpectrogram(tensor([[3], [5], [4], [0]]), SPECTRUM));
    expect(pixel(image, LEFT, TOP)).toEqual(pixel(image, LEFT, TOP + 419));
  });

  test('is dark 80 dB below the largest magnitude', () => {
    const image = decode(drawSpectrogram(tensor([[1e-4], [1], [0], [0]]), SPECTRUM));
    const silent = decode(drawSpectrogram(tensor([[0], [1], [0], [0]]), SPECTRUM));
    expect(pixel(image, LEFT, TOP + 419)).toEqual(pixel(silent, LEFT, TOP + 419));
  });
});

describe('the picture of plain features', () => {
  test('has the first channel at the bottom, and shows absolute values', () => {
    const image = decode(drawSpectrogram(tensor([[-2], [1], [0]]), PLAIN));
    expect(brightest(image, 0, 420)).toEqual(Array.from({ length: 140 }, (_, i) => 280 + i));
  });

  const sizes: [channels: number, length: number, width: number, height: number][] = [
    [1, 1, 1240, 420],
    [3, 7, 1239, 420],
    [211, 621, 621, 211],
    [420, 1240, 1240, 420],
    [421, 1241, 1240, 420],
    [1000, 5000, 1240, 420],
  ];
  for (const [channels, length, width, height] of sizes) {
    test(`of shape [${channels}, ${length}] takes ${width} x ${height} pixels`, () => {
      const image = decode(drawSpectrogram(zeros(channels, length), PLAIN));
      expect([image.width, image.height]).toEqual([width + AROUND.width, height + AROUND.height]);
    });
  }

  test('averages where there are more features than pixels', () => {
    // Every second feature is 1, the rest 0: all blocks have the same mean, so all pixels the same colour.
    const features = zeros(1, 2480);
    features.data.forEach((_, i) => {
      features.data[i] = i % 2;
    });
    const image = decode(drawSpectrogram(features, PLAIN));
    const colors = new Set(Array.from({ length: 1240 }, (_, x) => pixel(image, LEFT + x, TOP).join()));
    expect(colors.size).toBe(1);
  });

  test('shows NaN and infinity in a colour of their own, and the rest as if they were not there', () => {
    const odd = decode(drawSpectrogram(tensor([[1, Number.NaN, 0, Number.POSITIVE_INFINITY]]), PLAIN));
    const even = decode(drawSpectrogram(tensor([[1, 0, 0, 0]]), PLAIN));
    expect(pixel(odd, LEFT + 310, TOP)).toEqual(pixel(odd, LEFT + 930, TOP));
    expect(pixel(odd, LEFT + 310, TOP)).not.toEqual(pixel(odd, LEFT + 620, TOP));
    expect(pixel(odd, LEFT, TOP)).toEqual(pixel(even, LEFT, TOP));
  });

  const axes: FeatureAxes[] = [true, false].flatMap((complexPairs) =>
    [null, 1, 360, 3999, 48000, 4e9].map((sampleRate) => ({ complexPairs, sampleRate, hop: 1, center: -3 })),
  );
  test('has labels whatever the unit is', () => {
    for (const axis of axes) {
      const { width, height, ...image } = decode(drawSpectrogram(zeros(2, 40), axis));
      const ink = (x: number, y: number) => pixel({ ...image, width, height }, x, y)[0]! < 128;
      const below = Array.from({ length: 40 * width }, (_, i) => ink(i % width, height - 40 + Math.floor(i / width)));
      const left = Array.from({ length: 60 * height }, (_, i) => ink(i % 60, Math.floor(i / 60)));
      expect([below.includes(true), left.includes(true)], JSON.stringify(axis)).toEqual([true, true]);
    }
  });

  test('is refused where there is nothing to draw, or where pairs do not come out even', () => {
    expect(() => drawSpectrogram(zeros(0, 5), PLAIN)).toThrow('not empty, but got [0, 5]');
    expect(() => drawSpectrogram(zeros(2, 3, 4), PLAIN)).toThrow('but got [2, 3, 4]');
    expect(() => drawSpectrogram(zeros(3, 4), SPECTRUM)).toThrow('come in pairs, but the features have 3 channels');
  });
});

describe('ticks lie at round numbers', () => {
  const cases: [from: number, to: number, most: number, minStep: number, labels: string[]][] = [
    [0, 8, 9, 0, ['0', '1', '2', '3', '4', '5', '6', '7', '8']],
    [0.0075, 2.4, 5, 0, ['0.5', '1.0', '1.5', '2.0']],
    [-0.5, 2.5, 9, 1, ['0', '1', '2']],
    [-80, 0, 9, 20, ['-80', '-60', '-40', '-20', '0']],
    [0, 0.3, 4, 0, ['0', '0.1', '0.2', '0.3']],
    [0, 3e-7, 3, 0, ['0', '1e-7', '2e-7', '3e-7']],
    [0, 3e300, 3, 0, ['0', '1e300', '2e300', '3e300']],
    [999.6, 1000.4, 4, 0, ['999.6', '999.8', '1000.0', '1000.2', '1000.4']],
    [-0.5, 0.5, 20, 1, ['0']],
    [0, 0.0125, 3, 0, ['0', '0.005', '0.010']],
    [0, 45000, 3, 0, ['0', '20000', '40000']],
    [9e5, 1.3e6, 4, 0, ['9e5', '1e6', '1.1e6', '1.2e6', '1.3e6']],
  ];
  for (const [from, to, most, minStep, labels] of cases) {
    test(`from ${from} to ${to}: ${labels.join(' ')}`, () => {
      const made = ticks(from, to, most, minStep);
      expect(made.map((tick) => tick.label)).toEqual(labels);
      for (const { position } of made) expect(position >= 0 && position <= 1).toBe(true);
    });
  }
});
