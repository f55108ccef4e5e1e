import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { detectVoice, makeDetector } from '../examples/detectVoice.ts';
import { Connection, type Socket } from '../examples/speech-server/connection.ts';
import { openDetection } from '../examples/speech-server/detection.ts';
import { loadDetector } from '../examples/speech-server.ts';
import { loadWav } from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';
import { Dice } from './helpers/dice.ts';
import { asFloat32, asInt16, SPEECH, SpeechClient, startSpeechServer, WEIGHTS } from './helpers/speech.ts';

const speech = (await loadWav(SPEECH)).samples.data as Float32Array;
const chunks = Math.ceil(speech.length / 512);
const detector = await loadDetector(WEIGHTS);
/** What the network says, chunk by chunk with `forward`. */
const expected = [...detectVoice(makeDetector(detector), speech)];
const plain = { samples: speech, bytes: asInt16(speech) };

const connections = async (port: number): Promise<number> =>
  ((await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as { connections: number }).connections;

describe('a stream of samples', () => {
  test.each([
    ['16-bit numbers', '', asInt16, 2],
    ['floats', '?format=f32', asFloat32, 4],
  ] as const)(
    'of %s is answered chunk by chunk, in order, with the bits of forward, however it is cut',
    async (_, query, encode, size) => {
      const { port } = await startSpeechServer();
      const dice = new Dice(size);
      const bytes = encode(speech);
      const clients = Array.from({ length: 6 }, () => new SpeechClient(port, query));
      await Promise.all(
        clients.map(async (client) => {
          await client.ready;
          for (let from = 0; from < bytes.length; ) {
            const end = Math.min(bytes.length, from + size * dice.pick(0, 1, 160, 512, dice.integer(1, 4000)));
            client.socket.send(bytes.subarray(from, end));
            from = end;
            if (dice.integer(0, 3) === 0) await new Promise(setImmediate);
          }
          client.socket.send('end');
        }),
      );
      for (const client of clients) {
        expect(await client.closed).toEqual({ code: 1000, reason: '' });
        expect(client.about).toEqual({ sampleRate: 16000, chunk: 512 });
        expect(client.numbers).toEqual(Array.from({ length: chunks }, (_, i) => i));
        expect(client.probabilities).toEqual(expected);
      }
      await vi.waitFor(async () => expect(await connections(port)).toBe(0));
    },
  );

  test('that comes at once does not hold up another', async () => {
    const { port } = await startSpeechServer();
    const [hasty, other] = [new SpeechClient(port), new SpeechClient(port)];
    await Promise.all([hasty.ready, other.ready]);
    for (let i = 0; i < 12; i++) hasty.socket.send(plain.bytes.subarray(0, 65_536));
    await hasty.answers(1);
    other.socket.send(plain.bytes.subarray(0, 1024));
    await other.answers(1);
    expect(hasty.probabilities.length).toBeLessThan(12 * 64);
    expect(other.probabilities).toEqual(expected.slice(0, 1));
    await hasty.answers(12 * 64);
    hasty.socket.send('end');
    expect((await hasty.closed).code).toBe(1000);
  });

  test('begins at silence, whoever had the row before', async () => {
    const { port } = await startSpeechServer({ mostConnections: 1 });
    for (let i = 0; i < 2; i++) {
      const client = new SpeechClient(port);
      await client.ready;
      client.socket.send(plain.bytes.subarray(0, 51_200));
      await client.answers(50);
      expect(client.probabilities).toEqual(expected.slice(0, 50));
      client.socket.terminate();
      await vi.waitFor(async () => expect(await connections(port)).toBe(0));
    }
  });
});

describe('what no client should send', () => {
  const nan = new Float32Array(512);
  nan[100] = Number.NaN;
  const cases: readonly [
    what: string,
    query: string,
    frames: readonly (Uint8Array | string)[],
    code: number,
    reason: RegExp,
  ][] = [
    ['another text', '', ['stop'], 1003, /the text 'end'/],
    ['samples behind the end', '', [plain.bytes.subarray(0, 512 * 40), 'end', new Uint8Array(2)], 1003, /has ended/],
    ['half a sample', '', [new Uint8Array(3)], 1007, /3 bytes, no multiple of 2/],
    ['a quarter of one', '?format=f32', [new Uint8Array(1022)], 1007, /1022 bytes, no multiple of 4/],
    ['what is no number', '?format=f32', [asFloat32(nan)], 1007, /no number from -1 to 1/],
    ['16-bit numbers as floats', '?format=f32', [asFloat32(new Float32Array([1000]))], 1007, /no number from -1 to 1/],
    ['a frame that is too large', '', [new Uint8Array(65_538)], 1009, /^$/],
  ];
  test.each(cases)('%s closes its connection, and no other', async (_, query, frames, code, reason) => {
    const { port } = await startSpeechServer();
    const [bad, good] = [new SpeechClient(port, query), new SpeechClient(port)];
    await Promise.all([bad.ready, good.ready]);
    for (const frame of frames) bad.socket.send(frame);
    const closed = await bad.closed;
    expect(closed.code).toBe(code);
    expect(closed.reason).toMatch(reason);
    good.socket.send(plain.bytes.subarray(0, 5120));
    await good.answers(5);
    expect(good.probabilities).toEqual(expected.slice(0, 5));
  });

  test('bytes that are no frames end the connection', async () => {
    const { port } = await startSpeechServer();
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.write(Buffer.alloc(5000, 0xff));
    socket.resume();
    await once(socket, 'close');
    await vi.waitFor(async () => expect(await connections(port)).toBe(0));
  });

  test.each([
    ['a page of another site', '', { origin: 'http://example.com' }, 403],
    ['an origin that is none', '', { origin: 'null' }, 403],
    ['an unknown format', '?format=mp3', {}, 400],
    ['another path', '/../other', {}, 404],
  ] as const)('%s gets no WebSocket', async (_, query, headers, status) => {
    const { port } = await startSpeechServer();
    const client = new SpeechClient(port, query, headers);
    const [, response] = (await once(client.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(status);
  });

  test('more connections than there is room for are closed with 1013 until one ends', async () => {
    const { port } = await startSpeechServer({ mostConnections: 2 });
    const clients = [new SpeechClient(port), new SpeechClient(port)];
    await Promise.all(clients.map(({ ready }) => ready));
    expect(await new SpeechClient(port).closed).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/try again/),
    });
    clients[0]!.socket.terminate();
    await vi.waitFor(async () => expect(await connections(port)).toBe(1));
    await new SpeechClient(port).ready;
  });
});

