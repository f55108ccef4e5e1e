import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CHUNK, CONTEXT, type Detection, MOST_AT_ONCE, type Speaker } from '../../examples/speech-server/detection.ts';

// The part of onnxruntime-node that this file uses: bench:peers installs it.
interface OrtTensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
}
interface OnnxRuntime {
  readonly InferenceSession: { create(path: string, options: Record<string, unknown>): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

const STATE = 128;

/** What a signal keeps between two chunks. */
interface Row {
  readonly context: Float32Array;
  readonly h: Float32Array;
  readonly c: Float32Array;
}

/** Throws where onnxruntime-node is not installed in bench/peers. */
export async function openOnnxDetection(model: string, capacity: number, threads: number): Promise<Detection> {
  const require = createRequire(fileURLToPath(new URL('../peers/package.json', import.meta.url)));
  const ort = require('onnxruntime-node') as OnnxRuntime;
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionProviders: ['cpu'],
  });
  return new OnnxDetection(ort, session, capacity);
}

/** The same as the example's own: the chunks that have come are one batch, a chunk of a signal at a time. One batch is computed at a time. */
class OnnxDetection implements Detection {
  readonly capacity: number;
  readonly #ort: OnnxRuntime;
  readonly #session: Session;
  readonly #rows = new Map<number, Row>();
  readonly #free: number[];
  readonly #waiting = new Set<Speaker>();
  #isPlanned = false;

  constructor(ort: OnnxRuntime, session: Session, capacity: number) {
    this.#ort = ort;
    this.#session = session;
    this.capacity = capacity;
    this.#free = Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
  }

  get size(): number {
    return this.#rows.size;
  }

  open(): number {
    const row = this.#free.pop()!;
    const [context, h, c] = [new Float32Array(CONTEXT), new Float32Array(STATE), new Float32Array(STATE)];
    this.#rows.set(row, { context, h, c });
    return row;
  }

  close(speaker: Speaker): void {
    this.forget(speaker);
    this.#rows.delete(speaker.row);
    this.#free.push(speaker.row);
  }

  forget(speaker: Speaker): void {
    this.#waiting.delete(speaker);
  }

  plan(speaker: Speaker): void {
    this.#waiting.add(speaker);
    this.#planRun();
  }

  #planRun(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const batch = [...this.#waiting].slice(0, MOST_AT_ONCE);
    for (const speaker of batch) this.#waiting.delete(speaker);
    if (batch.length > 0) await this.#compute(batch);
    this.#isPlanned = false;
    if (this.#waiting.size > 0) this.#planRun();
  }

  async #compute(batch: readonly Speaker[]): Promise<void> {
    const rows = batch.map(({ row }) => this.#rows.get(row)!);
    const length = CONTEXT + CHUNK;
    const windows = new Float32Array(rows.length * length);
    const [h, c] = [new Float32Array(rows.length * STATE), new Float32Array(rows.length * STATE)];
    for (const [i, row] of rows.entries()) {
      const window = windows.subarray(i * length, (i + 1) * length);
      window.set(row.context);
      batch[i]!.take(window.subarray(CONTEXT));
      row.context.set(window.subarray(CHUNK));
      h.set(row.h, i * STATE);
      c.set(row.c, i * STATE);
    }
    try {
      const results = await this.#session.run({
        x: this.#tensor(windows, rows.length, 1, length),
        h: this.#tensor(h, 1, rows.length, STATE),
        c: this.#tensor(c, 1, rows.length, STATE),
      });
      for (const [i, row] of rows.entries()) {
        row.h.set(results.hn!.data.subarray(i * STATE, (i + 1) * STATE));
        row.c.set(results.cn!.data.subarray(i * STATE, (i + 1) * STATE));
        batch[i]!.answer(results.probability!.data[i]!);
      }
    } catch (error) {
      console.error(error);
      for (const speaker of batch) speaker.fail();
    }
  }

  #tensor(data: Float32Array, ...dims: readonly number[]): OrtTensor {
    return new this.#ort.Tensor('float32', data, dims);
  }
}
