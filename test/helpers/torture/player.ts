import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { FloatArray, FloatDtype, Tensor } from '../../../lib/index.ts';
import { type CallName, type Command, EXIT_CODE, type Reply, THROWN, type Wanted } from './commands.ts';
import { whatIsWrong } from './contents.ts';
import { sharesBuffer, start } from './make.ts';
import { intoContext, moveBuffer, throughByteStream } from './move.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;

/** An array that lives here; `origin` is for a failure's text. */
interface Holding {
  readonly dtype: FloatDtype;
  readonly get: () => FloatArray;
  readonly origin: string;
}

/** What a message between players carries. */
interface Mail {
  readonly array: FloatArray;
}

/** A worker that holds arrays, and does with them as it is told. */
export class Player {
  readonly #port: MessagePort;
  readonly #held = new Map<number, Holding>();
  readonly #inFlight: Promise<void>[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (command: Command) => void this.#answer(command));
    // Alive to the very end of the worker.
    Object.assign(globalThis, { held: this.#held });
  }

  async #answer(command: Command): Promise<void> {
    try {
      if (command.do === 'finish') return this.#finish(command.by);
      const given = await this.#obey(command);
      const reply: Reply = { held: [...this.#held.keys()], ...(given && { given }) };
      this.#port.postMessage(reply, given === undefined ? [] : [given.buffer as ArrayBuffer]);
      if (given !== undefined) requireDetached(given, 'after it was posted to the parent');
    } catch (error) {
      this.#port.postMessage({ held: [], failure: error instanceof Error ? error.stack! : String(error) });
    }
  }

  async #obey(command: Command): Promise<FloatArray | undefined> {
    switch (command.do) {
      case 'make':
        return this.#make(command.call, command.dtype, command.wanted);
      case 'settle':
        await Promise.all(this.#inFlight.splice(0));
        return;
      case 'minor gc':
        collect({ type: 'minor' });
        return;
      case 'full gc':
        collect();
        return;
      case 'check':
        for (const id of this.#held.keys()) this.#array(id, command.everyElement);
        return;
      case 'write':
        return this.#rename(command.id, command.newId);
      case 'copy':
        return this.#hold(command.newId, this.#of(command.id), structuredClone(this.#array(command.id)), command.id);
      case 'drop':
        this.#held.delete(command.id);
        return;
      case 'vm context': {
        const { dtype, origin } = this.#of(command.id);
        const get = intoContext(this.#array(command.id), dtype);
        this.#held.set(command.id, { dtype, get, origin: `${origin}, vm context` });
        return;
      }
      case 'move': {
        const before = this.#array(command.id);
        const holding = this.#of(command.id);
        this.#hold(command.id, holding, moveBuffer(before, holding.dtype, command.by, command.bytes));
        return requireDetached(before, command.by);
      }
      case 'stream': {
        const before = this.#array(command.id);
        const holding = this.#of(command.id);
        const [first, second] = await throughByteStream(before, holding.dtype, command.by);
        requireDetached(before, command.do);
        this.#hold(command.id, holding, first!);
        if (second !== undefined) this.#hold(command.newId, holding, second, command.id);
        return;
      }
      case 'send': {
        const array = this.#array(command.id);
        const moved = command.by !== 'copy';
        const mail = command.by === 'nested' ? { array, also: [array.buffer] } : { array };
        command.port.postMessage(mail, moved ? [array.buffer as ArrayBuffer] : []);
        if (!moved) return this.#rename(command.id, command.newId);
        this.#held.delete(command.id);
        return requireDetached(array, 'after it was posted');
      }
      case 'receive': {
        const mail = receiveMessageOnPort(command.port) as { message: Mail } | undefined;
        if (mail === undefined) throw new Error(`the message with id ${command.id} is not in its port`);
        command.port.close();
        return this.#take(command.id, mail.message.array);
      }
      case 'take':
        return this.#take(command.id, command.array);
      case 'give': {
        const array = this.#array(command.id);
        this.#held.delete(command.id);
        return array;
      }
      default:
        throw new Error(`no such command: ${command.do}`);
    }
  }

  #make(call: CallName, dtype: FloatDtype, wanted: readonly Wanted[]): undefined {
    const land = (results: Tensor | Tensor[]): void => {
      const arrays = (Array.isArray(results) ? results : [results]).map(({ data }) => data);
      if (sharesBuffer(arrays)) throw new Error(`results of ${call} share an ArrayBuffer`);
      const filled = wanted[0]!.id;
      for (const array of arrays) requireContents(array, filled, true, call);
      for (const [i, { id }] of wanted.entries()) {
        this.#held.set(id, { dtype, get: () => arrays[i]!, origin: call });
        arrays[i]!.fill(id);
      }
    };
    const made = start(call, dtype, wanted);
    if (made instanceof Promise) this.#inFlight.push(made.then(land));
    else land(made);
  }

  #of(id: number): Holding {
    const holding = this.#held.get(id);
    if (holding === undefined) throw new Error(`no array with id ${id} is here`);
    return holding;
  }

  /** An array whose contents are as they should be. */
  #array(id: number, everyElement = true): FloatArray {
    const { get, origin } = this.#of(id);
    const array = get();
    requireContents(array, id, everyElement, origin);
    return array;
  }

  #take(id: number, array: FloatArray): undefined {
    requireContents(array, id, true, 'received');
    const dtype = array.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64';
    this.#held.set(id, { dtype, get: () => array, origin: 'received' });
  }

  /** Holds an array as `id`; one that is a copy holds another's id until it gets its own. */
  #hold(id: number, { dtype, origin }: Holding, array: FloatArray, copyOf?: number): undefined {
    requireContents(array, copyOf ?? id, true, origin);
    if (copyOf !== undefined) array.fill(id);
    this.#held.set(id, { dtype, get: () => array, origin: `${origin}, moved` });
  }

  #rename(id: number, newId: number): undefined {
    const holding = this.#of(id);
    this.#array(id).fill(newId);
    this.#held.delete(id);
    this.#held.set(newId, holding);
  }

  #finish(by: 'exit' | 'end' | 'throw'): void {
    if (by === 'exit') process.exit(EXIT_CODE);
    // Outside of every promise, so that it is an uncaught exception.
    if (by === 'throw')
      setImmediate(() => {
        throw new Error(THROWN);
      });
    else this.#port.close();
  }
}

function requireContents(array: FloatArray, id: number, everyElement: boolean, origin: string): void {
  const wrong = whatIsWrong(array, id, everyElement);
  if (wrong === undefined) return;
  throw new Error(`the array of ${array.byteLength} bytes with id ${id} (${origin}) ${wrong}`);
}

function requireDetached({ byteLength }: FloatArray, when: string): undefined {
  if (byteLength !== 0) throw new Error(`an array is not detached: ${when}`);
}

/** What a worker's thread runs. */
export function play(): void {
  new Player(parentPort!);
}
