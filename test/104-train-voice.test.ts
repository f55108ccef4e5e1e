import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeDetector as compileDetector, detectVoice } from '../examples/detectVoice.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import type { Corpus } from '../examples/voice/corpus.ts';
import { drawCurve } from '../examples/voice/curve.ts';
import { logitsOf, makeDetector } from '../examples/voice/detector.ts';
import { balancedAccuracy, evaluate, together } from '../examples/voice/evaluation.ts';
import { HELD_OUT_NOISES, TRAINING_NOISES } from '../examples/voice/noises.ts';
import { Random } from '../examples/voice/random.ts';
import { resample } from '../examples/voice/resample.ts';
import { accuracyTable, lossLine } from '../examples/voice/show.ts';
import { drift, normalized, overtones, powerOf, SAMPLE_RATE, times } from '../examples/voice/sound.ts';
import { HELD_OUT_VOICES, TRAINING_VOICES } from '../examples/voice/speech.ts';
import { FRAME, label } from '../examples/voice/tracks.ts';
import { train } from '../examples/voice/training.ts';
import { CONTEXT, windowsOf } from '../examples/voice/windows.ts';
import { loadSafetensors, loadWav, manualSeed, rand, type Tensor, zeros } from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';

const WEIGHTS = repositoryFile('examples/voice/voiceDetector.safetensors');

/** Something like a voice, without espeak-ng: overtones of a pitch that wanders, in syllables, and pauses. */
function hummed(seed: number, frames: number): Float32Array {
  const random = new Random(seed);
  const length = frames * FRAME;
  const melody = drift(random, length, 3);
  const syllables = drift(random, length, 8);
  const phrases = drift(random, length, 1);
  const tone = overtones(random, length, (i) => 120 + 80 * melody[i]!, [1, 0.8, 0.9, 0.5, 0.4, 0.3, 0.3, 0.2]);
  return times(tone, (i) => (phrases[i]! > 0.5 ? 0.2 + syllables[i]! : 0));
}

function smallCorpus(seed: number): Corpus {
  const frames = 60;
  return {
    speech: Array.from({ length: 12 }, (_, i) => label(hummed(seed + i, frames))),
    noises: new Map([['white', [normalized(TRAINING_NOISES.white!(new Random(seed), frames * FRAME))]]]),
  };
}

function trainShortly(steps: number): { losses: number[]; detector: VoiceDetector } {
  manualSeed(1);
  const detector = makeDetector();
  const plan = { steps, clips: 4, frames: 30, rate: 4e-3 };
  return { losses: [...train(detector, smallCorpus(1), new Random(3), plan)], detector };
}

describe('examples/train-voice.ts', () => {
  const { losses, detector } = trainShortly(40);

  test('learns: the loss falls', () => {
    const mean = (some: readonly number[]): number => some.reduce((total, loss) => total + loss, 0) / some.length;
    expect(mean(losses.slice(-15))).toBeLessThan(mean(losses.slice(0, 15)) - 0.05);
  });

  test('makes the same weights at every run', () => {
    const again = trainShortly(40);
    expect(again.losses).toEqual(losses);
    for (const [key, weight] of Object.entries(again.detector.stateDict())) {
      expect(weight.data, key).toEqual(detector.stateDict()[key]!.data);
    }
  });

  test('leaves the Fourier transform as it is', () => {
    const basis = makeDetector().stft.basis.weight.data;
    expect(detector.stft.basis.weight.data).toEqual(basis);
  });

  test('measures each noise at each level, and tells it in a table', () => {
    const found = new Map([...evaluate(detector, smallCorpus(50))]);
    expect([...found.keys()]).toEqual(['babble', 'white']);
    for (const counts of found.values()) {
      expect(counts).toHaveLength(5);
      expect(together(counts).speech + together(counts).silence).toBe(5 * 12 * 60);
      for (const each of counts) expect(balancedAccuracy(each)).toBeGreaterThan(0.3);
    }
    expect(accuracyTable(found)).toMatch(/^\| noise .* 0 dB \|(.|\n)*\| \*\*all that are new\*\* (.|\n)*\| white/);
  });

  test('draws the curve, and a line of it', () => {
    expect(drawCurve(losses)).toMatch(/^<svg xmlns.*<path.*<\/svg>$/s);
    expect(lossLine([4, 3, 2, 1])).toBe('| loss 2.500 █▆▃▁ ');
  });
});

