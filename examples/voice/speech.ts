// Voices of espeak-ng, which is asked to say words that nobody has said before.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseWav } from 'conv1d';
import type { Random } from './random.ts';
import { resample } from './resample.ts';

export interface Voices {
  /** Whose sounds and melody a voice has: names of `espeak-ng --voices`. */
  readonly languages: readonly string[];
  /** Throats: names of `espeak-ng --voices=variant`. */
  readonly variants: readonly string[];
}

export const TRAINING_VOICES: Voices = {
  languages: [
    'en-us',
    'de',
    'fr-fr',
    'es',
    'it',
    'pl',
    'pt-br',
    'nl',
    'sv',
    'hu',
    'tr',
    'ru',
    'el',
    'hi',
    'id',
    'sw',
    'cs',
    'vi',
    'ar',
    'ja',
  ],
  variants: [
    'm1',
    'm2',
    'm3',
    'm4',
    'm6',
    'f1',
    'f2',
    'f4',
    'klatt',
    'klatt2',
    'klatt5',
    'Alex',
    'Andy',
    'Denis',
    'Gene',
    'Hugo',
    'Jacky',
    'Lee',
    'Marco',
    'Michael',
    'Mr serious',
    'adam',
    'anika',
    'antonio',
    'aunty',
    'belinda',
    'boris',
    'caleb',
    'ed',
    'grandpa',
    'iven',
    'linda',
    'max',
    'miguel',
    'pablo',
    'quincy',
    'robert',
    'steph',
    'travis',
    'zac',
  ],
};

/** Languages and throats that the network never hears while it learns. */
export const HELD_OUT_VOICES: Voices = {
  languages: ['en-gb', 'fi', 'ro', 'da', 'sk', 'ca'],
  variants: [
    'm5',
    'm7',
    'm8',
    'f3',
    'f5',
    'klatt3',
    'Alicia',
    'Annie',
    'Diogo',
    'Henrique',
    'Mario',
    'Mike',
    'benjamin',
    'david',
    'grandma',
    'john',
    'marcelo',
    'michel',
    'paul',
    'rob',
    'shelby',
    'victor',
  ],
};

export interface Request {
  readonly voice: string;
  readonly text: string;
  /** Words per minute. */
  readonly rate: number;
  /** From 0 to 99. */
  readonly pitch: number;
}

const ONSETS = [
  'b',
  'd',
  'f',
  'g',
  'h',
  'k',
  'l',
  'm',
  'n',
  'p',
  'r',
  's',
  't',
  'v',
  'z',
  'st',
  'tr',
  'pl',
  'gr',
  'fl',
  'sp',
  'br',
  '',
];
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'a', 'e', 'i', 'o', 'ai', 'ou', 'ie'];
const ENDS = ['', '', '', 'n', 's', 'r', 'l', 't', 'm', 'nd', 'st', 'k'];

/** A sentence of invented words and numbers, which every voice reads by the rules of its language. */
export function inventSentence(random: Random): string {
  const syllable = (): string => random.pick(ONSETS) + random.pick(VOWELS) + random.pick(ENDS);
  const word = (): string =>
    random.next() < 0.1
      ? String(random.integer(1, 2000))
      : Array.from({ length: random.integer(1, 4) }, syllable).join('');
  const words = Array.from({ length: random.integer(2, 8) }, word);
  const comma = random.integer(1, words.length);
  return `${words.slice(0, comma).join(' ')}${random.next() < 0.3 ? ', ' : ' '}${words.slice(comma).join(' ')}.`;
}

/** A voice, and how it speaks. */
export function inventSpeaker(random: Random, { languages, variants }: Voices): Omit<Request, 'text'> {
  return {
    voice: `${random.pick(languages)}+${random.pick(variants)}`,
    rate: random.integer(110, 240),
    pitch: random.integer(15, 85),
  };
}

const run = promisify(execFile);

/** What espeak-ng says, at 16 kHz, without the silence at its ends. */
export async function speak({ voice, text, rate, pitch }: Request): Promise<Float32Array> {
  const { stdout } = await run('espeak-ng', ['-v', voice, '-s', String(rate), '-p', String(pitch), '--stdout', text], {
    encoding: 'buffer',
    maxBuffer: 2 ** 26,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('espeak-ng is not installed: apt-get install espeak-ng, or brew install espeak-ng');
  });
  const { samples, sampleRate } = parseWav(stdout);
  return withoutSilence(resample(samples.at(0).data as Float32Array, sampleRate));
}

function withoutSilence(sound: Float32Array): Float32Array {
  const isLoud = (value: number): boolean => Math.abs(value) > 1e-3;
  return sound.slice(Math.max(0, sound.findIndex(isLoud)), sound.findLastIndex(isLoud) + 1);
}
