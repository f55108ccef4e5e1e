// Features over HTTP: a WAV file comes in, the output of a layer goes out, and no convolution holds up the event loop.
//
//     npx tsx examples/server.ts [WEIGHTS.safetensors] [PORT]
//     curl --data-binary @examples/speech.wav http://127.0.0.1:8080/features --output features.npy
//
// POST /features   a WAV file -> the features as .npy, float32 (outChannels, outLength)
// GET  /health     { "pending": calls under way }
//
// More than 64 calls at once are answered with 503 and Retry-After, a client that hangs up aborts its call, and a file that cannot be
// used gets 400 with a sentence: one of another sample rate than the layer's, too, since its features would be wrong. A client that
// takes more than 15 seconds to send its file or to read its answer is cut off.
//
// SIGTERM and SIGINT: takes no more connections, answers 503 on those that are open, finishes what is under way, and ends with exit code
// 0 after 10 seconds at most. A second signal ends it at once.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Conv1d, loadSafetensors, parseWav, serializeNpy, type Tensor, tensor } from 'conv1d';

/** What turns samples (channels, length) into features (outChannels, outLength), aside from the event loop. */
export type Extract = (samples: Tensor, signal: AbortSignal) => Promise<Tensor>;

export interface ServerOptions {
  /** Calls under way beyond which new ones are refused. */
  readonly mostPending?: number;
  /** The largest WAV file taken, in bytes. */
  readonly mostBytes?: number;
  /** Milliseconds in which a client must have sent its file, and again in which it must have read its answer. */
  readonly slowAfter?: number;
  /** The sample rate that recordings must have, in Hz: that of the layer's training. */
  readonly sampleRate?: number;
}

export interface FeatureServer extends Server {
  /**
   * Takes no more connections, answers 503 on those that are open, and finishes what is under way. What is not finished within
   * this many milliseconds is cut off.
   */
  drain(within: number): Promise<void>;
}

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** How often Node looks for clients that are too slow, in milliseconds. Its own default, 30 seconds, comes on top of every bound. */
const LOOK_INTERVAL = 1000;

export function makeServer(extract: Extract, options: ServerOptions = {}): FeatureServer {
  const { mostPending = 64, mostBytes = 4 * 2 ** 20, slowAfter = 15_000, sampleRate = 16_000 } = options;
  let pending = 0;
  /** Requests that have come and are not answered in full, of all kinds. */
  let underWay = 0;
  let draining = false;

  async function features(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (pending >= mostPending) throw new HttpError(503, 'too many calls under way');
    pending++;
    try {
      const hangUp = new AbortController();
      response.once('close', () => hangUp.abort());
      const { samples, ...wav } = parseWav(await readBody(request, mostBytes), 'the body');
      if (wav.channels !== 1) throw new HttpError(400, `the recording has ${wav.channels} channels, not 1`);
      if (wav.sampleRate !== sampleRate) {
        const advice = `resample it, e.g.: ffmpeg -i IN.wav -ar ${sampleRate} OUT.wav`;
        throw new HttpError(400, `the recording has ${wav.sampleRate} samples a second, not ${sampleRate}; ${advice}`);
      }
      const bytes = serializeNpy(await extract(samples, hangUp.signal));
      if (draining) response.shouldKeepAlive = false;
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
      response.end(bytes);
      // A client that reads slowly, or not at all, holds its place until then.
      const cutOff = setTimeout(() => response.destroy(), slowAfter);
      await finished(response).catch(() => {});
      clearTimeout(cutOff);
    } finally {
      pending--;
    }
  }

  const bounds = {
    requestTimeout: slowAfter,
    headersTimeout: Math.min(slowAfter, 10_000),
    connectionsCheckingInterval: Math.min(slowAfter, LOOK_INTERVAL),
  };
  const server = createServer(bounds, (request, response) => {
    underWay++;
    response.once('close', () => {
      underWay--;
      if (draining && underWay === 0) server.closeIdleConnections();
    });
    if (draining) {
      refuse(response, new HttpError(503, 'the server is about to end'));
    } else if (request.method === 'GET' && request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ pending }));
    } else if (request.method === 'POST' && request.url === '/features') {
      features(request, response).catch((error: unknown) => refuse(response, error));
    } else {
      refuse(response, new HttpError(404, 'POST a WAV file to /features'));
    }
  });

  async function drain(within: number): Promise<void> {
    draining = true;
    const cutOff = setTimeout(() => server.closeAllConnections(), within);
    await new Promise<void>((resolve) => {
      // That of node:http would also cut off clients between two requests, who get a 503 as long as others are under way.
      NetServer.prototype.close.call(server, () => resolve());
      if (underWay === 0) server.closeIdleConnections();
    });
    clearTimeout(cutOff);
  }
  return Object.assign(server, { drain });
}

