// All that is heard: speakers and noises to learn from, and others, kept apart, to be measured on.
import { HELD_OUT_NOISES, type Noise, TRAINING_NOISES } from './noises.ts';
import { Random } from './random.ts';
import { normalized } from './sound.ts';
import { HELD_OUT_VOICES, TRAINING_VOICES, type Voices } from './speech.ts';
import { FRAME, makeSpeechTrack, type SpeechTrack } from './tracks.ts';

export interface Corpus {
  readonly speech: readonly SpeechTrack[];
  /** By kind; each with a mean power of 1. */
  readonly noises: ReadonlyMap<string, readonly Float32Array[]>;
}

export interface CorpusSize {
  /** Of each speaker. */
  readonly frames: number;
  readonly speakers: number;
  readonly noisesOfAKind: number;
  /** Of each noise. */
  readonly noiseFrames: number;
}

type Progress = (done: number, total: number) => void;

/** What the network learns from. */
export function makeTrainingCorpus(seed: number, size: CorpusSize, progress: Progress): Promise<Corpus> {
  return makeCorpus(seed, size, TRAINING_VOICES, TRAINING_NOISES, progress);
}

/** Speakers, languages and kinds of noise that the network has never heard; and noises of the kinds that it knows, made anew. */
export function makeHeldOutCorpus(seed: number, size: CorpusSize, progress: Progress): Promise<Corpus> {
  const known = Object.entries(TRAINING_NOISES).map(([kind, make]) => [`known: ${kind}`, make] as const);
  return makeCorpus(seed, size, HELD_OUT_VOICES, { ...HELD_OUT_NOISES, ...Object.fromEntries(known) }, progress);
}

/** Processes of espeak-ng at a time. */
const TOGETHER = 4;

async function makeCorpus(
  seed: number,
  { frames, speakers, noisesOfAKind, noiseFrames }: CorpusSize,
  voices: Voices,
  kinds: Readonly<Record<string, Noise>>,
  progress: Progress,
): Promise<Corpus> {
  const total = speakers + noisesOfAKind * Object.keys(kinds).length;
  let done = 0;
  const speech: SpeechTrack[] = new Array(speakers);
  let next = 0;
  // Each speaker has random numbers of its own, so that it does not matter who is ready first.
  const speakInTurn = async (): Promise<void> => {
    for (let i = next++; i < speakers; i = next++) {
      speech[i] = await makeSpeechTrack(new Random(seed + i), voices, frames);
      progress(++done, total);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, speakInTurn));

  const noises = new Map<string, Float32Array[]>();
  for (const [kind, make] of Object.entries(kinds)) {
    const random = new Random(seed + speakers + noises.size);
    noises.set(kind, []);
    for (let i = 0; i < noisesOfAKind; i++) {
      noises.get(kind)!.push(normalized(make(random, noiseFrames * FRAME)));
      progress(++done, total);
    }
  }
  return { speech, noises };
}
