import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE, Connection, type ConnectionBounds } from './connection.ts';
import { CHUNK, type Detection, SAMPLE_RATE } from './detection.ts';
import { loadPage, SAFETY } from './page.ts';
import type { SampleFormat } from './sampleQueue.ts';

export interface SpeechServerOptions extends Partial<ConnectionBounds> {
  /** The largest frame taken, in bytes. */
  readonly mostFrame?: number;
  /** Milliseconds between two looks at whether a client is still there. */
  readonly beatEvery?: number;
}

export interface SpeechServer extends Server {
  /** Ends: see the head of ../speech-server.ts. What has not ended within this many milliseconds is cut off. */
  drain(within: number): Promise<void>;
}

/** Requests of pages beside the WebSockets, and connections that are about to be refused. */
const OTHER_CONNECTIONS = 64;
/** Milliseconds for a request's head, and for a client's answer to a close frame. */
const SLOW_AFTER = 5000;
/** Milliseconds in which a client that reads the page takes nothing. */
const STUCK_AFTER = 15_000;

/** A server for as many connections as the detection has room for. */
export function makeSpeechServer(detection: Detection, options: SpeechServerOptions = {}): SpeechServer {
  const { mostFrame = 65_536, beatEvery = 15_000 } = options;
  const { mostWaiting = 2 * SAMPLE_RATE, mostUnread = 65_536, mostSilence = 4 } = options;
  const mostConnections = detection.capacity;
  const connections = new Set<Connection>();
  const servePage = loadPage();
  let draining = false;

  const limits = { headersTimeout: SLOW_AFTER, requestTimeout: SLOW_AFTER, connectionsCheckingInterval: 1000 };
  const server = createServer(limits, (request, response) => {
    const path = targetOf(request)?.pathname;
    if (draining) say(response, ENDING);
    else if (request.method !== 'GET' && request.method !== 'HEAD') say(response, NO_METHOD);
    else if (path === '/health') {
      const health = JSON.stringify({ connections: detection.size, mostConnections });
      response.writeHead(200, { ...SAFETY, 'content-type': 'application/json' }).end(health);
    } else if (path === '/stream') say(response, NO_UPGRADE);
    else if (path === undefined || !servePage(path, response)) say(response, NOT_FOUND);
  });
  server.maxConnections = mostConnections + OTHER_CONNECTIONS;
  server.timeout = STUCK_AFTER;

  // Pongs are the connection's own: those of ws go on while a client reads none.
  const bounds = { noServer: true, maxPayload: mostFrame, closeTimeout: SLOW_AFTER, autoPong: false };
  const sockets = new WebSocketServer(bounds);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = draining ? ENDING : refusalOf(request);
    if (refusal === undefined) sockets.handleUpgrade(request, socket, head, (opened) => connect(opened, request));
    else refuseUpgrade(socket, refusal);
  });

  function connect(webSocket: WebSocket, request: IncomingMessage): void {
    if (detection.size >= mostConnections) {
      webSocket.on('error', () => {});
      webSocket.close(CLOSE.busy, 'too many connections; try again later');
      return;
    }
    const format = formatOf(targetOf(request)!)!;
    const connection = new Connection(webSocket, detection, format, { mostWaiting, mostUnread, mostSilence });
    connections.add(connection);
    webSocket.on('close', () => connections.delete(connection));
    webSocket.send(JSON.stringify({ sampleRate: SAMPLE_RATE, chunk: CHUNK, mostBytes: mostFrame }));
  }

  const beat = setInterval(() => {
    for (const connection of connections) connection.beat();
  }, beatEvery).unref(); // a server that cannot listen is to end
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

/** An answer other than what was asked for. */
interface Refusal {
  readonly status: number;
  readonly sentence: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ENDING: Refusal = { status: 503, sentence: 'the server is about to end', headers: { 'retry-after': '5' } };
const NO_METHOD: Refusal = { status: 405, sentence: 'GET and HEAD are answered', headers: { allow: 'GET, HEAD' } };
const NO_UPGRADE: Refusal = {
  status: 426,
  sentence: '/stream is for WebSockets',
  headers: { connection: 'Upgrade', upgrade: 'websocket' },
};
const NOT_FOUND: Refusal = { status: 404, sentence: 'there are /, /health and the WebSocket /stream' };

/** Why a request does not become a WebSocket of ours. */
function refusalOf(request: IncomingMessage): Refusal | undefined {
  const { origin, host } = request.headers;
  // Browsers let any page connect to any server; they say which page it is.
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
    return { status: 403, sentence: 'pages of other origins are not served' };
  const target = targetOf(request);
  if (target?.pathname !== '/stream') return NOT_FOUND;
  if (formatOf(target) === undefined) return { status: 400, sentence: "the format must be 's16' or 'f32'" };
  const rate = target.searchParams.get('rate');
  if (rate !== null && Number(rate) !== SAMPLE_RATE)
    return { status: 400, sentence: `the rate must be ${SAMPLE_RATE}: resample before you send` };
  const other = [...target.searchParams.keys()].find((name) => name !== 'format' && name !== 'rate');
  return other === undefined ? undefined : { status: 400, sentence: 'there are the parameters format and rate' };
}

function formatOf(target: URL): SampleFormat | undefined {
  const format = target.searchParams.get('format') ?? 's16';
  return format === 's16' || format === 'f32' ? format : undefined;
}

function targetOf({ url = '' }: IncomingMessage): URL | undefined {
  const whole = url.startsWith('/') ? `http://localhost${url}` : url;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

function headersOf({ headers }: Refusal): Record<string, string> {
  return { ...SAFETY, 'content-type': 'text/plain; charset=utf-8', ...headers };
}

function say(response: ServerResponse, refusal: Refusal): void {
  response.shouldKeepAlive = false; // what is left of a body is not read
  response.writeHead(refusal.status, headersOf(refusal)).end(`${refusal.sentence}\n`);
}

function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = `${refusal.sentence}\n`;
  const headers = { ...headersOf(refusal), connection: 'close', 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.on('error', () => {}); // it has gone
  const head = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, ...lines].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
