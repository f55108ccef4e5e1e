import { type Transferable, Worker } from 'node:worker_threads';
import type { Dtype, FloatArray } from '../../../lib/index.ts';
import { type Command, type End, EXIT_CODE, type Reply, THROWN } from './commands.ts';

/** An array as the arena knows it. */
export interface Entry {
  readonly id: number;
  readonly dtype: Dtype;
  readonly bytes: number;
}

const EXIT_CODES: Record<End, number> = { terminate: 1, exit: EXIT_CODE, end: 0, throw: 1 };

/** A worker and what the arena knows that it holds. */
export class Seat {
  /** What it holds, by id. */
  readonly held = new Map<number, Entry>();
  /** What it has started to make: it may hold it or not. */
  inFlight: Entry[] = [];

  readonly #worker: Worker;
  readonly #exited: Promise<number>;
  #settle: { resolve(reply: Reply): void; reject(error: unknown): void } | undefined;
  #error: unknown;
  #ended: Error | undefined;

  constructor(program: string) {
    this.#worker = new Worker(program);
    this.#worker.on('message', (reply: Reply) => {
      const settle = this.#settle;
      this.#settle = undefined;
      if (reply.failure === undefined) settle?.resolve(reply);
      else settle?.reject(new Error(reply.failure));
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        resolve(code);
        this.#ended = new Error(`a worker ended by itself with code ${code}`, { cause: this.#error });
        this.#settle?.reject(this.#ended);
      });
    });
  }

  get bytes(): number {
    return [...this.held.values(), ...this.inFlight].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Has the player do something, and looks that it holds what it should. */
  async ask(command: Command, transfer: readonly Transferable[] = []): Promise<FloatArray | undefined> {
    const { held, given } = await new Promise<Reply>((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#settle = { resolve, reject };
      this.#worker.postMessage(command, transfer);
    });
    if (command.do === 'check') this.#compare(new Set(held));
    return given;
  }

  #compare(held: ReadonlySet<number>): void {
    const landing = new Set(this.inFlight.map(({ id }) => id));
    for (const id of this.held.keys()) {
      if (!held.has(id)) throw new Error(`the array with id ${id} is lost`);
    }
    for (const id of held) {
      if (!this.held.has(id) && !landing.has(id)) throw new Error(`nobody knows of the array with id ${id}`);
    }
  }

  /** Ends the worker with all that it holds and has in flight. */
  async end(by: End): Promise<void> {
    if (by === 'terminate') void this.#worker.terminate();
    else this.#worker.postMessage({ do: 'finish', by } satisfies Command);
    const code = await this.#exited;
    const asTold = by !== 'throw' || (this.#error instanceof Error && this.#error.message === THROWN);
    if (code !== EXIT_CODES[by] || !asTold) {
      throw new Error(`a worker that should ${by} ended with code ${code}`, { cause: this.#error });
    }
  }
}
