import { fileURLToPath } from 'node:url';
import { detectVoice, makeDetector } from '../../examples/detectVoice.ts';
import { loadDetector } from '../../examples/speech-server/detection.ts';
import { loadWav } from '../../lib/index.ts';
import { BenchSpeaker, clientFrame } from './speaker.ts';

// `clients.ts PORT STREAMS SECONDS`: speakers in real time, each with a phase of its own: 512 samples of examples/speech.wav every 32 ms, whether or
// not answers come. Prints `{"begun":true}` when all speak and the first second is over, and at the end a Speaking.

/** Of what was sent behind the first second. */
export interface Speaking {
  readonly sent: number;
  readonly answered: number;
  /** Milliseconds from sending a chunk to its answer. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that took longer than a chunk lasts. */
  readonly late: number;
  /** Milliseconds by which 99 of 100 chunks were sent too late, for which the server cannot be blamed. */
  readonly sentLate: number;
  /** The largest difference from the probabilities of `forward`, over the first run of the recording. */
  readonly error: number;
}

const EVERY = 32;
const WARM_UP = 1000;
/** What may still be under way at the end. */
const LAST_ANSWERS = 2000;

const [port, streams, seconds] = process.argv.slice(2).map(Number) as [number, number, number];
const file = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const samples = (await loadWav(file('speech.wav'))).samples.data as Float32Array;
const whole = samples.subarray(0, samples.length - (samples.length % 512));
const expected = [...detectVoice(makeDetector(await loadDetector(file('voice/voiceDetector.safetensors'))), whole)];
const frames = expected.map((_, i) => {
  const part = whole.subarray(512 * i, 512 * (i + 1));
  return clientFrame(new Uint8Array(Int16Array.from(part, (sample) => Math.round(32768 * sample)).buffer));
});

const perStream = Math.ceil((1000 * (seconds + 10)) / EVERY);
const times = new Float32Array(streams * perStream);
const delays = new Float32Array(streams * perStream);
let [sent, answered, late, error, measured] = [0, 0, 0, 0, 0];
let [from, until] = [0, 0];

async function makeSpeaker(phase: number) {
  const sentAt: number[] = [];
  const speaker = await BenchSpeaker.open(port, (number, probability) => {
    const at = sentAt[number]!;
    if (at >= from && at < until) {
      const took = performance.now() - at;
      times[answered++] = took;
      if (took > EVERY) late++;
    }
    if (number < expected.length) error = Math.max(error, Math.abs(probability - expected[number]!));
  });
  return { speaker, sentAt, phase };
}

const speakers: Awaited<ReturnType<typeof makeSpeaker>>[] = [];
for (let i = 0; i < streams; i++) speakers.push(await makeSpeaker((i * EVERY) / streams));

const begin = performance.now() + 50;
from = begin + WARM_UP;
until = from + 1000 * seconds;

/** Sends what is due: speakers take turns in the order of their phases. */
let turn = 0;
await new Promise<void>((resolve) => {
  const look = (): void => {
    for (;;) {
      const { speaker, sentAt, phase } = speakers[turn % streams]!;
      const round = Math.floor(turn / streams);
      const due = begin + round * EVERY + phase;
      const now = performance.now();
      if (due >= until) {
        resolve();
        return;
      }
      if (due > now) break;
      sentAt.push(now);
      if (now >= from && now < until) {
        delays[measured++] = now - due;
        sent++;
      }
      speaker.send(frames[round % frames.length]!);
      turn++;
    }
    setTimeout(look, 1);
  };
  look();
  setTimeout(() => console.log(JSON.stringify({ begun: true })), from - performance.now());
});
const end = performance.now() + LAST_ANSWERS;
while (answered < sent && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));

/** Where nothing was answered, as long as it was waited for. */
const at = (values: Float32Array, share: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 1000 * seconds;
const sorted = times.subarray(0, answered).sort();
const speaking: Speaking = {
  sent,
  answered,
  p50: at(sorted, 0.5),
  p99: at(sorted, 0.99),
  max: at(sorted, 1),
  late: late + sent - answered,
  sentLate: at(delays.subarray(0, measured).sort(), 0.99),
  error,
};
console.log(JSON.stringify(speaking));
process.exit(0);
