import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { loadDetector, openDetection } from '../../examples/speech-server/detection.ts';
import { makeSpeechServer, type SpeechServer, type SpeechServerOptions } from '../../examples/speech-server/server.ts';
import { repositoryFile } from './cli.ts';

export const WEIGHTS = repositoryFile('examples/voice/voiceDetector.safetensors');
export const SPEECH = repositoryFile('examples/speech.wav');

const detector = await loadDetector(WEIGHTS);

/** The example's server on a free port of this machine, until the test is over. */
export async function startSpeechServer({
  mostConnections = 100,
  ...options
}: SpeechServerOptions & { mostConnections?: number } = {}): Promise<{ server: SpeechServer; port: number }> {
  const server = makeSpeechServer(openDetection(detector, mostConnections), options);
  onTestFinished(() => server.drain(0));
  return { server, port: await listenOn(server) };
}

/** Lets a server listen on this machine alone; returns its port. */
export async function listenOn(server: SpeechServer, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client of that server, and all that it was told. */
export class SpeechClient {
  readonly socket: WebSocket;
  readonly probabilities: number[] = [];
  /** The numbers of the chunks, as they came. */
  readonly numbers: number[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** It has been told that it may begin. */
  readonly ready: Promise<unknown>;
  about: unknown;
  #heard = (): void => {};

  constructor(port: number, query = '', headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/stream${query}`, { headers });
    this.socket.on('error', () => {}); // closed says so
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    this.ready = once(this.socket, 'message');
    this.ready.catch(() => {});
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.numbers.push(data.readUInt32LE(0));
        this.probabilities.push(data.readFloatLE(4));
      } else this.about = JSON.parse(String(data));
      this.#heard();
    });
    onTestFinished(() => this.socket.terminate());
  }

  /** Waits for so many answers. */
  async answers(count: number): Promise<void> {
    while (this.probabilities.length < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

export function asInt16(samples: Float32Array): Uint8Array {
  return new Uint8Array(Int16Array.from(samples, (sample) => Math.round(sample * 32768)).buffer);
}

export function asFloat32(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.slice().buffer);
}
