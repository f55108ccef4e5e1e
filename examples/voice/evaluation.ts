// How well a detector does on voices that it has never heard, for each noise and level.
import { noGrad } from 'conv1d';
import type { VoiceDetector } from '../networks/voiceDetector.ts';
import type { Corpus } from './corpus.ts';
import { logitsOf } from './detector.ts';
import { Random } from './random.ts';
import { decibels, mix, normalized, sum } from './sound.ts';
import { FRAME, type SpeechTrack } from './tracks.ts';
import { windowsOf } from './windows.ts';

/** How far speech is above the noise, in dB. */
export const LEVELS = [0, 5, 10, 15, 20] as const;

/** What was found in the frames of a noise at a level. */
export interface Counts {
  speech: number;
  /** Of those with speech, in how many the detector heard it. */
  heard: number;
  silence: number;
  /** Of those without, in how many it heard none. */
  silent: number;
}

/** Those who talk at once in the noise `babble`. */
const TALKERS = 8;
/** The level of speech below full scale, in dB. */
const LEVEL = -26;
/** Clips at a time. */
const TOGETHER = 4;

/** The mean of two shares: of frames with speech, and of those without, that were recognised. */
export function balancedAccuracy({ speech, heard, silence, silent }: Counts): number {
  return (heard / speech + silent / silence) / 2;
}

export function together(all: readonly Counts[]): Counts {
  const total: Counts = { speech: 0, heard: 0, silence: 0, silent: 0 };
  for (const counts of all) {
    for (const key of ['speech', 'heard', 'silence', 'silent'] as const) total[key] += counts[key];
  }
  return total;
}

/** Counts for each kind of noise, and in it for each of LEVELS. */
export function* evaluate(detector: VoiceDetector, { speech, noises }: Corpus): Generator<[kind: string, Counts[]]> {
  const kinds: [string, (i: number) => Float32Array][] = [
    ['babble', (i) => babble(speech, i)],
    ...Array.from(noises, ([kind, sounds]): [string, (i: number) => Float32Array] => [
      kind,
      (i) => sounds[i % sounds.length]!,
    ]),
  ];
  for (const [kind, noiseOf] of kinds) {
    yield [
      kind,
      LEVELS.map((level) => together(groups(speech).map((group) => measure(detector, group, noiseOf, level)))),
    ];
  }
}

/** The tracks, some at a time, with the number of each. */
function groups(speech: readonly SpeechTrack[]): [number, SpeechTrack][][] {
  const numbered = [...speech.entries()];
  return Array.from({ length: Math.ceil(speech.length / TOGETHER) }, (_, i) =>
    numbered.slice(i * TOGETHER, (i + 1) * TOGETHER),
  );
}

function measure(
  detector: VoiceDetector,
  group: readonly [number, SpeechTrack][],
  noiseOf: (i: number) => Float32Array,
  level: number,
): Counts {
  const clips = group.map(([i, { samples }]) =>
    mix([
      [samples, decibels(LEVEL)],
      [noiseOf(i), decibels(LEVEL - level)],
    ]),
  );
  const frames = group[0]![1].isSpeech.length;
  const logits = noGrad(() => logitsOf(detector, windowsOf(clips, frames), clips.length)).toArray() as number[][];
  return together(group.map(([, { isSpeech }], i) => count(isSpeech, logits[i]!)));
}

/** A logit above 0 is a probability above 0.5. */
export function count(isSpeech: Uint8Array, logits: readonly number[]): Counts {
  const counts = { speech: 0, heard: 0, silence: 0, silent: 0 };
  for (const [t, truth] of isSpeech.entries()) {
    const isHeard = logits[t]! > 0;
    if (truth === 1) {
      counts.speech++;
      if (isHeard) counts.heard++;
    } else {
      counts.silence++;
      if (!isHeard) counts.silent++;
    }
  }
  return counts;
}

/** Others than the speaker, each from a moment of their own. */
function babble(speech: readonly SpeechTrack[], speaker: number): Float32Array {
  const random = new Random(speaker);
  const others = speech.filter((_, i) => i !== speaker);
  const talkers = Array.from({ length: TALKERS }, (_, i) => {
    const { samples } = others[(speaker + i * Math.floor(others.length / TALKERS)) % others.length]!;
    return turned(samples, random.integer(0, samples.length / FRAME - 1) * FRAME);
  });
  return normalized(sum(...talkers));
}

/** A sound from another moment on, and then from its beginning to there. */
function turned(sound: Float32Array, begin: number): Float32Array {
  const result = new Float32Array(sound.length);
  result.set(sound.subarray(begin));
  result.set(sound.subarray(0, begin), sound.length - begin);
  return result;
}
