// Is somebody speaking? Audio comes in over WebSockets, the probability of a voice goes out for every 32 ms, and a page shows both as they come.
//
//     npx tsx examples/speech-server.ts [WEIGHTS.safetensors] [PORT]      then open http://127.0.0.1:8081
//
// GET /         the page: plays examples/speech.wav to the server, or listens to the microphone
// GET /health   { "connections": open ones, "mostConnections": ... }
// GET /stream   the WebSocket; /stream?format=f32 for floats from -1 to 1 in place of 16-bit numbers (s16). One signal for each connection:
//
//   server -> client   the text { "sampleRate": 16000, "chunk": 512 }: it may begin
//   client -> server   binary frames: mono PCM of that rate, little endian, of any length up to 64 KiB
//   server -> client   for every 512 samples a binary frame of 8 bytes: the number of the chunk (uint32, from 0) and its probability (float32)
//   client -> server   the text 'end': what is left is answered, with zeros behind it, and the connection is closed with 1000
//
// What else closes it: 1001 the server ends, 1003 another text or samples behind the end, 1007 half a sample or one that is no number,
// 1009 a frame above 64 KiB, 1013 too many connections. A page of another origin gets 403.
//
// Back-pressure: a client that sends faster than the network answers, or does not read its answers, is not read from until that is
// over; nothing is dropped. One that gives no sign of life for 30 seconds is cut off; whoever hangs up frees their place.
//
// SIGTERM and SIGINT: takes no more connections and samples, answers the chunks that are there, closes all with 1001, and ends with exit code 0
// after 5 seconds at most. A second signal ends it at once.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { loadSafetensors } from 'conv1d';
import { WebSocketServer } from 'ws';
import { VoiceDetector } from './networks/voiceDetector.ts';
import { CLOSE, Connection, type ConnectionBounds } from './speech-server/connection.ts';
import { CHUNK, type Detection, openDetection, SAMPLE_RATE } from './speech-server/detection.ts';
import { loadPage } from './speech-server/page.ts';
import type { SampleFormat } from './speech-server/sampleQueue.ts';

export interface SpeechServerOptions extends Partial<ConnectionBounds> {
  /** The largest frame taken, in bytes. */
  readonly mostFrame?: number;
  /** Milliseconds between two looks at whether a client is still there. */
  readonly beatEvery?: number;
}

export interface SpeechServer extends Server {
  /** Ends: see the head of this file. What has not ended within this many milliseconds is cut off. */
  drain(within: number): Promise<void>;
}

/** Requests of pages beside the WebSockets, and connections that are about to be refused. */
const OTHER_CONNECTIONS = 64;
/** Milliseconds for a request's head, and for a client's answer to a close frame. */
const SLOW_AFTER = 5000;

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

/** A server for as many connections as the detection has room for. */
export function makeSpeechServer(detection: Detection, options: SpeechServerOptions = {}): SpeechServer {
  const { mostFrame = 65_536, beatEvery = 15_000, mostWaiting = 2 * SAMPLE_RATE, mostUnread = 65_536 } = options;
  const mostConnections = detection.capacity;
  const connections = new Set<Connection>();
  const servePage = loadPage();
  let draining = false;

  const server = createServer(
    { headersTimeout: SLOW_AFTER, requestTimeout: SLOW_AFTER, connectionsCheckingInterval: 1000 },
    (request, response) => {
      if (draining) say(response, 503, 'the server is about to end');
      else if (request.url === '/health') {
        const health = JSON.stringify({ connections: detection.size, mostConnections });
        response.writeHead(200, { 'content-type': 'application/json' }).end(health);
      } else if (!servePage(request, response)) say(response, 404, 'there are /, /health and the WebSocket /stream');
    },
  );
  server.maxConnections = mostConnections + OTHER_CONNECTIONS;

  const bounds = { noServer: true, maxPayload: mostFrame, closeTimeout: SLOW_AFTER };
  const sockets = new WebSocketServer(bounds);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = draining ? '503 Service Unavailable' : refusalOf(request);
    if (refusal !== undefined) {
      socket.on('error', () => {}); // it has gone
      socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (detection.size >= mostConnections) {
        webSocket.on('error', () => {});
        webSocket.close(CLOSE.busy, 'too many connections; try again later');
        return;
      }
      const connection = new Connection(webSocket, detection, formatOf(request)!, { mostWaiting, mostUnread });
      connections.add(connection);
      webSocket.on('close', () => connections.delete(connection));
      webSocket.send(JSON.stringify({ sampleRate: SAMPLE_RATE, chunk: CHUNK }));
    });
  });
  const beat = setInterval(() => {
    for (const connection of connections) connection.beat();
  }, beatEvery);
  server.once('close', () => clearInterval(beat));

  async function drain(within: number): Promise<void> {
    draining = true;
    const cutOff = setTimeout(() => {
      server.closeAllConnections();
      for (const webSocket of sockets.clients) webSocket.terminate();
    }, within);
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of connections) connection.finish();
    await closed;
    clearTimeout(cutOff);
  }
  return Object.assign(server, { drain });
}

/** A status line for what cannot become a WebSocket of ours. */
function refusalOf(request: IncomingMessage): string | undefined {
  const { origin, host } = request.headers;
  // Browsers let any page connect to any server; they say which page it is.
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) return '403 Forbidden';
  if (targetOf(request)?.pathname !== '/stream') return '404 Not Found';
  return formatOf(request) === undefined ? '400 Bad Request' : undefined;
}

function formatOf(request: IncomingMessage): SampleFormat | undefined {
  const format = targetOf(request)?.searchParams.get('format') ?? 's16';
  return format === 's16' || format === 'f32' ? format : undefined;
}

function targetOf(request: IncomingMessage): URL | undefined {
  const base = 'http://localhost';
  return URL.canParse(request.url ?? '', base) ? new URL(request.url ?? '', base) : undefined;
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}

/** Connections beyond which others are closed with 1013. */
const MOST_CONNECTIONS = 256;
/** What drains is cut off after this many milliseconds. */
const MOST_DRAIN = 5000;

async function main(): Promise<void> {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const weights = process.argv[2] ?? path('voice/voiceDetector.safetensors');
  const port = process.argv[3] ?? '8081';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`the port must be from 0 to 65535, not '${port}'`);
  const server = makeSpeechServer(openDetection(await loadDetector(weights), MOST_CONNECTIONS));
  server.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  const told = Promise.race(['SIGTERM', 'SIGINT'].map((name) => once(process, name).then(() => name)));
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const signal = await told;
  process.once('SIGTERM', () => process.exit(143)).once('SIGINT', () => process.exit(130));
  console.log(`${signal}: answering what has come`);
  await server.drain(MOST_DRAIN);
  process.exit(0);
}

/** One line for whoever starts it. */
function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = code === 'EADDRINUSE' ? '; give another one: examples/speech-server.ts WEIGHTS.safetensors PORT' : '';
  return `speech-server: ${message.split('\n')[0]}${advice}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: unknown) => {
    console.error(explain(error));
    process.exitCode = 1;
  });
}