test('a crowd of clients that come, send anything and go at any moment leaves nothing behind, and disturbs nobody', async () => {
  const { port } = await startSpeechServer({ mostConnections: 12, mostWaiting: 2048 });
  const good = new SpeechClient(port);
  await good.ready;
  const dice = new Dice(5);
  const anything = (): Uint8Array | string =>
    dice.pick<Uint8Array | string>(
      plain.bytes.subarray(0, 2 * dice.integer(0, 6000)),
      plain.bytes.subarray(0, dice.integer(0, 3)),
      'end',
      'no',
      '',
    );
  for (let round = 0; round < 12; round++) {
    const crowd = Array.from(
      { length: dice.integer(1, 16) },
      () => new SpeechClient(port, dice.pick('', '?format=f32')),
    );
    for (const { socket, ready, closed } of crowd) {
      const actions = dice.integer(0, 6);
      const isToHangUp = dice.integer(0, 1) === 1;
      const begun = Promise.race([ready.catch(() => {}), closed]);
      void begun.then(() => {
        for (let i = 0; i < actions && socket.readyState === socket.OPEN; i++) socket.send(anything());
        if (isToHangUp) socket.terminate();
        else socket.close();
      });
    }
    good.socket.send(plain.bytes.subarray(round * 1024, (round + 1) * 1024));
    await Promise.all(crowd.map(({ closed }) => closed));
  }
  await good.answers(12);
  expect(good.probabilities).toEqual(expected.slice(0, 12));
  await vi.waitFor(async () => expect(await connections(port)).toBe(1));
});

