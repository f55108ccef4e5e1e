import type { WebSocket } from 'ws';
import { CHUNK, type Detection, SAMPLE_RATE, type Speaker } from './detection.ts';
import { fileKindOf } from './fileKind.ts';
import { type SampleFormat, SampleQueue } from './sampleQueue.ts';

/** Why a connection is closed: the codes of RFC 6455. */
export const CLOSE = {
  done: 1000,
  ending: 1001,
  wrongKind: 1003,
  wrongData: 1007,
  idle: 1008,
  broken: 1011,
  busy: 1013,
} as const;

/** What one client may leave unread, on either side. */
export interface ConnectionBounds {
  /** Samples that wait for the network, beyond which nothing more is read from the socket. */
  readonly mostWaiting: number;
  /** Bytes of answers that wait for the client to read them, beyond which nothing more is computed for it. */
  readonly mostUnread: number;
  /** Beats without a sample, beyond which its place is for others. */
  readonly mostSilence: number;
}

/** What a connection needs of a WebSocket. */
export type Socket = Pick<
  WebSocket,
  'bufferedAmount' | 'close' | 'isPaused' | 'on' | 'pause' | 'ping' | 'pong' | 'resume' | 'send' | 'terminate'
>;

/** Bytes of an answer: the number of the chunk (uint32) and its probability (float32), little endian. */
const ANSWER_BYTES = 8;

/** A client: its samples wait in a queue, its answers in its socket, and neither grows beyond a bound, since its socket is not read meanwhile. */
export class Connection implements Speaker {
  readonly row: number;
  readonly #socket: Socket;
  readonly #detection: Detection;
  readonly #format: SampleFormat;
  readonly #bounds: ConnectionBounds;
  readonly #queue = new SampleQueue();
  #answers = 0;
  /** Its client has not read its answers. */
  #isBehind = false;
  /** No more samples are taken, and with which code it closes once those that wait are answered. */
  #end: 'none' | 'signal' | 'server' = 'none';
  #isClosing = false;
  /** Since the last beat it has sent something, or taken an answer. */
  #isAlive = true;
  /** Beats since it has sent samples, or taken an answer to some. */
  #silence = 0;
  #hasBegun = false;

  constructor(socket: Socket, detection: Detection, format: SampleFormat, bounds: ConnectionBounds) {
    this.row = detection.open();
    this.#socket = socket;
    this.#detection = detection;
    this.#format = format;
    this.#bounds = bounds;
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('ping', (data) => {
      this.#isAlive = true;
      // Who sends pings and reads no pongs would have us keep them all.
      if (!this.#isBehind && socket.bufferedAmount <= bounds.mostUnread) socket.pong(data);
    });
    // A frame that is too large or none at all: ws has sent the close code.
    socket.on('error', () => this.#stop());
    socket.on('close', () => {
      this.#stop();
      detection.close(this);
    });
  }

  /** Answers the whole chunks that wait, and closes. */
  finish(): void {
    if (this.#end === 'none') this.#end = 'server';
    this.#goOn();
  }

  /**
   * Called every few seconds: cuts off a client that has given no sign of life since the last call, and closes one that is there but has sent
   * no samples for too many calls.
   */
  beat(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
    } else if (!this.#isClosing) {
      this.#isAlive = false;
      if (++this.#silence > this.#bounds.mostSilence)
        this.#refuse(CLOSE.idle, 'no samples for too long; come back with some');
      else this.#socket.ping();
    }
  }

  take(target: Float32Array): void {
    this.#queue.take(target);
  }

  answer(probability: number): void {
    const bytes = Buffer.allocUnsafe(ANSWER_BYTES);
    bytes.writeUInt32LE(this.#answers++ >>> 0, 0);
    bytes.writeFloatLE(probability, 4);
    this.#socket.send(bytes, this.#sent);
    this.#isBehind = this.#socket.bufferedAmount > this.#bounds.mostUnread;
    this.#goOn();
  }

  fail(): void {
    this.#refuse(CLOSE.broken, 'an error of the server');
  }

  /** The system has taken an answer. */
  readonly #sent = (): void => {
    this.#isAlive = true;
    this.#silence = 0;
    if (!this.#isBehind || this.#socket.bufferedAmount > this.#bounds.mostUnread / 2) return;
    this.#isBehind = false;
    this.#goOn();
  };

  #receive(data: Buffer, isBinary: boolean): void {
    this.#isAlive = true;
    if (this.#isClosing || this.#end === 'server') return;
    if (this.#end === 'signal') {
      this.#refuse(CLOSE.wrongKind, 'the signal has ended');
    } else if (isBinary) {
      this.#receiveSamples(data);
    } else if (data.toString('latin1') === 'end') {
      this.#end = 'signal';
      this.#goOn();
    } else {
      this.#refuse(CLOSE.wrongKind, "send samples in binary frames, then the text 'end'");
    }
  }

  #receiveSamples(data: Buffer): void {
    if (data.length === 0) return;
    const kind = this.#hasBegun ? undefined : fileKindOf(data);
    this.#hasBegun = true;
    if (kind !== undefined) {
      this.#refuse(CLOSE.wrongKind, `this is ${kind}: send the samples alone, mono, ${SAMPLE_RATE} a second`);
      return;
    }
    const problem = this.#queue.push(data, this.#format);
    if (problem === undefined) {
      this.#silence = 0;
      this.#goOn();
    } else this.#refuse(CLOSE.wrongData, problem);
  }

  /** After each change: computes, reads and closes, whatever may be done now. */
  #goOn(): void {
    if (this.#isClosing) return;
    const waiting = this.#queue.length;
    const hasChunk = waiting >= CHUNK || (this.#end === 'signal' && waiting > 0);
    if (hasChunk) {
      if (!this.#isBehind) this.#detection.plan(this);
    } else if (this.#end !== 'none') {
      if (this.#end === 'signal') this.#close(CLOSE.done);
      else this.#close(CLOSE.ending, 'the server ends');
      return;
    }
    const isToRead = !this.#isBehind && (waiting < this.#bounds.mostWaiting || this.#end === 'server');
    if (isToRead === this.#socket.isPaused) this.#socket[isToRead ? 'resume' : 'pause']();
  }

  #refuse(code: number, sentence: string): void {
    this.#stop();
    this.#close(code, sentence);
  }

  #close(code: number, reason?: string): void {
    this.#isClosing = true;
    // The client's own close frame is to be read.
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  /** Nothing more is computed for it. */
  #stop(): void {
    this.#isClosing = true;
    this.#queue.clear();
    this.#detection.forget(this);
  }
}
