import { writeSync } from 'node:fs';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { FloatArray, FloatDtype } from '../../../lib/index.ts';
import { Dice } from '../dice.ts';
import { CALLS, type CallName, ENDS, type End, POSTS, STREAMS, TRANSFERS } from './commands.ts';
import { whatIsWrong } from './contents.ts';
import { CHANNELS } from './make.ts';
import { type Entry, Seat } from './seat.ts';

const KB = 2 ** 10;
const MB = 2 ** 20;

// Few sizes, so that freed memory is soon asked for again.
const SMALL = [KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, 512 * KB, MB, 2 * MB];
const LARGE = [5 * MB, 5 * MB, 20 * MB, 20 * MB];
const HUGE = [33 * MB, 64 * MB];
const SLOW_BYTES = 2 * MB;

/** What one player, and what the arena with its mail, hold at most: below 1 GB with what waits for the garbage collector. */
const MOST_BYTES = 80 * MB;

/** An array in a message that nobody has read. */
interface Letter {
  readonly entry: Entry;
  readonly port: MessagePort;
}

/** An array that the arena's own thread holds. */
interface InHand {
  readonly entry: Entry;
  readonly array: FloatArray;
}

/** Players, the arrays that they hold, and the moves. All choices come from a seed. */
export class Arena {
  readonly dice: Dice;
  readonly #program: string;
  readonly #seats: Seat[];
  readonly #letters: Letter[] = [];
  readonly #hand: InHand[] = [];
  #lastId = 0;

  constructor(program: string, seed: number) {
    this.#program = program;
    this.dice = new Dice(seed);
    this.#seats = Array.from({ length: this.dice.integer(2, 4) }, () => new Seat(program));
    // Alive to the very end of the process.
    Object.assign(globalThis, { hand: this.#hand });
  }

  /** Every array is as it should be. */
  async check(everyElement = this.dice.integer(1, 8) === 1): Promise<void> {
    for (const { entry, array } of this.#hand) {
      const wrong = whatIsWrong(array, entry.id, everyElement);
      if (wrong !== undefined) throw new Error(`the array with id ${entry.id}, in the main thread, ${wrong}`);
    }
    await Promise.all(this.#seats.map((seat) => seat.ask({ do: 'check', everyElement })));
  }

  seat(): Seat {
    return this.dice.pick(...this.#seats);
  }

  async make(seat = this.seat(), call: CallName = this.dice.pick(...CALLS)): Promise<void> {
    const dtype = this.dice.pick<FloatDtype>('float32', 'float32', 'float64');
    const count = call === 'forwardMany' ? this.dice.integer(2, 5) : 1;
    const entries = Array.from({ length: count }, () => {
      const bytes = call === 'slow' ? SLOW_BYTES : this.#size(call);
      return { id: ++this.#lastId, dtype, bytes };
    });
    await this.#makeRoom(
      seat,
      entries.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const wanted = entries.map(({ id, bytes }) => {
      const elements = bytes / (dtype === 'float32' ? 4 : 8);
      return { id, elements: Math.ceil(elements / CHANNELS) * CHANNELS };
    });
    if (call === 'forward') for (const entry of entries) seat.held.set(entry.id, entry);
    else seat.inFlight.push(...entries);
    this.#say(`make ${call} ${dtype} ${entries.map(({ id, bytes }) => `${id}: ${bytes}`)}`, seat);
    await seat.ask({ do: 'make', call, dtype, wanted });
  }

  #size(call: CallName): number {
    const throws = this.dice.integer(1, 20);
    if (throws === 1 && call !== 'forwardMany') return this.dice.pick(...HUGE);
    return this.dice.pick(...(throws < 6 ? LARGE : SMALL));
  }

  async settle(seat = this.seat()): Promise<void> {
    this.#say('settle', seat);
    await seat.ask({ do: 'settle' });
    for (const entry of seat.inFlight.splice(0)) seat.held.set(entry.id, entry);
  }

  async #makeRoom(seat: Seat, bytes: number): Promise<void> {
    if (seat.inFlight.length > 0 && seat.bytes + bytes > MOST_BYTES) await this.settle(seat);
    for (const entry of seat.held.values()) {
      if (seat.bytes + bytes <= MOST_BYTES) return;
      await this.#drop(seat, entry);
    }
  }

  /** One of the arrays that somebody holds; the first is made if there is none. */
  async #any(): Promise<[seat: Seat, entry: Entry]> {
    const seat = this.seat();
    if (seat.held.size === 0) await this.make(seat, 'forward');
    return [seat, this.dice.pick(...seat.held.values())];
  }

  async write(): Promise<void> {
    const [seat, entry] = await this.#any();
    const newId = this.#renamed(seat, entry);
    this.#say(`write ${newId} into ${entry.id}`, seat);
    await seat.ask({ do: 'write', id: entry.id, newId });
  }

  #renamed(seat: Seat, entry: Entry): number {
    const id = ++this.#lastId;
    seat.held.delete(entry.id);
    seat.held.set(id, { ...entry, id });
    return id;
  }

  async drop(): Promise<void> {
    await this.#drop(...(await this.#any()));
  }

  async #drop(seat: Seat, { id }: Entry): Promise<void> {
    this.#say(`drop ${id}`, seat);
    seat.held.delete(id);
    await seat.ask({ do: 'drop', id });
  }

