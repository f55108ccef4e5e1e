import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Extract, type FeatureServer, makeServer, type ServerOptions } from '../../examples/server.ts';
import { saveSafetensors } from '../../lib/io/safetensors.ts';
import { rand, zeros } from '../../lib/tensor/factories.ts';
import { repositoryFile, temporaryFolder } from '../helpers/cli.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const speech = readFileSync(repositoryFile('examples/speech.wav'));
const POST = `POST /features HTTP/1.1\r\nHost: x\r\nContent-Length: ${speech.length}\r\n\r\n`;
const HEALTH = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

/** The example in a process of its own. */
function start(...argv: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', repositoryFile('examples/server.ts'), ...argv]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      seen[name] += text;
    });
  }
  return { child, seen, ended: once(child, 'close') as Promise<[number | null]> };
}

async function listening(extract: Extract, options: ServerOptions = {}): Promise<FeatureServer> {
  const server = makeServer(extract, options);
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return server;
}

async function client(server: FeatureServer): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {}); // the server may cut it off
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the server closes the connection. */
async function rest(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.resume();
  await once(socket, 'close');
  return text;
}

describe('a server that cannot start says why in a line, with exit code 1', () => {
  const cases: [name: string, argv: () => Promise<string[]>, sentence: RegExp][] = [
    [
      'a port in use',
      async () => {
        const other = createServer().listen(0, '127.0.0.1');
        onTestFinished(() => void other.close());
        await once(other, 'listening');
        return [FILTERBANK, String((other.address() as AddressInfo).port)];
      },
      /^server: listen EADDRINUSE: .*; give another one: examples\/server\.ts WEIGHTS\.safetensors PORT\n$/,
    ],
    [
      'a port that is none',
      async () => [FILTERBANK, 'http'],
      /^server: the port must be from 0 to 65535, not 'http'\n$/,
    ],
    [
      'weights that are not there',
      async () => [join(temporaryFolder(), 'none.safetensors')],
      /^server: ENOENT: .*none\.safetensors'\n$/,
    ],
    [
      'weights of several layers',
      async () => {
        const path = join(temporaryFolder(), 'model.safetensors');
        await saveSafetensors(path, { 'a.weight': rand(3, 2, 5), 'b.weight': rand(3, 3, 5) });
        return [path];
      },
      /^server: .*: has no 'weight', only a\.weight, b\.weight; give the weights of one Conv1d, weight and bias\n$/,
    ],
    [
      'a layer and more beside it',
      async () => {
        const path = join(temporaryFolder(), 'model.safetensors');
        await saveSafetensors(path, { weight: rand(3, 2, 5), 'norm.weight': rand(3) });
        return [path];
      },
      /^server: .*: has norm\.weight beside its weight; give the weights of one Conv1d, weight and bias\n$/,
    ],
    [
      'a weight that is no convolution',
      async () => {
        const path = join(temporaryFolder(), 'linear.safetensors');
        await saveSafetensors(path, { weight: rand(3, 2) });
        return [path];
      },
      /^server: .*: its weight has 2 dimensions; the weight of a Conv1d has three\n$/,
    ],
    [
      'a file that is none',
      async () => {
        const path = join(temporaryFolder(), 'junk.safetensors');
        writeFileSync(path, 'junk');
        return [path];
      },
      /^server: .*junk\.safetensors: .*\n$/,
    ],
  ];
  test.each(cases)('%s', async (_, argv, sentence) => {
    const { seen, ended } = start(...(await argv()));
    const [code] = await ended;
    expect(seen.stderr).toMatch(sentence);
    expect(seen.stderr.trim().split('\n')).toHaveLength(1);
    expect([code, seen.stdout]).toEqual([1, '']);
  });
});

describe('a server that is told to end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s exits with 0', async (signal) => {
    const { child, seen, ended } = start(FILTERBANK, '0');
    while (!seen.stdout.includes('listening on ')) await once(child.stdout, 'data');
    child.kill(signal);
    expect((await ended)[0]).toBe(0);
    expect(seen.stdout).toMatch(new RegExp(`\\n${signal}: finishing what is under way\\n$`));
    expect(seen.stderr).toBe('');
  });

  test('finishes what is under way, answers 503 on open connections, and takes no others', async () => {
    let finish = (): void => {};
    let begun = (): void => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await listening(async () => {
      begun();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return zeros(1, 1);
    });
    const { port } = server.address() as AddressInfo;
    const [busy, idle] = [await client(server), await client(server)];
    idle.write(HEALTH);
    await once(idle, 'data');
    busy.write(POST);
    busy.write(speech);
    await hasBegun;

    const drained = server.drain(60_000);
    idle.write(HEALTH);
    expect(await rest(idle)).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*the server is about to end\n/is);
    const late = connect(port, '127.0.0.1');
    expect(await once(late, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);

    const answer = rest(busy);
    finish();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 .*connection: close.*NUMPY/is);
    await drained;
  });

  test('cuts off what does not end in time', async () => {
    let begun = (): void => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await listening((_, signal) => {
      begun();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const busy = await client(server);
    busy.write(POST);
    busy.write(speech);
    await hasBegun;
    const answer = rest(busy);
    await server.drain(1);
    expect(await answer).toBe('');
  });
});

describe('a client that is too slow is cut off', () => {
  test('while it sends', async () => {
    const server = await listening(async () => zeros(1, 1), { slowAfter: 50 });
    const [headless, bodiless] = [await client(server), await client(server)];
    headless.write('POST /fea');
    bodiless.write(POST);
    bodiless.write(speech.subarray(0, 100));
    expect((await Promise.all([rest(headless), rest(bodiless)])).map((text) => text.split('\r\n')[0])).toEqual([
      'HTTP/1.1 408 Request Timeout',
      'HTTP/1.1 408 Request Timeout',
    ]);
  });

  test('while it should read, and its place is free again', async () => {
    // More than the system holds for a connection.
    const server = await listening(async () => zeros(1, 2 ** 24), { slowAfter: 200, mostPending: 1 });
    const deaf = await client(server);
    const isOver = new Promise<void>((resolve) => {
      server.once('request', (_, response) => response.once('close', resolve));
    });
    deaf.pause();
    deaf.write(POST);
    deaf.write(speech);
    await isOver;
    expect((await rest(deaf)).length).toBeLessThan(4 * 2 ** 24);
    const next = await client(server);
    next.write(HEALTH);
    expect(String((await once(next, 'data'))[0])).toContain('{"pending":0}');
  });
});
