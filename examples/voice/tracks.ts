// A speaker who speaks and pauses; what a network is to say about it.
import type { Random } from './random.ts';
import { powerOf, SAMPLE_RATE, scaled } from './sound.ts';
import { inventSentence, inventSpeaker, speak, type Voices } from './speech.ts';

/** Samples of a frame: the network says for each whether there is speech. */
export const FRAME = 512;

export interface SpeechTrack {
  /** Of a mean power of 1 over the frames in which there is sound. */
  readonly samples: Float32Array;
  /** 1 for each frame with speech, 0 for each without. */
  readonly isSpeech: Uint8Array;
}

/** A frame has sound when its power is at most this far below that of loud ones. */
const QUIET = 10 ** -3;
/** Frames for which speech lasts after the last sound, 128 ms: a stop consonant is no pause. */
const HANGOVER = 4;

/** A track of `frames` frames in which one speaker talks, with pauses of 0.3 to 8 seconds. */
export async function makeSpeechTrack(random: Random, voices: Voices, frames: number): Promise<SpeechTrack> {
  const samples = new Float32Array(frames * FRAME);
  const speaker = inventSpeaker(random, voices);
  const pause = (): number => Math.floor(random.betweenOctaves(0.3, 8) * SAMPLE_RATE);
  for (let at = pause(); at < samples.length; ) {
    const sentence = await speak({ ...speaker, text: inventSentence(random) });
    samples.set(sentence.subarray(0, samples.length - at), at);
    at += sentence.length + pause();
  }
  return label(samples);
}

/** Which frames of clean speech have sound, and the speech at a mean power of 1 over those. */
export function label(speech: Float32Array): SpeechTrack {
  const frames = Math.floor(speech.length / FRAME);
  const powers = Float64Array.from({ length: frames }, (_, i) => powerOf(speech.subarray(i * FRAME, (i + 1) * FRAME)));
  const loud = powers.toSorted()[Math.floor(0.95 * frames)]!;
  const hasSound = Array.from(powers, (power) => power > QUIET * loud);
  const isSpeech = Uint8Array.from(hasSound, (_, i) =>
    hasSound.slice(Math.max(0, i - HANGOVER), i + 1).includes(true) ? 1 : 0,
  );
  const heard = powers.filter((_, i) => hasSound[i]);
  const level = Math.sqrt(heard.reduce((total, power) => total + power, 0) / Math.max(1, heard.length));
  return { samples: level === 0 ? speech : scaled(speech, 1 / level), isSpeech };
}
