// What the network hears while it learns: a few seconds of a speaker, with noise or with the murmur of others, at a random level.
import { type Tensor, tensor } from 'conv1d';
import type { Corpus } from './corpus.ts';
import type { Random } from './random.ts';
import { decibels, mix, normalized } from './sound.ts';
import { FRAME, type SpeechTrack } from './tracks.ts';
import { windowsOf } from './windows.ts';

export interface Batch {
  /** (frames * clips, 1, CONTEXT + FRAME), see `windowsOf`. */
  readonly windows: Tensor;
  /** (clips, frames): 1 where there is speech, 0 where there is none. */
  readonly isSpeech: Tensor;
}

/** The share of clips in which others talk, and how many they are. */
const BABBLE = 0.45;
const TALKERS = { least: 5, most: 10 };
/** How far speech is above the noise, and its own level below full scale, in dB. */
const SPEECH_TO_NOISE = { least: -4, most: 16 };
const LEVEL = { least: -36, most: -14 };

export function makeBatch(random: Random, corpus: Corpus, clips: number, frames: number): Batch {
  const noises = [...corpus.noises.values()].flat();
  const isSpeech = new Float32Array(clips * frames);
  const sounds = Array.from({ length: clips }, (_, i) => {
    const speaker = random.pick(corpus.speech);
    const begin = random.integer(0, speaker.isSpeech.length - frames);
    isSpeech.set(speaker.isSpeech.subarray(begin, begin + frames), i * frames);
    const speech = speaker.samples.subarray(begin * FRAME, (begin + frames) * FRAME);
    const noise =
      random.next() < BABBLE
        ? babble(random, corpus.speech, speaker, frames)
        : cut(random, random.pick(noises), frames);
    const level = random.between(LEVEL.least, LEVEL.most);
    const noiseLevel = level - random.between(SPEECH_TO_NOISE.least, SPEECH_TO_NOISE.most);
    return mix([
      [speech, decibels(level)],
      [noise, decibels(noiseLevel)],
    ]);
  });
  return { windows: windowsOf(sounds, frames), isSpeech: tensor(isSpeech, [clips, frames]) };
}

/** Some who talk at once, none of them the speaker, each a little louder or quieter than another. */
function babble(random: Random, speech: readonly SpeechTrack[], speaker: SpeechTrack, frames: number): Float32Array {
  const talkers: [Float32Array, number][] = [];
  for (let count = random.integer(TALKERS.least, TALKERS.most); talkers.length < count; ) {
    const talker = random.pick(speech);
    if (talker === speaker) continue;
    talkers.push([cut(random, talker.samples, frames), decibels(random.between(-3, 3))]);
  }
  return normalized(mix(talkers));
}

/** Some frames from anywhere in a sound. */
function cut(random: Random, sound: Float32Array, frames: number): Float32Array {
  const begin = random.integer(0, sound.length - frames * FRAME);
  return sound.subarray(begin, begin + frames * FRAME);
}
