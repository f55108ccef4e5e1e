import { fileURLToPath } from 'node:url';
import { detectVoice, makeDetector } from '../../examples/detectVoice.ts';
import { loadDetector } from '../../examples/speech-server/detection.ts';
import { loadWav } from '../../lib/index.ts';
import { BenchSpeaker, clientFrame } from './speaker.ts';

// `clients.ts PORT STREAMS SECONDS`: speakers in real time, each with a phase of its own: 512 samples of examples/speech.wav every 32 ms, whether or
// not answers come. A latency counts from the moment when a chunk was due, so that nothing is hidden where speakers themselves are held up; what is
// never answered counts as long as it was waited for. Prints `{"begun":true}` when all speak and the first second is over, and at the end a Speaking.

/** Of what was sent behind the first second. */
export interface Speaking {
  readonly sent: number;
  readonly answered: number;
  /** Milliseconds from when a chunk was due to its answer, of all that were sent. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that took longer than a chunk lasts. */
  readonly late: number;
  /** Milliseconds by which 99 of 100 chunks were sent too late, and the worst: a part of the latencies that is the speakers' own. */
  readonly sentLate: number;
  readonly sentLatest: number;
  /** The largest difference from the probabilities of `forward`, over all answers. */
  readonly error: number;
  /** Connections that the server closed. */
  readonly closed: number;
}

const EVERY = 32;
const WARM_UP = 1000;
/** What may still be under way at the end. */
const LAST_ANSWERS = 2000;

const [port, streams, seconds] = process.argv.slice(2).map(Number) as [number, number, number];
const file = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const samples = (await loadWav(file('speech.wav'))).samples.data as Float32Array;
const whole = samples.subarray(0, samples.length - (samples.length % 512));
const frames = Array.from({ length: whole.length / 512 }, (_, i) => {
  const part = whole.subarray(512 * i, 512 * (i + 1));
  return clientFrame(new Uint8Array(Int16Array.from(part, (sample) => Math.round(32768 * sample)).buffer));
});

/** Chunks of a speaker, and what `forward` says of them: the recording again and again, as one signal. */
const perStream = Math.ceil((WARM_UP + 1000 * seconds) / EVERY) + 1;
const signal = new Float32Array(512 * perStream);
for (let at = 0; at < signal.length; at += whole.length) signal.set(whole.subarray(0, signal.length - at), at);
const detector = makeDetector(await loadDetector(file('voice/voiceDetector.safetensors')));
const expected = Float32Array.from(detectVoice(detector, signal));

const times = new Float32Array(streams * perStream);
const delays = new Float32Array(streams * perStream);
let [sent, answered, late, error] = [0, 0, 0, 0];
let [begin, from, until] = [0, 0, 0];

/** Speakers take turns, each with a phase of its own. */
const dueOf = (speaker: number, number: number) => begin + (number + speaker / streams) * EVERY;
const isMeasured = (due: number) => due >= from && due < until;

function makeSpeaker(index: number): Promise<BenchSpeaker> {
  let next = 0;
  return BenchSpeaker.open(port, (number, probability) => {
    if (number !== next++) throw new Error(`answer ${number} came in place of ${next - 1}`);
    const due = dueOf(index, number);
    if (isMeasured(due)) {
      const took = performance.now() - due;
      times[answered++] = took;
      if (took > EVERY) late++;
    }
    error = Math.max(error, Math.abs(probability - expected[number]!));
  });
}

const speakers: BenchSpeaker[] = [];
for (let i = 0; i < streams; i++) speakers.push(await makeSpeaker(i));

begin = performance.now() + 50;
from = begin + WARM_UP;
until = from + 1000 * seconds;

/** Sends what is due: speakers take turns in the order of their phases. */
let turn = 0;
await new Promise<void>((resolve) => {
  const look = (): void => {
    for (;;) {
      const index = turn % streams;
      const round = Math.floor(turn / streams);
      const due = dueOf(index, round);
      const now = performance.now();
      if (due >= until) {
        resolve();
        return;
      }
      if (due > now) break;
      if (isMeasured(due)) delays[sent++] = now - due;
      speakers[index]!.send(frames[round % frames.length]!);
      turn++;
    }
    setTimeout(look, 1);
  };
  look();
  setTimeout(() => console.log(JSON.stringify({ begun: true })), from - performance.now());
});
const end = performance.now() + LAST_ANSWERS;
while (answered < sent && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));

const at = (values: Float32Array, share: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * share))]!;
// Which ones were not answered does not matter: they were waited for at least as long as this.
times.fill(1000 * seconds + LAST_ANSWERS, answered, sent);
const sorted = times.subarray(0, sent).sort();
const sortedDelays = delays.subarray(0, sent).sort();
const speaking: Speaking = {
  sent,
  answered,
  p50: at(sorted, 0.5),
  p99: at(sorted, 0.99),
  max: at(sorted, 1),
  late: late + sent - answered,
  sentLate: at(sortedDelays, 0.99),
  sentLatest: at(sortedDelays, 1),
  error,
  closed: speakers.filter(({ closedWith }) => closedWith !== undefined).length,
};
console.log(JSON.stringify(speaking));
process.exit(0);
