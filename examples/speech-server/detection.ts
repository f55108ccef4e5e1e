// The network in service. In short:
//
//   const network = compile(detector, ...)          once: one native program
//   const streams = network.streams({ capacity })   the state of each signal is a row of it
//   const row = streams.open()                      a client comes
//   streams.push(rows, chunks, { out })             the next chunk of any of them, as one batch
//   streams.close(row)                              a client goes
//
// A push of 64 chunks takes about 2 ms, so it runs on the event loop: a thread's turn would cost more than it saves.
import { compile, loadSafetensors, type NetworkStreams, rand, type Tensor, tensor, zeros } from 'conv1d';
import { VoiceDetector } from '../networks/voiceDetector.ts';

/** Samples in a chunk, 32 ms of 16 kHz, and the samples before them that the network reads once more. */
export const CHUNK = 512;
export const SAMPLE_RATE = 16_000;
export const CONTEXT = 64;
/** Chunks of one batch: about 2 ms of one core, after which the event loop has its turn. */
export const MOST_AT_ONCE = 64;

/** A signal whose chunks are answered one by one. */
export interface Speaker {
  /** The row of its state. */
  readonly row: number;
  /** Puts its next chunk into `target`. */
  take(target: Float32Array): void;
  /** Called with the probability of this chunk, once it is computed. */
  answer(probability: number): void;
  /** The chunk was lost, since the network could not be run. */
  fail(): void;
}

/** What finds voices in the chunks of many signals. */
export interface Detection {
  /** How many signals there may be at a time, and how many there are. */
  readonly capacity: number;
  readonly size: number;
  /** A row for a new signal. */
  open(): number;
  /** The signal is over, or its client gone: what was kept of it is freed. */
  close(speaker: Speaker): void;
  /** Takes the next chunk of this signal when its turn comes. */
  plan(speaker: Speaker): void;
  /** Takes it no more. */
  forget(speaker: Speaker): void;
}

/** @throws Error  when the weights are not those of this network */
export async function loadDetector(path: string): Promise<VoiceDetector> {
  const detector = new VoiceDetector();
  try {
    detector.loadStateDict(await loadSafetensors(path));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  return detector;
}

/** A detector as one native program, with rows for `capacity` signals at a time. */
export function openDetection(detector: VoiceDetector, capacity: number): Detection {
  const network = compile(detector.eval(), {
    inputs: { x: rand(1, 1, CONTEXT + CHUNK), h: zeros(1, 1, 128), c: zeros(1, 1, 128) },
    outputs: ['probability', 'hn', 'cn'],
  });
  // The network works on chunks: it reads the last samples before a chunk once more, and what it says of h and c goes into the next.
  const carry = { h: 'hn', c: 'cn' };
  return new BatchedDetection(network.streams<Tensor>({ capacity, chunk: CHUNK, context: CONTEXT, carry }));
}

/**
 * All chunks that came in one turn of the event loop are one batch; a signal has one chunk in it at most, so that one that sends a minute at once
 * does not hold up the others.
 */
class BatchedDetection implements Detection {
  readonly #streams: NetworkStreams<Tensor>;
  readonly #chunks = new Float32Array(MOST_AT_ONCE * CHUNK);
  readonly #results = new Float32Array(MOST_AT_ONCE);
  /** Who has a chunk, in the order of their turns. */
  readonly #waiting = new Set<Speaker>();
  #isPlanned = false;

  constructor(streams: NetworkStreams<Tensor>) {
    this.#streams = streams;
  }

  get capacity(): number {
    return this.#streams.capacity;
  }

  get size(): number {
    return this.#streams.size;
  }

  open(): number {
    return this.#streams.open();
  }

  close(speaker: Speaker): void {
    this.forget(speaker);
    this.#streams.close(speaker.row);
  }

  forget(speaker: Speaker): void {
    this.#waiting.delete(speaker);
  }

  plan(speaker: Speaker): void {
    this.#waiting.add(speaker);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    // Behind all frames that have arrived, and before the event loop waits for others.
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isPlanned = false;
    const batch: Speaker[] = [];
    for (const speaker of this.#waiting) {
      if (batch.length === MOST_AT_ONCE) break;
      speaker.take(this.#chunks.subarray(batch.length * CHUNK, (batch.length + 1) * CHUNK));
      batch.push(speaker);
    }
    for (const speaker of batch) this.#waiting.delete(speaker);
    if (batch.length > 0) this.#compute(batch);
    const [next] = this.#waiting;
    if (next !== undefined) this.plan(next);
  }

  #compute(batch: readonly Speaker[]): void {
    const rows = batch.map(({ row }) => row);
    const chunks = tensor(this.#chunks.subarray(0, rows.length * CHUNK), [rows.length, 1, CHUNK]);
    const results = this.#results.subarray(0, rows.length);
    try {
      this.#streams.push(rows, chunks, { out: tensor(results, [rows.length, 1, 1]) });
    } catch (error) {
      console.error(error);
      for (const speaker of batch) speaker.fail();
      return;
    }
    for (const [i, speaker] of batch.entries()) speaker.answer(results[i]!);
  }
}
