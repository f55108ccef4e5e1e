import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { detectVoice, makeDetector } from '../examples/detectVoice.ts';
import { Connection, type Socket } from '../examples/speech-server/connection.ts';
import { loadDetector, openDetection } from '../examples/speech-server/detection.ts';
import { readOptions } from '../examples/speech-server/options.ts';
import { loadWav } from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';
import { Dice } from './helpers/dice.ts';
import { asFloat32, asInt16, SPEECH, SpeechClient, startSpeechServer, WEIGHTS } from './helpers/speech.ts';

const speech = (await loadWav(SPEECH)).samples.data as Float32Array;
const chunks = Math.ceil(speech.length / 512);
const detector = await loadDetector(WEIGHTS);
/** What the network says, chunk by chunk with `forward`. */
const expected = [...detectVoice(makeDetector(detector), speech)];
/** Some machines have none at all. */
const HAS_IPV6 = await hasIPv6();
const plain = { samples: speech, bytes: asInt16(speech) };

const KEY = Buffer.alloc(16).toString('base64');

const openSockets = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

/** Until the other side has read all that was sent before. */
const pingPong = async (socket: WebSocket) => {
  socket.ping();
  await once(socket, 'pong');
};

async function hasIPv6(): Promise<boolean> {
  const server = createServer().listen(0, '::1');
  const has = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return has;
}

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
        expect(client.about).toEqual({ sampleRate: 16000, chunk: 512, mostBytes: 65_536 });
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
    ['a WAV file', '', [readFileSync(SPEECH).subarray(0, 4096)], 1003, /a WAV file: send the samples alone/],
    ['a WAV file as floats', '?format=f32', [readFileSync(SPEECH).subarray(0, 4096)], 1003, /a WAV file/],
    ['what MediaRecorder makes', '', [new Uint8Array([0x1a, 0x45, 0xdf, 0xa3, 0, 0])], 1003, /a WebM file/],
    ['a text of samples', '', [plain.bytes.subarray(0, 512), '0 12 -7'], 1003, /binary frames/],
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
    socket.write(
      `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.write(Buffer.alloc(5000, 0xff));
    socket.resume();
    await once(socket, 'close');
    await vi.waitFor(async () => expect(await connections(port)).toBe(0));
  });

  test('the letters of a file in the middle of a signal are samples like others', async () => {
    const { port } = await startSpeechServer();
    const client = new SpeechClient(port);
    await client.ready;
    client.socket.send(plain.bytes.subarray(0, 512));
    client.socket.send(Buffer.from('RIFF'.padEnd(512, '.')));
    await client.answers(1);
  });

  test.each([
    ['a page of another site', '', { origin: 'http://example.com' }, 403, /other origins/],
    ['an origin that is none', '', { origin: 'null' }, 403, /other origins/],
    ['an unknown format', '?format=mp3', {}, 400, /'s16' or 'f32'/],
    ['another rate', '?rate=48000', {}, 400, /must be 16000/],
    ['an unknown parameter', '?sampleRate=16000', {}, 400, /format and rate/],
    ['another path', '/../other', {}, 404, /the WebSocket \/stream/],
  ] as const)('%s gets no WebSocket, but a sentence', async (_, query, headers, status, sentence) => {
    const { port } = await startSpeechServer();
    const client = new SpeechClient(port, query, headers);
    const [, response] = (await once(client.socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(status);
    expect(Buffer.concat(await response.toArray()).toString()).toMatch(sentence);
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  });

  test('the page of this server, and a client that says its rate, get one', async () => {
    const { port } = await startSpeechServer();
    await new SpeechClient(port, '?rate=16000&format=f32', { origin: `http://127.0.0.1:${port}` }).ready;
  });

  test('a flood of pings whose pongs nobody reads is not answered for ever', async () => {
    const { server, port } = await startSpeechServer({ mostUnread: 1000 });
    const accepted = once(server, 'connection') as Promise<[TcpSocket]>;
    const client = new SpeechClient(port);
    await client.ready;
    const [socket] = await accepted;
    socket.cork(); // nothing leaves, as if the client did not read
    for (let i = 0; i < 2000; i++) client.socket.ping(Buffer.alloc(100));
    client.socket.send(plain.bytes.subarray(0, 1024));
    await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(2000 * 106 + 1024));
    expect(socket.writableLength).toBeLessThan(1200);
    socket.uncork();
    await client.answers(1);
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
      reason: '',
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
      close: (code: number, reason = '') => {
        Object.assign(socket, { closedWith: code, reason });
      },
      ping: vi.fn(),
      pong: vi.fn(),
      terminate: vi.fn(),
    };
    const detection = openDetection(detector, 1);
    const bounds = { mostWaiting: 5120, mostUnread: 80, mostSilence: 3 };
    const connection = new Connection(socket as unknown as Socket, detection, 's16', bounds);
    const send = (data: Buffer, isBinary = true) => listeners.message!(...([data, isBinary] as never[]));
    const read = (count: number) => {
      socket.bufferedAmount -= 8 * count;
      for (const sent of unread.splice(0, count)) sent();
    };
    const live = () => listeners.ping!(...([Buffer.alloc(0)] as never[]));
    return { socket, connection, detection, send, read, unread, live, hangUp: () => listeners.close!() };
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

  test('a client that is there but sends no samples is sent away, with a sentence', () => {
    const { socket, connection, live } = scene();
    for (let i = 0; i < 3; i++) {
      connection.beat();
      live();
    }
    expect(socket.closedWith).toBe(0);
    connection.beat();
    expect([socket.closedWith, socket.reason]).toEqual([1008, 'no samples for too long; come back with some']);
    expect(socket.terminate).not.toHaveBeenCalled();
  });

  test.each([
    ['samples', (s: ReturnType<typeof scene>) => s.send(frame.subarray(0, 2)), true],
    ['empty frames', (s: ReturnType<typeof scene>) => s.send(frame.subarray(0, 0)), false],
    ['pings', (s: ReturnType<typeof scene>) => s.live(), false],
  ] as const)('of %s, only samples count as a signal', (_, act, isKept) => {
    const made = scene();
    for (let i = 0; i < 8; i++) {
      act(made);
      made.connection.beat();
    }
    expect(made.socket.closedWith).toBe(isKept ? 0 : 1008);
  });

  test('a client that is slow to read its answers, but reads them, keeps its place', async () => {
    const { socket, connection, send, read, unread } = scene();
    send(frame);
    await turns(40);
    for (let i = 0; i < 8; i++) {
      expect(unread.length).toBeGreaterThan(0);
      read(1);
      connection.beat();
      await turns(5);
    }
    expect([socket.closedWith, socket.terminate.mock.calls.length]).toEqual([0, 0]);
  });

  test('the server tells a client that it lost a chunk, and answers it no more', async () => {
    const { socket, connection, send, unread } = scene();
    connection.fail();
    expect([socket.closedWith, socket.reason]).toEqual([1011, 'an error of the server']);
    send(frame);
    await turns(5);
    expect(unread).toHaveLength(0);
  });

  test('a batch that fails is one line for whoever runs the server, and the next one is computed', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const detection = openDetection(detector, 2);
    const rows = [detection.open(), 1]; // nobody has opened the second
    const speakers = rows.map((row) => ({ row, take: vi.fn(), answer: vi.fn(), fail: vi.fn() }));
    for (const speaker of speakers) detection.plan(speaker);
    await turns(2);
    for (const { fail, answer } of speakers) expect([fail.mock.calls.length, answer.mock.calls.length]).toEqual([1, 0]);
    expect(log).toHaveBeenCalledTimes(1);
    detection.plan(speakers[0]!);
    await turns(2);
    expect(speakers[0]!.answer).toHaveBeenCalledTimes(1);
  });

  test('a client that hangs up with chunks under way leaves nothing behind', async () => {
    const { detection, send, hangUp, unread } = scene();
    send(frame);
    hangUp();
    await turns(5);
    expect([detection.size, unread.length]).toEqual([0, 0]);
  });
});