  async copy(): Promise<void> {
    const [seat, entry] = await this.#any();
    const newId = ++this.#lastId;
    this.#say(`structuredClone ${entry.id} as ${newId}`, seat);
    seat.held.set(newId, { ...entry, id: newId });
    await seat.ask({ do: 'copy', id: entry.id, newId });
  }

  async move(): Promise<void> {
    const [seat, entry] = await this.#any();
    const by = this.dice.pick(...TRANSFERS);
    const bytes = this.dice.pick(entry.bytes, entry.bytes, entry.bytes / 2);
    const moved = { ...entry, bytes: Math.max(8, bytes - (bytes % 8)) };
    this.#say(`${by} ${entry.id} to ${moved.bytes} bytes`, seat);
    seat.held.set(entry.id, moved);
    await seat.ask({ do: 'move', id: entry.id, by, bytes: moved.bytes });
  }

  async stream(): Promise<void> {
    const [seat, entry] = await this.#any();
    const by = this.dice.pick(...STREAMS);
    const newId = ++this.#lastId;
    this.#say(`byte stream, ${by}, ${entry.id}${by === 'tee' ? ` and ${newId}` : ''}`, seat);
    if (by === 'tee') seat.held.set(newId, { ...entry, id: newId });
    await seat.ask({ do: 'stream', id: entry.id, by, newId });
  }

  async intoContext(): Promise<void> {
    const [seat, { id }] = await this.#any();
    this.#say(`vm context ${id}`, seat);
    await seat.ask({ do: 'vm context', id });
  }

  async collect(how: 'minor gc' | 'full gc'): Promise<void> {
    const seat = this.seat();
    this.#say(how, seat);
    await seat.ask({ do: how });
  }

  /** Posts an array on a port that nobody reads yet. */
  async send(): Promise<void> {
    const [seat, entry] = await this.#any();
    const by = this.dice.pick(...POSTS);
    const { port1, port2 } = new MessageChannel();
    const newId = ++this.#lastId;
    this.#say(`post ${entry.id} (${by}${by === 'copy' ? `, the original becomes ${newId}` : ''})`, seat);
    seat.held.delete(entry.id);
    if (by === 'copy') seat.held.set(newId, { ...entry, id: newId });
    await seat.ask({ do: 'send', id: entry.id, by, newId, port: port1 }, [port1]);
    this.#letters.push({ entry, port: port2 });
    while (this.#letters.reduce((sum, { entry: { bytes } }) => sum + bytes, 0) > MOST_BYTES) this.loseLetter();
  }

  async receive(): Promise<void> {
    if (this.#letters.length === 0) await this.send();
    const [letter] = this.#letters.splice(this.dice.integer(0, this.#letters.length - 1), 1);
    if (letter === undefined) return;
    const { entry, port } = letter;
    const seat = this.seat();
    await this.#makeRoom(seat, entry.bytes);
    this.#say(`receive ${entry.id}`, seat);
    seat.held.set(entry.id, entry);
    await seat.ask({ do: 'receive', id: entry.id, port }, [port]);
  }

  loseLetter(): void {
    const letter = this.#letters.shift();
    if (letter === undefined) return;
    this.#say(`close the port with ${letter.entry.id}`);
    letter.port.close();
  }

  /** A player posts an array to the arena. */
  async give(seat?: Seat): Promise<void> {
    const [from, entry] = seat === undefined ? await this.#any() : [seat, this.dice.pick(...seat.held.values())];
    this.#say(`post ${entry.id} to the main thread`, from);
    from.held.delete(entry.id);
    const array = await from.ask({ do: 'give', id: entry.id });
    this.#hand.push({ entry, array: array! });
    while (this.#hand.reduce((sum, { entry: { bytes } }) => sum + bytes, 0) > MOST_BYTES) this.#hand.shift();
  }

  /** The arena posts it to another. */
  async handOn(): Promise<void> {
    if (this.#hand.length === 0) await this.give();
    const [inHand] = this.#hand.splice(this.dice.integer(0, this.#hand.length - 1), 1);
    if (inHand === undefined) return;
    const { entry, array } = inHand;
    const seat = this.seat();
    await this.#makeRoom(seat, entry.bytes);
    this.#say(`hand on ${entry.id}`, seat);
    seat.held.set(entry.id, entry);
    await seat.ask({ do: 'take', id: entry.id, array }, [array.buffer as ArrayBuffer]);
  }

  /** A worker ends with all that it has; another takes its seat. */
  async endOne(seat = this.seat(), by: End = this.dice.pick(...ENDS)): Promise<void> {
    this.#say(`worker: ${by}, ${seat.held.size} arrays and ${seat.inFlight.length} in flight`, seat);
    await seat.end(by);
    this.#seats[this.#seats.indexOf(seat)] = new Seat(this.#program);
  }

  /** All workers end at once. */
  async endAll(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.end(this.dice.pick('end', 'terminate'))));
  }

  /** Work in flight in every worker. */
  async startEverywhere(): Promise<void> {
    for (const seat of this.#seats) {
      await this.make(seat, 'slow');
      await this.make(seat, 'forwardMany');
    }
  }

  /** The trace is written at once: a crash takes nothing of it. */
  #say(text: string, seat?: Seat): void {
    const who = seat === undefined ? '' : `worker ${this.#seats.indexOf(seat)}: `;
    writeSync(1, `  ${who}${text}\n`);
  }
}
