// Features over HTTP: a WAV file comes in, the output of a layer goes out, and no convolution holds up the event loop.
//
//     npx tsx examples/server.ts [WEIGHTS.safetensors] [PORT]
//     curl --data-binary @examples/speech.wav http://127.0.0.1:8080/features --output features.npy
//
// POST /features   a WAV file -> the features as .npy, float32 (outChannels, outLength)
// GET  /health     { "pending": calls under way }
//
// More calls at once than MOST_PENDING are answered with 503 and Retry-After, a client that hangs up aborts its call, and a file that
// cannot be used gets 400 with a sentence: one of another sample rate than the layer's, too, since its features would be wrong.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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
  /** The sample rate that recordings must have, in Hz: that of the layer's training. */
  readonly sampleRate?: number;
}

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function makeServer(extract: Extract, options: ServerOptions = {}): Server {
  const { mostPending = 64, mostBytes = 4 * 2 ** 20, sampleRate = 16_000 } = options;
  let pending = 0;

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
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
      response.end(bytes);
      await finished(response).catch(() => {}); // a client that reads slowly, or not at all, holds its place
    } finally {
      pending--;
    }
  }

  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ pending }));
    } else if (request.method === 'POST' && request.url === '/features') {
      features(request, response).catch((error: unknown) => refuse(response, error));
    } else {
      refuse(response, new HttpError(404, 'POST a WAV file to /features'));
    }
  });
  // A client that sends or reads too slowly must not keep its place for ever.
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  server.timeout = 30_000;
  return server;
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

/** The layer of a .safetensors file with the weights of one convolution, ready to serve. */
export async function loadLayer(path: string, stride: number): Promise<Conv1d> {
  const { weight, ...rest } = await loadSafetensors(path);
  const [outChannels, inChannels, kernelSize] = weight!.shape as [number, number, number];
  const conv = new Conv1d(inChannels, outChannels, kernelSize, { stride, bias: rest.bias !== undefined });
  conv.loadStateDict({ weight: weight!, ...rest });
  return conv.eval();
}

/** Starts it: a filterbank of 402 channels, 25 ms by 10 ms at 16 kHz. */
async function main(): Promise<void> {
  const weights = process.argv[2] ?? fileURLToPath(new URL('filterbank.safetensors', import.meta.url));
  const port = Number(process.argv[3] ?? 8080);
  const conv = await loadLayer(weights, 160);
  const server = makeServer((samples, signal) => conv.forwardAsync(tensor(samples.data, samples.shape), { signal }));
  server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}/features`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
