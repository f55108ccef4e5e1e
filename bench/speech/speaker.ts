import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const BINARY = 2;
const CLOSE = 8;
/** The code of a connection that ended without one. */
const BROKEN = 1006;

/**
 * A client with little work of its own, since the server is what is measured: a WebSocket whose frames are made beforehand. Its mask is zero, which leaves
 * the bytes as they are.
 */
export class BenchSpeaker {
  readonly #socket: Socket;
  readonly #answered: (number: number, probability: number) => void;
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #isReady: () => void = () => {};
  closedWith: number | undefined;

  private constructor(socket: Socket, answered: (number: number, probability: number) => void) {
    this.#socket = socket;
    this.#answered = answered;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {}); // its close says so
    socket.on('close', () => {
      this.closedWith ??= BROKEN;
    });
  }

  /** A client that the server has told to begin. */
  static async open(port: number, answered: (number: number, probability: number) => void): Promise<BenchSpeaker> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const speaker = new BenchSpeaker(socket, answered);
    const ready = new Promise<void>((resolve) => {
      speaker.#isReady = resolve;
    });
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await ready;
    return speaker;
  }

  send(frame: Uint8Array): void {
    this.#socket.write(frame);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    let rest: Buffer = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    if (!this.#isOpen) {
      const end = rest.indexOf('\r\n\r\n');
      this.#isOpen = end >= 0;
      rest = this.#isOpen ? rest.subarray(end + 4) : rest;
    }
    // All frames of the server are short: the second byte is their length.
    while (this.#isOpen && rest.length >= 2 && rest.length >= 2 + rest[1]!) {
      const frame = rest.subarray(2, 2 + rest[1]!);
      const kind = rest[0]! & 15;
      if (kind === BINARY) this.#answered(frame.readUInt32LE(0), frame.readFloatLE(4));
      else if (kind === CLOSE) this.closedWith = frame.readUInt16BE(0);
      else this.#isReady();
      rest = rest.subarray(2 + rest[1]!);
    }
    this.#rest = rest;
  }
}

/** A binary frame of a client, as it goes over the wire. */
export function clientFrame(payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head[0] = 0x80 | BINARY;
  head[1] = 0x80 | 126;
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
