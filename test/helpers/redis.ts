import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server for one test file: on loopback, with nothing kept on disk. */
export interface RedisServer {
  readonly port: number;
  readonly process: ChildProcess;
  /** `redis://127.0.0.1:PORT/db`. */
  url(db: number): string;
  stop(): Promise<void>;
}

/**
 * Whether the queue can be tested on this machine. Where there is no redis-server it says so, and the tests are skipped; with
 * CONV1D_REQUIRE_ALL=1, as .ci/run has it, they fail there.
 */
export function queueIsTestable(): boolean {
  if (process.env.CONV1D_REQUIRE_ALL === '1' || spawnSync('redis-server', ['--version']).error === undefined)
    return true;
  console.warn(
    'redis-server is not on this machine: the tests of the queue are skipped (Debian: apt-get install redis-server)',
  );
  return false;
}

/** Another program may take a free port before we do. */
const TRIES = 5;

/** Starts redis-server on a free port, with further settings as on its command line: `'--requirepass', 'secret'`. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  for (let i = 0; i < TRIES; i++) {
    const server = await tryToStart(await freePort(), settings);
    if (server !== undefined) return server;
  }
  throw new Error(`redis-server found no free port in ${TRIES} tries`);
}

async function tryToStart(port: number, settings: readonly string[]): Promise<RedisServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-redis-'));
  const flags = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
    '--databases',
    '64',
    ...settings,
  ];
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'close').catch(() => {});
  const ready = await new Promise<boolean>((resolve, reject) => {
    server.on('error', () => {
      reject(
        new Error('redis-server is not on this machine; the queue is tested with it: apt-get install redis-server'),
      );
    });
    server.on('exit', () => resolve(false));
    createInterface(server.stdout).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve(true);
    });
  });
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  if (ready) return { port, process: server, url: (db) => `redis://127.0.0.1:${port}/${db}`, stop };
  await stop();
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