test('clients that send nothing free their places by themselves, without hurting those that do', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { port } = await startSpeechServer({ mostConnections: 2, beatEvery: 15_000 });
  const [silent, speaks] = [new SpeechClient(port), new SpeechClient(port)];
  await Promise.all([silent.ready, speaks.ready]);
  for (let beat = 1; beat <= 5; beat++) {
    speaks.socket.send(plain.bytes.subarray(1024 * (beat - 1), 1024 * beat));
    await speaks.answers(beat);
    const pinged = Promise.all([silent, speaks].map(({ socket }) => once(socket, 'ping')));
    vi.advanceTimersByTime(15_000);
    if (beat === 5) break;
    await pinged;
    // Behind the pongs: the server has read them when it has answered this.
    await Promise.all([silent, speaks].map(({ socket }) => pingPong(socket)));
  }
  expect(await silent.closed).toEqual({ code: 1008, reason: expect.stringMatching(/no samples/) });
  await new SpeechClient(port).ready;
  speaks.socket.send(plain.bytes.subarray(5120, 6144));
  await speaks.answers(6);
  expect(speaks.probabilities).toEqual(expected.slice(0, 6));
});

/** The example in a process of its own. */
function start(argv: readonly string[], environment: Record<string, string> = {}) {
  const file = repositoryFile('examples/speech-server.ts');
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...argv], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    seen.stdout += text;
  });
  child.stderr.on('data', (text) => {
    seen.stderr += text;
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const says = async (text: string) => {
    const gone = ended.then(() => Promise.reject(new Error(`it has ended: ${seen.stderr}`)));
    gone.catch(() => {});
    while (!seen.stdout.includes(text)) await Promise.race([once(child.stdout, 'data'), gone]);
  };
  const listening = async () => {
    await says('listening on ');
    return Number(/:(\d+)\n/.exec(seen.stdout)![1]);
  };
  return { child, seen, says, listening, ended };
}

describe('the end', () => {
  test('by SIGTERM with 200 streams: what has come is answered, all are closed with 1001, and the exit code is 0', async () => {
    const { child, seen, listening, ended } = start(['--port', '0']);
    const port = await listening();
    const clients = Array.from({ length: 200 }, () => new SpeechClient(port));
    await Promise.all(clients.map(({ ready }) => ready));
    for (const { socket } of clients) socket.send(plain.bytes.subarray(0, 1024 * 5 + 500));
    await Promise.all(clients.map((client) => client.answers(1)));
    child.kill('SIGTERM');
    // They go on speaking. What the server has not read by then is not answered, and what it has read is.
    for (const { socket } of clients) socket.send(plain.bytes.subarray(1024 * 5 + 500, 1024 * 10));
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'the server ends' });
      expect(client.probabilities.length).toBeGreaterThanOrEqual(5);
      expect(client.probabilities).toEqual(expected.slice(0, client.probabilities.length));
    }
    expect((await ended)[0]).toBe(0);
    expect(seen.stdout).toMatch(/\nSIGTERM: answering what has come\n$/);
    expect(seen.stderr).toBe('');
  });

  test.runIf(process.platform !== 'win32')('by a second signal comes at once', async () => {
    const { child, says, listening, ended } = start(['--port', '0']);
    const client = new SpeechClient(await listening());
    await client.ready;
    client.socket.pause(); // it does not answer the close frame
    child.kill('SIGTERM');
    await says('answering what has come');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(143);
  });

  test('takes no requests and no WebSockets any more', async () => {
    const { server, port } = await startSpeechServer();
    const client = new SpeechClient(port);
    await client.ready;
    // Both have come before the end, and their requests come behind it.
    const late = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    onTestFinished(() => late.forEach((socket) => void socket.destroy()));
    const head = `Host: 127.0.0.1:${port}\r\n`;
    for (const socket of late) socket.write('GET /');
    await Promise.all(late.map((socket) => once(socket, 'connect')));
    await vi.waitFor(async () => expect(await openSockets(server)).toBeGreaterThanOrEqual(3));
    client.socket.pause();
    const drained = server.drain(5000);
    late[0]!.write(`health HTTP/1.1\r\n${head}\r\n`);
    late[1]!.write(
      `stream HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    for (const socket of late) {
      const answer = Buffer.concat(await socket.toArray()).toString();
      expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
      expect(answer).toMatch(/retry-after: 5\r\n/i);
      expect(answer).toMatch(/the server is about to end\n/);
    }
    client.socket.resume();
    await drained;
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

describe('the command', () => {
  test('prints its options', async () => {
    const { seen, ended } = start(['--help']);
    expect((await ended)[0]).toBe(0);
    expect(seen.stdout).toMatch(/--port PORT.*--host HOST.*--connections N.*--weights FILE/s);
  });

  test('takes its port and its room from options, and those before the environment', async () => {
    const { seen, listening } = start(['--port', '0', '--connections', '3'], { PORT: '1' });
    const port = await listening();
    expect(seen.stdout).toBe(`listening on http://127.0.0.1:${port}\n`);
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toEqual({
      connections: 0,
      mostConnections: 3,
    });
  });

  test.runIf(HAS_IPV6)('listens at an IPv6 address', async () => {
    const { seen, listening } = start(['--host', '::1'], { PORT: '0' });
    const port = await listening();
    expect(seen.stdout).toBe(`listening on http://[::1]:${port}\n`);
    expect((await fetch(`http://[::1]:${port}/`)).status).toBe(200);
  });

  test('says in a sentence that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { seen, ended } = start(['--port', String((other.address() as AddressInfo).port)]);
    expect((await ended)[0]).toBe(1);
    expect(seen.stderr).toMatch(/^speech-server: .*EADDRINUSE.*; give another one: --port PORT\n$/);
  });

  test.each([
    [['--port', '65536'], /^the port must be from 0 to 65535, not '65536'$/],
    [['--port', 'http'], /^the port must be from 0 to 65535, not 'http'$/],
    [['--connections', '0'], /^the number of connections must be from 1 to 10000, not '0'$/],
    [['--prot', '80'], /Unknown option '--prot'/],
    [['voice.safetensors'], /Unexpected argument 'voice.safetensors'/],
  ])('%s is refused', (argv, sentence) => {
    expect(() => readOptions(argv, {})).toThrow(sentence);
  });
});

