import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PYTHON } from '../operations/measure.ts';
import { installPeers } from '../peers/list.ts';
import { runProcess } from '../runPeer.ts';
import { growthOf, type Load, measureLoad, type ServerSetup } from './measure.ts';

// `npm run bench:speech -- [--streams 200] [--seconds 120] [--threads 1] [--search 8] [--ours]`: examples/speech-server.ts under load, beside the same
// server with onnxruntime-node: how long answers take, processor and memory; then how many streams each serves in real time, by runs of
// `--search` seconds (0: leaves that out). Latencies count from when a chunk was due. Everything is on this machine, at 127.0.0.1. Linux.

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '120' },
    threads: { type: 'string', default: '1' },
    search: { type: 'string', default: '8' },
    ours: { type: 'boolean', default: false },
  },
});
const [streams, seconds, threads, searchSeconds] = [values.streams, values.seconds, values.threads, values.search].map(
  readNumber,
) as [number, number, number, number];

function readNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Error(`whole numbers are expected, not '${text}'`);
  return Number(text);
}

/** A stream is real time while 99 of 100 answers come before the next chunk. */
const REAL_TIME = 32;
const FIRST = 50;
const MOST = 6400;
/** Halvings of the interval between what is served and what is not. */
const REFINEMENTS = 3;
/** Answers of the two that are further apart are not those of one network. */
const MOST_ERROR = 1e-4;

function checked(load: Load): Load {
  if (load.error > MOST_ERROR) throw new Error(`probabilities differ by ${load.error}`);
  return load;
}

const isRealTime = ({ sent, answered, p99 }: Load) => answered === sent && p99 <= REAL_TIME;

/** The largest load in real time: doubled until it is too much, then between the two. */
async function search(setup: ServerSetup): Promise<Load | undefined> {
  let best: Load | undefined;
  let [good, bad] = [0, MOST * 2];
  const attempt = async (count: number): Promise<void> => {
    const load = checked(await measureLoad(setup, count, searchSeconds));
    console.error(`  ${setup.peer}: ${line(load)}`);
    if (isRealTime(load)) [best, good] = [load, count];
    else bad = count;
  };
  for (let count = FIRST; count <= MOST && count < bad; count *= 2) await attempt(count);
  for (let i = 0; i < REFINEMENTS && good > 0 && bad <= MOST; i++) await attempt(Math.round((good + bad) / 2));
  return best;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** For who waits. */
function line({ streams: count, p50, p99, max, late, sent, processor, perChunk, sentLate, sentLatest }: Load): string {
  return `${count} streams: p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)}, late ${late} of ${sent}, processor ${processor.toFixed(0)} % (${perChunk.toFixed(0)} us per chunk), sent late by ${ms(sentLate)}, at most ${ms(sentLatest)}`;
}

/** What a service in real time is held to. */
const LIMITS = { p99: 5, max: REAL_TIME, growth: 5 };

/** Which limits were kept; those of a busy machine say more about its neighbours. */
function verdict(peer: string, load: Load): string {
  const { p99, max, sent, answered, sentLate, sentLatest, error, closed, memory } = load;
  const growth = growthOf(memory);
  const held = [
    [answered === sent && closed === 0, `${answered} of ${sent} chunks answered, ${closed} connections lost`],
    [p99 <= LIMITS.p99, `99 % within ${ms(p99)} (limit ${LIMITS.p99} ms)`],
    [max <= LIMITS.max, `the longest ${ms(max)} (limit ${LIMITS.max} ms)`],
    [growth <= LIMITS.growth, `memory grows by ${growth.toFixed(1)} MB a minute (limit ${LIMITS.growth} MB)`],
  ] as const;
  const lines = held.map(([isHeld, text]) => `- ${isHeld ? 'kept' : 'BROKEN'}: ${text}`);
  const own = `- of these times the speakers' own are up to ${ms(sentLate)} for 99 %, ${ms(sentLatest)} at most; answers differ from forward by ${error}`;
  return [`${peer}:`, ...lines, own].join('\n');
}

/** Memory at the beginning, in the middle and at the end, as means of a tenth of the time each. */
function memoryOf({ memory }: Load): string {
  const tenth = Math.max(1, Math.round(memory.length / 10));
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  const middle = memory.length >> 1;
  const parts = [memory.slice(0, tenth), memory.slice(middle, middle + tenth), memory.slice(-tenth)];
  return `${parts.map((part) => mean(part).toFixed(0)).join(', ')} MB`;
}

const HEAD = `| server | streams | median | 99 % | longest | later than 32 ms | processor | each chunk | memory: begin, middle, end |
|---|---:|---:|---:|---:|---:|---:|---:|---:|`;

/** A line of a Markdown table. */
function row(peer: string, load: Load): string {
  const { streams: count, p50, p99, max, late, sent, processor, perChunk } = load;
  const cells = [peer, count, ms(p50), ms(p99), ms(max), `${late} of ${sent}`, `${processor.toFixed(0)} %`];
  return `| ${[...cells, `${perChunk.toFixed(0)} us`, memoryOf(load)].join(' | ')} |`;
}

const folder = mkdtempSync(join(tmpdir(), 'conv1d-speech-'));
try {
  const model = join(folder, 'detector.onnx');
  const peers: ServerSetup['peer'][] = values.ours ? ['conv1d'] : ['conv1d', 'onnxruntime'];
  if (!values.ours) {
    installPeers((text) => console.error(text));
    const weights = fileURLToPath(new URL('../../examples/voice/voiceDetector.safetensors', import.meta.url));
    await runProcess(PYTHON, ['bench/speech/export.py', weights, model], {}, '', () => {});
  }
  console.log(`${streams} streams in real time, ${seconds} s, ${threads} thread(s)\n\n${HEAD}`);
  const verdicts: string[] = [];
  for (const peer of peers) {
    const load = checked(await measureLoad({ peer, threads, model }, streams, seconds));
    console.log(row(peer, load));
    console.error(`  ${peer}: ${line(load)}`);
    verdicts.push(verdict(peer, load));
  }
  console.log(`\n${verdicts.join('\n\n')}`);
  if (searchSeconds > 0) {
    console.log(
      `\nmost streams of which 99 % of the answers come within ${REAL_TIME} ms, runs of ${searchSeconds} s\n\n${HEAD}`,
    );
    for (const peer of peers) {
      const best = await search({ peer, threads, model });
      console.log(best === undefined ? `| ${peer} | fewer than ${FIRST} |` : row(peer, best));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