describe('back-pressure', () => {
  /** A socket whose client reads when the test says so. */
  function scene() {
    const listeners: Record<string, (...values: never[]) => void> = {};
    const unread: (() => void)[] = [];
    const socket = {
      bufferedAmount: 0,
      isPaused: false,
      closedWith: 0,
      on: (event: string, listener: (...values: never[]) => void) => {
        listeners[event] = listener;
        return socket;
      },
      pause: () => {
        socket.isPaused = true;
      },
      resume: () => {
        socket.isPaused = false;
      },
      send: (bytes: Buffer, sent: () => void) => {
        socket.bufferedAmount += bytes.length;
        unread.push(sent);
      },
      close: (code: number) => {
        socket.closedWith = code;
      },
      ping: vi.fn(),
      terminate: vi.fn(),
    };
    const detection = openDetection(detector, 1);
    const bounds = { mostWaiting: 5120, mostUnread: 80 };
    const connection = new Connection(socket as unknown as Socket, detection, 's16', bounds);
    const send = (data: Buffer, isBinary = true) => listeners.message!(...([data, isBinary] as never[]));
    const read = (count: number) => {
      socket.bufferedAmount -= 8 * count;
      for (const sent of unread.splice(0, count)) sent();
    };
    return { socket, connection, detection, send, read, unread, hangUp: () => listeners.close!() };
  }
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await new Promise(setImmediate);
  };
  const frame = Buffer.from(plain.bytes.subarray(0, 1024 * 30));

  test('a client that sends more than is computed is not read meanwhile', async () => {
    const { socket, send } = scene();
    send(frame.subarray(0, 1024 * 5));
    expect(socket.isPaused).toBe(false);
    send(frame.subarray(0, 1024 * 5));
    expect(socket.isPaused).toBe(true);
    await turns(3);
    expect(socket.isPaused).toBe(false);
  });

  test('a client that does not read is neither read nor computed for, and loses nothing', async () => {
    const { socket, send, read, unread } = scene();
    send(frame);
    await turns(40);
    expect(unread).toHaveLength(11);
    expect(socket.isPaused).toBe(true);
    read(5);
    await turns(40);
    expect(unread).toHaveLength(6);
    for (let left = 19; left > 0; ) {
      const count = unread.length;
      read(count);
      await turns(40);
      left -= unread.length;
    }
    read(unread.length);
    send(Buffer.from('end'), false);
    expect(socket.closedWith).toBe(1000);
  });

  test('a client without a sign of life is cut off at the second look', () => {
    const { socket, connection, send } = scene();
    connection.beat();
    send(frame.subarray(0, 2));
    connection.beat();
    expect(socket.terminate).not.toHaveBeenCalled();
    expect(socket.ping).toHaveBeenCalledTimes(2);
    connection.beat();
    expect(socket.terminate).toHaveBeenCalled();
  });

  test('a client that hangs up with chunks under way leaves nothing behind', async () => {
    const { detection, send, hangUp, unread } = scene();
    send(frame);
    hangUp();
    await turns(5);
    expect([detection.size, unread.length]).toEqual([0, 0]);
  });
});

describe('the end', () => {
  /** The example in a process of its own. */
  function start(...argv: string[]) {
    const file = repositoryFile('examples/speech-server.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', file, ...argv]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const seen = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => {
      seen.stdout += text;
    });
    child.stderr.on('data', (text) => {
      seen.stderr += text;
    });
    return { child, seen, ended: once(child, 'close') as Promise<[number | null]> };
  }

  test('by SIGTERM: what has come is answered, all are closed with 1001, and the exit code is 0', async () => {
    const { child, seen, ended } = start(WEIGHTS, '0');
    while (!seen.stdout.includes('listening on ')) await once(child.stdout, 'data');
    const port = Number(/:(\d+)\n/.exec(seen.stdout)![1]);
    const clients = Array.from({ length: 3 }, () => new SpeechClient(port));
    await Promise.all(clients.map(({ ready }) => ready));
    for (const { socket } of clients) socket.send(plain.bytes.subarray(0, 1024 * 20 + 500));
    await clients[2]!.answers(1);
    child.kill('SIGTERM');
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'the server ends' });
      expect(client.probabilities).toEqual(expected.slice(0, 20));
    }
    expect((await ended)[0]).toBe(0);
    expect(seen.stdout).toMatch(/\nSIGTERM: answering what has come\n$/);
    expect(seen.stderr).toBe('');
  });

  test('does not wait for clients that do not answer', async () => {
    const { server, port } = await startSpeechServer();
    const client = new SpeechClient(port);
    await client.ready;
    client.socket.pause();
    await server.drain(50);
    client.socket.resume();
    expect((await client.closed).code).toBe(1001);
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });
});

test('weights of another network are refused by the name of their file', async () => {
  const other = repositoryFile('examples/filterbank.safetensors');
  await expect(loadDetector(other)).rejects.toThrow(/filterbank\.safetensors: .*stft\.basis\.weight/s);
});

describe('the page', () => {
  test('comes with all its files, runs nothing from elsewhere, and nothing else is served', async () => {
    const { port } = await startSpeechServer();
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'/);
    const text = await page.text();
    expect(text).not.toMatch(/https?:/);
    const files = [...text.matchAll(/(?:src|href)="([^":]+)"/g)].map((match) => match[1]!);
    expect(files).toEqual(['page.css', 'page.js']);
    for (const file of [...files, 'picture.js', 'sources.js', 'microphone.js', 'resample.js', 'speech.wav']) {
      expect((await get(`/${file}`)).status).toBe(200);
    }
    expect((await get('/', 'HEAD')).headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    for (const path of ['/page.ts', '/%2e%2e/speech-server.ts', '/connection.ts', '/index.html?']) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get('/', 'POST')).status).toBe(404);
  });
});