test('weights of another network are refused by the name of their file', async () => {
  const other = repositoryFile('examples/filterbank.safetensors');
  await expect(loadDetector(other)).rejects.toThrow(/filterbank\.safetensors: .*stft\.basis\.weight/s);
});

describe('the page', () => {
  const get = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    const { port } = await startSpeechServer();
    return await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  };

  test('comes with all its files, and runs nothing from elsewhere', async () => {
    const { port } = await startSpeechServer();
    const page = await (await fetch(`http://127.0.0.1:${port}/?from=mail`)).text();
    expect(page).not.toMatch(/https?:/);
    const files = [...page.matchAll(/(?:src|href)="([^":]+)"/g)].map((match) => match[1]!);
    expect(files).toEqual(['icon.svg', 'page.css', 'page.js']);
    const types: Record<string, string> = {
      js: 'text/javascript',
      css: 'text/css',
      svg: 'image/svg',
      wav: 'audio/wav',
    };
    for (const file of [
      ...files,
      'link.js',
      'picture.js',
      'sources.js',
      'microphone.js',
      'resample.js',
      'speech.wav',
    ]) {
      const response = await fetch(`http://127.0.0.1:${port}/${file}`);
      expect([file, response.status]).toEqual([file, 200]);
      expect(response.headers.get('content-type')).toContain(types[file.split('.')[1]!]);
    }
  });

  test.each([
    ['the page', '/', 'GET', 200],
    ['its head alone', '/', 'HEAD', 200],
    ['the health', '/health', 'GET', 200],
    ['a path that there is not', '/page.ts', 'GET', 404],
    ['a way out of the folder', '/%2e%2e/speech-server.ts', 'GET', 404],
    ['another one', '/..%2fspeech-server.ts', 'GET', 404],
    ['a file of the server', '/connection.ts', 'GET', 404],
    ['the stream without an upgrade', '/stream', 'GET', 426],
    ['a POST', '/', 'POST', 405],
    ['OPTIONS', '/health', 'OPTIONS', 405],
  ] as const)('%s has its status, and headers that keep others out', async (_, path, method, status) => {
    const response = await get(path, method);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self'; frame-ancestors 'none'/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD');
    const text = await response.text();
    if (method === 'HEAD') expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1000);
    else expect(text.length).toBeGreaterThan(0);
  });

  test('a part of a file is answered with the whole, as servers may', async () => {
    const response = await get('/speech.wav', 'GET', { range: 'bytes=0-99' });
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBe(readFileSync(SPEECH).length);
  });

  test.each(['//example.com/health', '/../../etc/passwd', '*', 'http://other/health'])(
    'the target %s gets an answer',
    async (path) => {
      const { port } = await startSpeechServer();
      const call = request({ port, host: '127.0.0.1', path }).end();
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      response.resume();
      // The last is the form of proxies, which servers take as well.
      expect(response.statusCode).toBe(path.startsWith('http:') ? 200 : 404);
    },
  );
});