describe('the voice detector over whole clips', () => {
  test('says what it says from frame to frame', () => {
    manualSeed(3);
    const detector = makeDetector().eval();
    const clips = [hummed(1, 6), hummed(2, 6)];
    const logits = logitsOf(detector, windowsOf(clips, 6), 2);
    let states: [Tensor, Tensor] = [zeros(1, 2, 128), zeros(1, 2, 128)];
    for (let t = 0; t < 6; t++) {
      const [probability, next] = detector.forward(windowsOf(clips, 6).narrow(0, 2 * t, 2), ...states);
      states = next;
      const expected = logits.narrow(1, t, 1).sigmoid().data as Float32Array;
      for (const [i, value] of (probability.data as Float32Array).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
  });

  test('reads each frame with the samples before it', () => {
    const clip = Float32Array.from({ length: 3 * FRAME }, (_, i) => i + 1);
    const windows = windowsOf([clip, clip], 3);
    expect(windows.shape).toEqual([6, 1, CONTEXT + FRAME]);
    expect([windows.at(0, 0, CONTEXT - 1).item(), windows.at(0, 0, CONTEXT).item()]).toEqual([0, 1]);
    expect([windows.at(3, 0, 0).item(), windows.at(5, 0, 575).item()]).toEqual([FRAME - CONTEXT + 1, 3 * FRAME]);
  });
});

describe('voices and noises', () => {
  test('nothing that is measured on is heard while learning', () => {
    const shared = (some: readonly string[], others: readonly string[]) => some.filter((each) => others.includes(each));
    expect(shared(TRAINING_VOICES.languages, HELD_OUT_VOICES.languages)).toEqual([]);
    expect(shared(TRAINING_VOICES.variants, HELD_OUT_VOICES.variants)).toEqual([]);
    expect(shared(Object.keys(TRAINING_NOISES), Object.keys(HELD_OUT_NOISES))).toEqual([]);
  });

  test.each(Object.entries({ ...TRAINING_NOISES, ...HELD_OUT_NOISES }))('%s is made by its seed', (_, make) => {
    const sound = make(new Random(5), SAMPLE_RATE);
    expect(powerOf(sound)).toBeGreaterThan(0);
    expect(sound.every(Number.isFinite)).toBe(true);
    expect(make(new Random(5), SAMPLE_RATE)).toEqual(sound);
    expect(make(new Random(6), SAMPLE_RATE)).not.toEqual(sound);
  });

  test('frames with sound are speech, and four after them', () => {
    const sound = new Float32Array(12 * FRAME);
    sound.fill(0.5, 2 * FRAME, 3 * FRAME);
    expect([...label(sound).isSpeech]).toEqual([0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
  });

  test('a tone of 22050 Hz is the same tone at 16 kHz', () => {
    const tone = Float32Array.from({ length: 22050 }, (_, i) => Math.sin((2 * Math.PI * 1000 * i) / 22050));
    const resampled = resample(tone, 22050);
    expect(resampled).toHaveLength(SAMPLE_RATE);
    for (let i = 100; i < 15900; i++) {
      expect(Math.abs(resampled[i]! - Math.sin((2 * Math.PI * 1000 * i) / SAMPLE_RATE))).toBeLessThan(2e-3);
    }
  });
});

describe('the committed weights', () => {
  test('fit the network, and in 1.5 MB', async () => {
    expect(statSync(WEIGHTS).size).toBeLessThan(1.5e6);
    const detector = new VoiceDetector();
    detector.loadStateDict(await loadSafetensors(WEIGHTS));
    expect(detector.parameters().reduce((total, { numel }) => total + numel, 0)).toBe(309633);
  });

  test('hear the speech of the examples, and nothing in silence or noise', async () => {
    const detector = new VoiceDetector();
    detector.loadStateDict(await loadSafetensors(WEIGHTS));
    const program = compileDetector(detector);
    const { samples } = await loadWav(repositoryFile('examples/speech.wav'));
    const speech = samples.at(0).data as Float32Array;
    const heard = (sound: Float32Array): number => {
      const found = [...detectVoice(program, sound)];
      return found.filter((probability) => probability > 0.5).length / found.length;
    };
    expect(heard(speech)).toBeGreaterThan(0.8);
    expect(heard(new Float32Array(2 * SAMPLE_RATE))).toBe(0);
    expect(
      heard(
        rand(2 * SAMPLE_RATE)
          .mul(0.02)
          .sub(0.01).data as Float32Array,
      ),
    ).toBeLessThan(0.05);
  });
});
