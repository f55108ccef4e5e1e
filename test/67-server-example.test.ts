import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { type Extract, loadLayer, makeServer, type ServerOptions } from '../examples/server.ts';
import { loadWav, parseNpy, type Tensor, tensor } from '../lib/index.ts';
import { repositoryFile, tone, wavFile } from './helpers/cli.ts';

const speech = readFileSync(repositoryFile('examples/speech.wav'));
const conv = await loadLayer(repositoryFile('examples/filterbank.safetensors'), 160);
const extract: Extract = (samples, signal) => conv.forwardAsync(tensor(samples.data, samples.shape), { signal });
const closers: (() => void)[] = [];

/** A server on a free port of this machine; its address. */
async function serve(how: Extract = extract, options?: ServerOptions): Promise<string> {
  const server = makeServer(how, options).listen(0, '127.0.0.1');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function post(address: string, body: Uint8Array): Promise<Response> {
  return fetch(`${address}/features`, { method: 'POST', body: new Blob([body as Uint8Array<ArrayBuffer>]) });
}

afterAll(() => {
  for (const close of closers) close();
});

describe('the example server', () => {
  test('answers a recording with its features', async () => {
    const response = await post(await serve(), speech);
    expect(response.status).toBe(200);
    const features = parseNpy(new Uint8Array(await response.arrayBuffer()));
    const { samples } = await loadWav(repositoryFile('examples/speech.wav'));
    expect(features.shape).toEqual([402, 555]);
    expect(features.data).toEqual(conv.forward(tensor(samples.data, samples.shape)).data);
  });

  test('answers what it cannot use with 400 and a sentence', async () => {
    const address = await serve();
    for (const [body, sentence] of [
      [new Uint8Array(0), /the body/],
      [Buffer.from('not a WAV file at all, but long enough to be one'), /the body/],
      [speech.subarray(0, 44 + 200), /./],
    ] as const) {
      const response = await post(address, body);
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(sentence);
    }
    expect((await fetch(`${address}/other`)).status).toBe(404);
    expect((await post(address, speech)).status).toBe(200);
  });

  test('answers a recording of another sample rate with 400 and both rates', async () => {
    const recording = (rate: number) => wavFile(rate, tone(440, rate, 1600));
    const [usual, slow] = [await serve(), await serve(extract, { sampleRate: 8000 })];
    for (const [address, wanted, other] of [
      [usual, 16000, 8000],
      [usual, 16000, 22050],
      [usual, 16000, 44100],
      [slow, 8000, 16000],
    ] as const) {
      const refused = await post(address, recording(other));
      expect(refused.status).toBe(400);
      expect(await refused.text()).toMatch(
        new RegExp(`has ${other} samples a second, not ${wanted}; .*-ar ${wanted} `),
      );
      expect((await post(address, recording(wanted))).status).toBe(200);
    }
  });

  test('answers a file that is too large with 413', async () => {
    const response = await post(await serve(extract, { mostBytes: 1000 }), speech);
    expect(response.status).toBe(413);
  });

  test('refuses calls beyond its bound with 503, and takes them again later', async () => {
    const gates: (() => void)[] = [];
    const slow: Extract = async (samples, signal) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return extract(samples, signal);
    };
    const address = await serve(slow, { mostPending: 2 });
    const first = [post(address, speech), post(address, speech)];
    while (gates.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const refused = await post(address, speech);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await (await fetch(`${address}/health`)).json()).toEqual({ pending: 2 });
    for (const open of gates.splice(0)) open();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const again = post(address, speech);
    while (gates.length < 1) await new Promise((resolve) => setImmediate(resolve));
    gates[0]!();
    expect((await again).status).toBe(200);
  });

  test('aborts the call of a client that hangs up', async () => {
    let aborted: (() => void) | undefined;
    let hangUp: (() => void) | undefined;
    const isAborted = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    const waits: Extract = (_, signal) =>
      new Promise<Tensor>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason);
          aborted!();
        });
        hangUp!();
      });
    const address = new URL(await serve(waits));
    const socket = connect(Number(address.port), address.hostname);
    socket.write(`POST /features HTTP/1.1\r\nHost: x\r\nContent-Length: ${speech.length}\r\n\r\n`);
    hangUp = () => socket.destroy();
    socket.write(speech);
    await isAborted;
    while (((await (await fetch(new URL('/health', address))).json()) as { pending: number }).pending > 0);
  });
});