/** The whole body; tells a client that sends more than `most` so, and cuts it off. */
async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > most)
    throw new HttpError(413, `the file is larger than ${most} bytes`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new HttpError(413, `the file is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return; // the client has gone
  const status = statusOf(error);
  const sentence = status === 500 ? 'an error of the server' : (error as Error).message;
  if (status === 500) console.error(error);
  response.shouldKeepAlive = false; // what is left of the body is not read
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...(status === 503 ? { 'retry-after': '1' } : {}) };
  response.writeHead(status, headers).end(`${sentence}\n`);
}

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  switch ((error as { code?: unknown }).code) {
    case 'ERR_CONV1D_SHAPE': // a recording shorter than the kernel
    case 'ERR_CONV1D_FORMAT':
      return 400;
    case 'ERR_CONV1D_MEMORY':
      return 503;
    default:
      return 500;
  }
}

/**
 * The layer of a .safetensors file with the weights of one convolution, ready to serve.
 *
 * @throws Error  when the file cannot be read, or has other tensors than `weight` and `bias` of a convolution
 */
export async function loadLayer(path: string, stride: number): Promise<Conv1d> {
  const { weight, bias, ...others } = await loadSafetensors(path);
  const names = Object.keys(others);
  if (weight === undefined || names.length > 0) {
    const found = names.slice(0, 4).join(', ');
    const reason =
      weight === undefined ? `has no 'weight', only ${found || 'a bias'}` : `has ${found} beside its weight`;
    throw new Error(`${path}: ${reason}; give the weights of one Conv1d, weight and bias`);
  }
  if (weight.ndim !== 3) {
    throw new Error(`${path}: its weight has ${weight.ndim} dimensions; the weight of a Conv1d has three`);
  }
  const [outChannels, inChannels, kernelSize] = weight.shape as [number, number, number];
  const conv = new Conv1d(inChannels, outChannels, kernelSize, { stride, bias: bias !== undefined });
  conv.loadStateDict(bias === undefined ? { weight } : { weight, bias });
  return conv.eval();
}

/** What drains is cut off after this many milliseconds. */
const MOST_DRAIN = 10_000;

/** Starts it: a filterbank of 402 channels, 25 ms by 10 ms at 16 kHz. */
async function main(): Promise<void> {
  const weights = process.argv[2] ?? fileURLToPath(new URL('filterbank.safetensors', import.meta.url));
  const port = process.argv[3] ?? '8080';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`the port must be from 0 to 65535, not '${port}'`);
  const conv = await loadLayer(weights, 160);
  const server = makeServer((samples, signal) => conv.forwardAsync(tensor(samples.data, samples.shape), { signal }));
  server.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  const told = Promise.race(['SIGTERM', 'SIGINT'].map((name) => once(process, name).then(() => name)));
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/features`);

  const signal = await told;
  process.once('SIGTERM', () => process.exit(143)).once('SIGINT', () => process.exit(130));
  console.log(`${signal}: finishing what is under way`);
  await server.drain(MOST_DRAIN);
  process.exit(0);
}

/** One line for whoever starts it. */
function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = code === 'EADDRINUSE' ? '; give another one: examples/server.ts WEIGHTS.safetensors PORT' : '';
  return `server: ${message.split('\n')[0]}${advice}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: unknown) => {
    console.error(explain(error));
    process.exitCode = 1;
  });
}
