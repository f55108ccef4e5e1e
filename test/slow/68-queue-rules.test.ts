import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseAddress } from '../../lib/command/queue/address.ts';
import type { FileJob } from '../../lib/command/queue/fileJob.ts';
import { loadNpy } from '../../lib/io/npy.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from '../helpers/cli.ts';
import { startCommand } from '../helpers/command.ts';
import { queueIsTestable, type RedisServer, startRedis } from '../helpers/redis.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const TESTABLE = queueIsTestable();
const describeQueue = describe.skipIf(!TESTABLE);

/** A folder with a recording of a second; the command that convolves it. */
function task(url: string) {
  const folder = temporaryFolder();
  const input = join(folder, 'a.wav');
  writeFileSync(input, wavFile(16000, tone(440, 16000, 16000)));
  const out = join(folder, 'out');
  const run = (...flags: string[]) => conv1d('run', FILTERBANK, input, '--out', out, '--queue', url, ...flags);
  const work = () => conv1d('worker', '--queue', url, '--until-empty');
  const steps = async () => (await loadNpy(join(out, 'a.npy'))).shape[1];
  return { folder, input, out, run, work, steps };
}

describeQueue('done is what these parameters made last', () => {
  let redis: RedisServer;
  let databases = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  const newQueue = () => redis.url(databases++);

  test('stride 160, then 80, then 160 is done each time, and nothing twice in a row', async () => {
    const { run, work, steps } = task(newQueue());
    const lengths: unknown[] = [];
    for (const stride of ['160', '80', '160']) {
      await run('--stride', stride, '--detach');
      await work();
      lengths.push(await steps());
      expect((await run('--stride', stride)).stdout).toContain('1 file: 0 written, 1 done before\n');
    }
    expect(lengths[1]).toBeGreaterThan(lengths[0] as number);
    expect(lengths[2]).toBe(lengths[0]);
  });

  test('parameters that leave the size alone count, too', async () => {
    const { run, work, out } = task(newQueue());
    const contents: Buffer[] = [];
    for (const mode of ['reflect', 'replicate', 'reflect']) {
      await run('--padding', '100', '--padding-mode', mode, '--detach');
      expect((await work()).stdout).toContain('1 file written, ');
      contents.push(readFileSync(join(out, 'a.npy')));
    }
    expect(contents[1]!.equals(contents[0]!)).toBe(false);
    expect(contents[2]!.equals(contents[0]!)).toBe(true);
  });

  test('an output that was cut is written again', async () => {
    const { run, work, out, steps } = task(newQueue());
    await run('--detach');
    await work();
    const before = await steps();
    writeFileSync(join(out, 'a.npy'), 'cut');
    await run('--detach');
    expect((await work()).stdout).toContain('1 file written, ');
    expect(await steps()).toBe(before);
  });

  test('a file that waits for an earlier command is made for the later one, and the earlier one hears of it', async () => {
    const url = newQueue();
    const { run, work, steps } = task(url);
    const { host, port, db } = parseAddress(url);
    const queue = new Queue<FileJob>('conv1d', { connection: { host, port, db } });
    onTestFinished(() => queue.close());
    const strideOf = async () => (await queue.getWaiting())[0]?.data.layer.parameters.stride;
    const earlier = run('--stride', '160');
    await vi.waitUntil(async () => (await strideOf()) === 160, { timeout: 10_000 });
    const later = run('--stride', '80');
    await vi.waitUntil(async () => (await strideOf()) === 80, { timeout: 10_000 });
    await work();
    expect((await later).stdout).toContain('1 file: 1 written\n');
    const { code, stderr } = await earlier;
    expect({ code, stderr: stderr.replace(/^.*?a\.wav: /, '') }).toEqual({
      code: 1,
      stderr:
        'another command has asked for the same output since, with another input, weights or parameters; run one after the other, or give each its own --out\n',
    });
    expect(await steps()).toBeGreaterThan(150);
  });
});

describeQueue('a server that refuses is a sentence that says what to do', () => {
  const cannot = (shown: string) => `conv1d: cannot use the queue at ${shown}: `;
  const REFUSALS: [name: string, settings: string[], sentence: string][] = [
    [
      'a full one',
      ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'],
      'its memory is full: raise its maxmemory or remove what else it holds, then run the same command again (OOM)\n',
    ],
    [
      'a replica',
      ['--replicaof', '127.0.0.1 1'],
      'it is a replica, which takes no writes: give the address of its primary (READONLY)\n',
    ],
    [
      'one that asks for a password',
      ['--requirepass', 'secret'],
      'it asks for a password: set CONV1D_QUEUE_PASSWORD, or write redis://user:password@host (NOAUTH)\n',
    ],
    [
      'one with another password',
      ['--user', 'user', 'on', '>other', '~*', '+@all'],
      'it knows no such user with this password: correct the address or CONV1D_QUEUE_PASSWORD (WRONGPASS)\n',
    ],
    [
      'one that allows too little',
      ['--user', 'user', 'on', '>secret', '~other:*', '+@all'],
      'the user may not do this: give it all commands on the keys of the queue (ACL SETUSER name ~bull:* +@all) (NOPERM)\n',
    ],
  ];

  test.each(REFUSALS)('%s, to those who write', async (name, settings, sentence) => {
    const redis = await startRedis(...settings);
    onTestFinished(() => redis.stop());
    const withUser = /another|allows/.test(name);
    const url = withUser ? redis.url(0).replace('//', '//user:secret@') : redis.url(0);
    const { run } = task(url);
    const commands = [run(), conv1d('worker', '--queue', url), conv1d('worker', '--queue', url, '--until-empty')];
    for (const { code, stderr } of await Promise.all(commands)) {
      expect(stderr).toBe(cannot(redis.url(0).replace('/0', '')) + sentence);
      expect(code).toBe(1);
    }
  });

  test('queue status still answers where only writes are refused', async () => {
    for (const [, settings] of REFUSALS.slice(0, 2)) {
      const redis = await startRedis(...settings);
      onTestFinished(() => redis.stop());
      const { code, stdout, stderr } = await conv1d('queue', 'status', '--queue', redis.url(0), '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ waiting: 0, failed: 0 });
    }
  });

  test('a retry that the server refuses is no dead letter that is gone', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const { input, run, work } = task(redis.url(0));
    writeFileSync(input, 'no recording');
    await run('--detach');
    await work();
    const client = new Redis(redis.port, '127.0.0.1');
    onTestFinished(() => client.disconnect());
    await client.replicaof('127.0.0.1', 1);
    const again = await conv1d('queue', 'retry', '--queue', redis.url(0));
    expect(again.stderr).toMatch(/: it is a replica, .* \(READONLY\)\n$/);
    expect([again.code, again.stdout]).toEqual([1, '']);
    const resubmitted = await run();
    expect(resubmitted.stderr).toMatch(/: it is a replica, .* \(READONLY\)\n/);
  });

  test('a worker waits while the server is full, says so once, and goes on', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const { run } = task(redis.url(0));
    const client = new Redis(redis.port, '127.0.0.1');
    onTestFinished(() => client.disconnect());
    const worker = startCommand('worker', '--queue', redis.url(0));
    await worker.says('waiting for files');
    await client.config('SET', 'maxmemory', '1');
    await worker.says('(OOM)');
    await client.config('SET', 'maxmemory', '0');
    await worker.says('takes writes again');
    expect((await run()).stdout).toContain('1 file: 1 written\n');
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toEqual([0, null]);
    expect(worker.output().match(/\(OOM\)/g)).toHaveLength(1);
    expect(worker.output()).not.toContain('bug');
  });
});
