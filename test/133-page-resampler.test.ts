import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { repositoryFile } from './helpers/cli.ts';
import { Dice } from './helpers/dice.ts';

interface Resampler {
  push(samples: Float32Array): Float32Array;
}

// The page's own file, as a browser gets it.
const file = pathToFileURL(repositoryFile('examples/speech-server/page/resample.js')).href;
const { Resampler } = (await import(file)) as { Resampler: new (from: number, to: number) => Resampler };

const sine = (hertz: number, rate: number, length: number) =>
  Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate));

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.each([48_000, 44_100, 16_000, 8_000])("the page's microphone of %i Hz", (rate) => {
  test('gives at 16 kHz what the same sound would be there', () => {
    for (const hertz of [100, 440, 1000, 3000]) {
      const actual = new Resampler(rate, 16_000).push(sine(hertz, rate, rate));
      const ideal = sine(hertz, 16_000, 16_000);
      const errors = actual.subarray(200).map((value, i) => value - ideal[i + 200]!);
      expect(largest(errors)).toBeLessThan(0.005);
      expect(actual.length).toBeGreaterThan(15_900);
    }
  });

  test('gives the same in chunks of any lengths', () => {
    const dice = new Dice(rate);
    const samples = sine(440, rate, 20_000);
    const whole = new Resampler(rate, 16_000).push(samples);
    const resampler = new Resampler(rate, 16_000);
    const parts: number[] = [];
    for (let from = 0; from < samples.length; ) {
      const end = from + dice.pick(0, 1, 128, dice.integer(1, 700));
      parts.push(...resampler.push(samples.subarray(from, end)));
      from = end;
    }
    expect(parts).toHaveLength(whole.length);
    expect(largest(whole.map((value, i) => value - parts[i]!))).toBeLessThan(1e-6);
  });
});

test("the page's microphone leaves out what 16 kHz cannot carry", () => {
  for (const hertz of [9000, 12_000, 20_000]) {
    expect(largest(new Resampler(48_000, 16_000).push(sine(hertz, 48_000, 24_000)).subarray(200))).toBeLessThan(0.005);
  }
});
