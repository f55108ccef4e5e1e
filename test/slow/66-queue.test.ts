import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseAddress } from '../../lib/command/queue/address.ts';
import { connect } from '../../lib/command/queue/connection.ts';
import { type FileJob, jobId, readFileJob, workOf } from '../../lib/command/queue/fileJob.ts';
import type { QueueStatus } from '../../lib/command/queue/status.ts';
import { submit } from '../../lib/command/queue/submit.ts';
import { compile, Module, nn, saveNetwork, type Tensor } from '../../lib/index.ts';
import { saveNpy } from '../../lib/io/npy.ts';
import { saveSafetensors } from '../../lib/io/safetensors.ts';
import { sha256 } from '../../lib/io/sha256.ts';
import { Conv1d } from '../../lib/nn/conv1d.ts';
import { rand } from '../../lib/tensor/factories.ts';
import { contents, jsonLines, withoutPackage } from '../helpers/batch.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from '../helpers/cli.ts';
import { type CommandProcess, startCommand } from '../helpers/command.ts';
import { Dice } from '../helpers/dice.ts';
import { scaled } from '../helpers/onnxModel.ts';
import { queueIsTestable, type RedisServer, startRedis } from '../helpers/redis.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
/** Workers of the tests find a dead one's files quickly. */
const QUICK = ['--lock-duration', '1', '--stalled-interval', '0.3'];
const SUBMIT = {
  attempts: 1,
  backoff: 1,
  window: 1000,
  resubmitAfter: 15_000,
  unattendedAfter: 600_000,
  detach: false,
  signal: new AbortController().signal,
};
const QUIET = { lost: () => {}, back: () => {} };

const TESTABLE = queueIsTestable();
const describeQueue = describe.skipIf(!TESTABLE);

let redis: RedisServer;
let databases = 0;
beforeAll(async () => {
  if (TESTABLE) redis = await startRedis();
});
afterAll(() => redis?.stop());

/** A queue for one test: a database of its own. */
function newQueue(): string {
  return redis.url(databases++);
}

/** A worker in a process of its own. */
function startWorker(url: string, ...flags: string[]): CommandProcess {
  return startCommand('worker', '--queue', url, ...flags);
}

/** BullMQ's own view of a queue. */
function look(url: string): Queue<FileJob> {
  const { host, port, db } = parseAddress(url);
  const queue = new Queue<FileJob>('conv1d', { connection: { host, port, db } });
  onTestFinished(() => queue.close());
  return queue;
}

async function statusOf(url: string): Promise<QueueStatus> {
  return JSON.parse((await conv1d('queue', 'status', '--queue', url, '--json')).stdout);
}

/** Writes short recordings of different lengths and gives back their paths. */
function recordings(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, `recording-${String(i).padStart(3, '0')}.wav`);
    writeFileSync(path, wavFile(16000, tone(200 + 10 * i, 16000, 500 + 40 * (i % 50))));
    return path;
  });
}

describeQueue('three workers, 300 files and kill -9', () => {
  test('every output is complete and what a local run writes, none is lost, and nothing runs twice when submitted again', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const dice = new Dice(66);
    const inputs = recordings(folder, 300);
    const out = join(folder, 'out');
    const queue = look(url);

    const flags = [...QUICK, '--concurrency', '2', '--takeovers', '20', '--threads', '1'];
    const workers: CommandProcess[] = [0, 1, 2].map(() => startWorker(url, ...flags));
    const submitted = conv1d('run', FILTERBANK, ...inputs, '--out', out, '--queue', url);

    // At these numbers of finished files a worker is killed that has files in hand, and another one is started.
    const moments = Array.from({ length: 8 }, (_, i) => 30 * (i + 1) + dice.integer(-10, 10));
    for (const moment of moments) {
      const wanted = dice.integer(0, workers.length - 1);
      const victim = await vi.waitUntil(
        async () => {
          if ((await queue.getCompletedCount()) < moment) return undefined;
          const busy = new Set((await queue.getActive()).map((job) => job.processedBy));
          const order = workers.map((_, i) => (wanted + i) % workers.length);
          return order.map((i) => workers[i]!).find(({ process }) => busy.has(`${hostname()}-${process.pid}`));
        },
        { timeout: 30_000, interval: 2 },
      );
      victim!.process.kill('SIGKILL');
      workers[workers.indexOf(victim!)] = startWorker(url, ...flags);
    }

    const { code, stdout, stderr } = await submitted;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('300 files: 300 written\n');
    expect(await statusOf(url)).toMatchObject({ waiting: 0, active: 0, retrying: 0, done: 300, failed: 0 });

    const jobs = await queue.getCompleted();
    expect(jobs.reduce((sum, job) => sum + job.stalledCounter, 0)).toBeGreaterThan(0);
    expect(jobs.filter((job) => job.attemptsStarted !== 1 + job.stalledCounter)).toEqual([]);

    const local = join(folder, 'local');
    expect((await conv1d('run', FILTERBANK, ...inputs, '--out', local)).code).toBe(0);
    // A killed worker's temporary file may be there until the next worker comes to the folder.
    const outputs = readdirSync(out).filter((name) => !name.endsWith('.tmp'));
    expect(outputs.sort()).toEqual(inputs.map((input) => `${basename(input, '.wav')}.npy`));
    const different = outputs.filter((name) => !readFileSync(join(out, name)).equals(readFileSync(join(local, name))));
    expect(different).toEqual([]);

    const again = await conv1d('run', FILTERBANK, ...inputs, '--out', out, '--queue', url);
    expect(again.stdout).toContain('300 files: 0 written, 300 done before\n');
    const starts = (await queue.getCompleted()).map((job) => [job.id, job.attemptsStarted]);
    expect(new Map(starts as [string, number][])).toEqual(new Map(jobs.map((job) => [job.id, job.attemptsStarted])));
  });
});

describeQueue('conv1d run --queue', () => {
  test('--detach returns at once, and the same command later waits for the rest', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const argv = ['run', FILTERBANK, ...recordings(folder, 3), '--out', join(folder, 'out'), '--queue', url];
    const detached = await conv1d(...argv, '--detach');
    expect(detached.stdout).toMatch(/^3 files: 0 written, 3 left\n/);
    expect(detached.stderr).toBe('conv1d: 3 files are in the queue; conv1d queue status counts\n');
    expect(detached.code).toBe(0);
    expect(await statusOf(url)).toMatchObject({ waiting: 3, active: 0, done: 0, failed: 0, workers: 0 });

    const [waited] = await Promise.all([conv1d(...argv), conv1d('worker', '--queue', url, '--until-empty')]);
    expect(waited.code).toBe(0);
    expect(waited.stdout).toContain('3 files: 3 written\n');
    expect(readdirSync(join(folder, 'out'))).toHaveLength(3);
  });

  test('an output that was deleted is written again', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const argv = ['run', FILTERBANK, ...recordings(folder, 2), '--out', join(folder, 'out'), '--queue', url];
    await conv1d(...argv, '--detach');
    await conv1d('worker', '--queue', url, '--until-empty');
    rmSync(join(folder, 'out', 'recording-001.npy'));
    const [again] = await Promise.all([conv1d(...argv), conv1d('worker', '--queue', url, '--until-empty')]);
    expect(again.stdout).toContain('2 files: 1 written, 1 done before\n');
    expect(readdirSync(join(folder, 'out'))).toHaveLength(2);
  });

  test('files that cannot succeed fail at once, the others are written, and the exit code is 3', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const [good] = recordings(folder, 1);
    const [bad, stereo, gone] = ['bad.wav', 'stereo.wav', 'gone.wav'].map((name) => join(folder, name));
    writeFileSync(bad!, 'no recording');
    writeFileSync(stereo!, wavFile(8000, tone(440, 8000, 800), tone(550, 8000, 800)));
    const argv = ['run', FILTERBANK, good!, bad!, stereo!, gone!, '--out', join(folder, 'out'), '--queue', url];
    const [{ code, stdout, stderr }, worker] = await Promise.all([
      conv1d(...argv, '--attempts', '5'),
      vi
        .waitUntil(async () => (await look(url).getJobCountByTypes('waiting')) === 3, { timeout: 10_000 })
        .then(() => conv1d('worker', '--queue', url, '--until-empty')),
    ]);
    expect(code).toBe(3);
    expect(stdout).toContain('4 files: 1 written, 3 failed\n');
    expect(worker.stdout).toContain('1 file written, 2 failed, ');
    const lines = stderr.trim().split('\n').sort();
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^conv1d: .*bad\.wav: a \.wav file begins with .*$/);
    expect(lines[1]).toMatch(/^conv1d: .*gone\.wav: no such file or directory$/);
    expect(lines[2]).toMatch(/^conv1d: .*stereo\.wav: has 2 channels, but the weights take 1; .*$/);
    expect((await look(url).getFailed()).map(({ attemptsMade }) => attemptsMade)).toEqual([1, 1]);
  });

  test('what goes wrong for now is tried again after pauses that double, then is a dead letter that can be retried', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const [input] = recordings(folder, 1);
    const argv = ['run', FILTERBANK, input!, '--out', join(folder, 'out'), '--queue', url];
    await conv1d(...argv, '--detach', '--attempts', '2');
    const bytes = readFileSync(input!);
    rmSync(input!);
    const worker = await conv1d('worker', '--queue', url, '--until-empty');
    const reason = `${input}: no such file or directory`;
    expect(worker.stderr).toBe(`conv1d: ${reason}; it is tried again\nconv1d: ${reason}\n`);

    const [job] = await look(url).getFailed();
    expect(job!.opts.backoff).toEqual({ type: 'exponential', delay: 1000 });
    const { failed, deadLetters } = await statusOf(url);
    expect(failed).toBe(1);
    expect(deadLetters).toMatchObject([{ id: job!.id, input, attempts: 2, reason: 'no such file or directory' }]);
    const status = await conv1d('queue', 'status', '--queue', url);
    expect(status.code).toBe(3);
    expect(status.stdout).toContain(`${job!.id} (2 tries) ${reason}`);

    writeFileSync(input!, bytes);
    expect((await conv1d('queue', 'retry', job!.id!, '--queue', url)).stdout).toBe('1 file back in the queue\n');
    await conv1d('worker', '--queue', url, '--until-empty');
    expect(readdirSync(join(folder, 'out'))).toEqual(['recording-000.npy']);
    expect(await statusOf(url)).toMatchObject({ waiting: 0, done: 1, failed: 0, deadLetters: [] });
  });

  test('a retry of all dead letters ends, even where they fail again at once', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const inputs = ['a.wav', 'b.wav', 'c.wav'].map((name) => join(folder, name));
    for (const input of inputs) writeFileSync(input, 'no recording');
    await conv1d('run', FILTERBANK, ...inputs, '--out', join(folder, 'out'), '--queue', url, '--detach');
    await conv1d('worker', '--queue', url, '--until-empty');
    const [retried] = await Promise.all([
      conv1d('queue', 'retry', '--queue', url),
      conv1d('worker', '--queue', url, '--until-empty'),
    ]);
    expect(retried.stdout).toBe('3 files back in the queue\n');
    await conv1d('worker', '--queue', url, '--until-empty');
    expect((await statusOf(url)).failed).toBe(3);
    const unknown = await conv1d('queue', 'retry', 'file-0', '--queue', url);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toBe('conv1d: file-0 is no dead letter; conv1d queue status lists them\n');
  });

  test('a worker refuses weights that are not those which were submitted', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const weights = join(folder, 'w.safetensors');
    const input = join(folder, 'x.npy');
    await saveSafetensors(weights, new Conv1d(2, 3, 5).stateDict());
    await saveNpy(input, rand(2, 50));
    const argv = ['run', weights, input, '--out', join(folder, 'out'), '--queue', url];
    await conv1d(...argv, '--detach');
    await saveSafetensors(weights, new Conv1d(2, 3, 5).stateDict());
    const { stderr } = await conv1d('worker', '--queue', url, '--until-empty');
    expect(stderr).toMatch(/w\.safetensors: these weights are not those that were submitted .*; submit again\n$/);
    expect(existsSync(join(folder, 'out'))).toBe(false);

    const [again] = await Promise.all([conv1d(...argv), conv1d('worker', '--queue', url, '--until-empty')]);
    expect(again.code).toBe(0);
  });

  test('networks give through the queue what they give here: recordings, named tensors, models with external data', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const listener = join(folder, 'listener.safetensors');
    const net = new nn.Sequential(new Conv1d(1, 4, 16, { stride: 8 }), new nn.ReLU()).eval();
    await saveNetwork(listener, compile(net, { input: rand(1, 1, 100), algorithm: 'fast' }));
    class Pair extends Module {
      override forward(a: Tensor, b: Tensor): Tensor[] {
        return [a.add(b), a.sub(b)];
      }
    }
    const pair = join(folder, 'pair.safetensors');
    const inputs = { a: rand(1, 2, 30), b: rand(1, 2, 30) };
    await saveNetwork(pair, compile(new Pair().eval(), { inputs, outputs: ['sum', 'difference'] }));
    const model = join(folder, 'scale.onnx');
    writeFileSync(model, scaled('scale.data'));
    writeFileSync(join(folder, 'scale.data'), Float32Array.of(3));
    await saveSafetensors(join(folder, 'ab.safetensors'), inputs);
    await saveNpy(join(folder, 'x.npy'), rand(1, 1, 40));
    const [recording] = recordings(folder, 1);
    const runs: readonly (readonly string[])[] = [
      [listener, recording!],
      [listener, recording!, '--algorithm', 'direct'],
      [pair, join(folder, 'ab.safetensors')],
      [pair, join(folder, 'ab.safetensors'), '--format', 'npz'],
      [model, join(folder, 'x.npy'), '--format', 'wav', '--sample-rate', '8000'],
      [model, join(folder, 'x.npy')],
    ];
    const worker = startWorker(url, ...QUICK);
    for (const [i, run] of runs.entries()) {
      const queued = await conv1d('run', ...run, '--out', join(folder, `queued${i}`), '--queue', url);
      const local = await conv1d('run', ...run, '--out', join(folder, `local${i}`));
      expect(queued.code, queued.stderr).toBe(local.code);
      expect(contents(join(folder, `queued${i}`))).toEqual(contents(join(folder, `local${i}`)));
    }
    // Whatever else is the same: another algorithm than the file's is other work, and so are other external data.
    const again = async (...flags: string[]) => {
      const { stdout } = await conv1d('run', ...flags, '--out', join(folder, 'same'), '--queue', url, '--json');
      return jsonLines(stdout)[0]!.status;
    };
    expect([await again(listener, recording!), await again(listener, recording!)]).toEqual(['written', 'skipped']);
    expect(await again(listener, recording!, '--algorithm', 'direct')).toBe('written');
    expect([await again(model, join(folder, 'x.npy')), await again(model, join(folder, 'x.npy'))]).toEqual([
      'written',
      'skipped',
    ]);
    writeFileSync(join(folder, 'scale.data'), Float32Array.of(4));
    expect(await again(model, join(folder, 'x.npy'))).toBe('written');
    worker.process.kill('SIGTERM');
    await worker.ended;
  });

  test('a worker refuses a model whose external data are not those which were submitted', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const model = join(folder, 'scale.onnx');
    writeFileSync(model, scaled('scale.data'));
    writeFileSync(join(folder, 'scale.data'), Float32Array.of(3));
    await saveNpy(join(folder, 'x.npy'), rand(2, 1, 40));
    await conv1d('run', model, join(folder, 'x.npy'), '--out', join(folder, 'out'), '--queue', url, '--detach');
    writeFileSync(join(folder, 'scale.data'), Float32Array.of(4));
    const { stderr } = await conv1d('worker', '--queue', url, '--until-empty');
    expect(stderr).toMatch(/scale\.onnx: these weights are not those that were submitted .*; submit again\n$/);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  test('parameters and the key of the layer reach the worker', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const weights = join(folder, 'model.safetensors');
    const input = join(folder, 'x.npy');
    const { weight, bias } = new Conv1d(4, 6, 3, { groups: 2 });
    await saveSafetensors(weights, { 'a.weight': rand(2, 2, 2), 'b.weight': weight, 'b.bias': bias! });
    await saveNpy(input, rand(2, 4, 50));
    const flags = ['--key', 'b', '--groups', '2', '--dilation', '3', '--padding', '1,4', '--padding-mode', 'reflect'];
    const [queued] = await Promise.all([
      conv1d('run', weights, input, '--out', join(folder, 'out'), ...flags, '--queue', url),
      vi
        .waitUntil(async () => (await look(url).getJobCountByTypes('waiting')) === 1, { timeout: 10_000 })
        .then(() => conv1d('worker', '--queue', url, '--until-empty')),
    ]);
    expect(queued.code).toBe(0);
    expect((await conv1d('run', weights, input, '--out', join(folder, 'local'), ...flags)).code).toBe(0);
    expect(readFileSync(join(folder, 'out', 'x.npy'))).toEqual(readFileSync(join(folder, 'local', 'x.npy')));
  });

  test('a server that forgets everything is told again', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const queue = look(url);
    const [input] = recordings(folder, 1);
    const output = join(folder, 'out.npy');
    const connection = await connect(parseAddress(url), QUIET);
    onTestFinished(() => connection.close());
    const done: string[] = [];
    const following = submit(
      connection,
      [{ input: input!, output, format: 'npy', picture: null }],
      { path: FILTERBANK, sha256: await sha256(FILTERBANK), key: null, parameters: {} },
      { ...SUBMIT, resubmitAfter: 50 },
      { done: (file) => done.push(file.output), doneBefore: () => {}, failed: () => {}, unattended: () => {} },
    );
    await vi.waitUntil(async () => (await queue.getJobCountByTypes('waiting')) === 1, { timeout: 10_000 });
    await connection.redis.flushdb();
    await vi.waitUntil(async () => (await queue.getJobCountByTypes('waiting')) === 1, { timeout: 10_000 });
    await conv1d('worker', '--queue', url, '--until-empty');
    expect(await following).toBe(0);
    expect(done).toEqual([output]);
  });

  test.each([
    ['is told once when no worker is connected', false, 1],
    ['is told nothing while one is', true, 0],
  ])('who waits %s', async (_, attended, times) => {
    const folder = temporaryFolder();
    const url = newQueue();
    const connection = await connect(parseAddress(url), QUIET);
    onTestFinished(() => connection.close());
    const queue = look(url);
    if (attended) {
      startWorker(url);
      await vi.waitUntil(async () => (await queue.getWorkersCount()) === 1, { timeout: 10_000 });
      await queue.pause(); // files wait although there is a worker
    }
    const looks = vi.spyOn(connection.packages.bullmq.Queue.prototype, 'getWorkersCount');
    onTestFinished(() => looks.mockRestore());
    let told = 0;
    const files = recordings(folder, 3).map((input) => {
      return { input, output: `${input}.npy`, format: 'npy' as const, picture: null };
    });
    const following = submit(
      connection,
      files,
      { path: FILTERBANK, sha256: await sha256(FILTERBANK), key: null, parameters: {} },
      { ...SUBMIT, unattendedAfter: 0 },
      { done: () => {}, doneBefore: () => {}, failed: () => {}, unattended: () => told++ },
    );
    await vi.waitUntil(() => looks.mock.settledResults[0]?.type === 'fulfilled', { timeout: 10_000 });
    if (attended) await queue.resume();
    else await conv1d('worker', '--queue', url, '--until-empty');
    expect(await following).toBe(0);
    expect(told).toBe(times);
  });

  test('no more files than the window are in the queue at once, and all are done in the end', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const queue = look(url);
    const connection = await connect(parseAddress(url), QUIET);
    onTestFinished(() => connection.close());
    const layer = { path: FILTERBANK, sha256: await sha256(FILTERBANK), key: null, parameters: {} };
    const files = recordings(folder, 25).map((input) => {
      return { input, output: `${input}.npy`, format: 'npy' as const, picture: null };
    });
    const done: string[] = [];
    const following = submit(
      connection,
      files,
      layer,
      { ...SUBMIT, window: 10 },
      { done: ({ output }) => done.push(output), doneBefore: () => {}, failed: () => {}, unattended: () => {} },
    );
    await vi.waitUntil(async () => (await queue.getWaitingCount()) === 10, { timeout: 10_000 });
    const worker = startWorker(url);
    expect(await following).toBe(0);
    worker.process.kill();
    expect(done.sort()).toEqual(files.map(({ output }) => output));
    expect((await queue.getCompleted()).length).toBe(25);
  });

  test('SIGINT stops the waiting; the files stay in the queue', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const argv = ['run', FILTERBANK, ...recordings(folder, 3), '--out', join(folder, 'out'), '--queue', url];
    const submitter = startCommand(...argv);
    await vi.waitUntil(async () => (await look(url).getWaitingCount()) === 3, { timeout: 10_000 });
    submitter.process.kill('SIGINT');
    expect(await submitter.ended).toEqual([130, null]);
    expect(submitter.output()).toContain('SIGINT: the same command waits again for what is in the queue\n');
    expect(submitter.output()).toContain('3 files are in the queue; conv1d queue status counts\n');
    expect((await statusOf(url)).waiting).toBe(3);
  });

  test('weights that no worker could use are refused before anything is queued', async () => {
    const url = newQueue();
    const input = repositoryFile('examples/speech.wav');
    const { code, stderr } = await conv1d('run', input, input, '--out', temporaryFolder(), '--queue', url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^conv1d: .*speech\.wav: .*\n$/);
    expect((await statusOf(url)).waiting).toBe(0);
  });

  test.each([
    [['--threads', '2'], '--threads is for those who compute: give it to conv1d worker'],
    [['--resume'], '--resume is not needed with --queue: the queue remembers what is done'],
    [['--strict'], '--strict cannot be used with --queue: the workers go on'],
  ])('%j makes no sense there', async (flags, says) => {
    const argv = ['run', 'w', 'x.wav', '--out', 'o', '--queue', 'redis://127.0.0.1', ...flags];
    expect(await conv1d(...argv)).toEqual({ code: 2, stdout: '', stderr: `conv1d: ${says}\n` });
  });

  test('directories keep their folders, --json tells of each file, and the features may be safetensors', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const inner = join(folder, 'in', 'inner');
    mkdirSync(inner, { recursive: true });
    recordings(inner, 1);
    const out = join(folder, 'out');
    const argv = ['run', FILTERBANK, join(folder, 'in'), '--out', out, '--format', 'safetensors', '--json'];
    await conv1d(...argv, '--queue', url, '--detach');
    const [{ stdout }] = await Promise.all([
      conv1d(...argv, '--queue', url),
      conv1d('worker', '--queue', url, '--until-empty'),
    ]);
    expect(readdirSync(join(out, 'inner'))).toEqual(['recording-000.safetensors']);
    const [file, summary] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const output = join(out, 'inner', 'recording-000.safetensors');
    const bytes = readFileSync(output).length;
    expect(file).toMatchObject({
      status: 'written',
      output,
      outputBytes: bytes,
      shape: [402, 1],
      seconds: 500 / 16000,
    });
    expect(summary).toMatchObject({ files: 1, written: 1, failed: 0, outputBytes: bytes });
  });

  test('an output that cannot be written is no fault of the file: it is tried again', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const out = join(folder, 'out');
    await conv1d(
      'run',
      FILTERBANK,
      ...recordings(folder, 1),
      '--out',
      out,
      '--queue',
      url,
      '--detach',
      '--attempts',
      '2',
    );
    writeFileSync(out, 'a file where the folder should be');
    const { stderr } = await conv1d('worker', '--queue', url, '--until-empty');
    expect(stderr).toMatch(/cannot write .*recording-000\.npy: [^;]*; it is tried again\n.*cannot write [^;]*\n$/);
  });

  test('--plot draws there, too', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const out = join(folder, 'out');
    const speech = repositoryFile('examples/speech.wav');
    await conv1d('run', FILTERBANK, speech, '--out', out, '--plot', '--queue', url, '--detach');
    await conv1d('worker', '--queue', url, '--until-empty');
    expect(readdirSync(out).sort()).toEqual(['speech.npy', 'speech.png']);
  });
});

describeQueue('conv1d worker', () => {
  test('SIGTERM finishes the files in hand and leaves the others; a second one ends it at once', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const argv = ['run', FILTERBANK, ...recordings(folder, 100), '--out', join(folder, 'out'), '--queue', url];
    await conv1d(...argv, '--detach');
    const worker = startWorker(url, '--concurrency', '2');
    await worker.says('.npy');
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toEqual([0, null]);
    expect(worker.output()).toContain('finishing the files in hand');
    const { waiting, active, done, failed } = await statusOf(url);
    expect({ active, failed, sum: waiting + done }).toEqual({ active: 0, failed: 0, sum: 100 });
    expect(readdirSync(join(folder, 'out'))).toHaveLength(done);

    const impatient = startWorker(url, '--concurrency', '2');
    await impatient.says('waiting for files');
    // A server that is frozen: what is in hand cannot be finished.
    redis.process.kill('SIGSTOP');
    try {
      impatient.process.kill('SIGTERM');
      await impatient.says('finishing the files in hand');
      impatient.process.kill('SIGTERM');
      expect(await impatient.ended).toEqual([143, null]);
    } finally {
      redis.process.kill('SIGCONT');
    }
  });

  test('a lost connection is told of once and comes back', async () => {
    const folder = temporaryFolder();
    const url = newQueue();
    const worker = startWorker(url);
    await worker.says('waiting for files');
    const connection = await connect(parseAddress(url), QUIET);
    onTestFinished(() => connection.close());
    await connection.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await worker.says('is back');
    const [input] = recordings(folder, 1);
    const queued = await conv1d('run', FILTERBANK, input!, '--out', join(folder, 'out'), '--queue', url);
    expect(queued.code).toBe(0);
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toEqual([0, null]);
    const shown = url.replace(/\/0$/, '');
    expect(worker.output()).toContain(`lost the queue at ${shown}: the connection was closed; trying again\n`);
    expect(worker.output().match(/lost the queue/g)).toHaveLength(1);
  });

  test('what is no job of ours is a dead letter, and nothing is read or written for it', async () => {
    const url = newQueue();
    const queue = look(url);
    await queue.add('convolve', { input: 'relative.wav' } as unknown as FileJob, { attempts: 3 });
    await queue.add('convolve', null as unknown as FileJob);
    await conv1d('worker', '--queue', url, '--until-empty');
    const { deadLetters } = await statusOf(url);
    expect(deadLetters.map(({ attempts }) => attempts)).toEqual([1, 1]);
    for (const { reason } of deadLetters)
      expect(reason).toMatch(/is not what 'conv1d run --queue' of this version writes/);
  });

  test.each([
    [['worker'], "required option '--queue <url>' not specified"],
    [['worker', '--queue', 'redis://x', '--concurrency', '0'], '.*expected a whole number from 1 .*'],
    [['worker', '--queue', 'redis://x', '--lock-duration', '0'], '.*expected seconds, from 0.01 to 86400'],
    [['worker', '--queue', 'redis://x', '--threads', '9999'], '.*--threads.* expected a whole number from 1 to 256'],
    [['queue', 'statu', '--queue', 'redis://x'], "unknown command 'statu' .*"],
    [['queue', 'status', '--queue', 'redis://x', '--limit', 'all'], '.*expected a whole number from 1 .*'],
    [['queue', 'status', '--queue', 'localhost:6379'], '--queue: expected redis://.*'],
    [['queue', 'retry', '--queue', 'http://localhost'], '--queue: expected redis://.*'],
    [['queue', 'retry', '--queue', 'redis://user:secret@/x'], '--queue: expected redis://.*'],
  ])('a command line that makes no sense ends with exit code 2: %j', async (argv, says) => {
    const { code, stdout, stderr } = await conv1d(...argv);
    expect(stderr).toMatch(new RegExp(`^conv1d: ${says}\n$`));
    expect(stderr).not.toContain('secret');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describeQueue('a queue that cannot be used is one sentence and exit code 1', () => {
  test('nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    for (const argv of [['worker'], ['queue', 'status'], ['queue', 'retry']]) {
      const { code, stderr } = await conv1d(...argv, '--queue', `redis://127.0.0.1:${port}`);
      expect(stderr).toBe(`conv1d: cannot use the queue at redis://127.0.0.1:${port}: nothing listens there\n`);
      expect(code).toBe(1);
    }
  });

  test('a server that is not Redis, and one that hangs up', async () => {
    for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const server = createServer((socket) => socket.end(answer)).listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const { code, stderr } = await conv1d('queue', 'status', '--queue', `redis://127.0.0.1:${port}`);
      expect(stderr).toMatch(/^conv1d: cannot use the queue at redis:\/\/127\.0\.0\.1:\d+: [^\n]+\n$/);
      expect(code).toBe(1);
    }
  });

  test('a wrong password, which is not repeated', async () => {
    const url = redis.url(0).replace('//', '//user:secret@');
    const { code, stderr } = await conv1d('queue', 'status', '--queue', url);
    expect(stderr).toMatch(
      /^conv1d: cannot use the queue at redis:\/\/127\.0\.0\.1:\d+: it knows no such user with this password: .* \(WRONGPASS\)\n$/,
    );
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
  });

  test('a password of the environment is used where the address has none', async () => {
    const connection = await connect(parseAddress(redis.url(0)), QUIET);
    onTestFinished(() => connection.close());
    await connection.redis.call('ACL', 'SETUSER', 'keeper', 'on', '>secret', '~*', '+@all');
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('CONV1D_QUEUE_PASSWORD', 'secret');
    const url = redis.url(0).replace('//', '//keeper@');
    const { code, stderr } = await conv1d('queue', 'status', '--queue', url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('a database that is not there', async () => {
    const { code, stderr } = await conv1d('queue', 'status', '--queue', redis.url(999));
    expect(stderr).toMatch(/: .*DB index is out of range.*\n$/);
    expect(code).toBe(1);
  });

  test('bullmq is not installed: the sentence has the command, and everything else works', () => {
    const hooks = withoutPackage('bullmq');
    const run = (...argv: string[]) =>
      spawnSync(
        process.execPath,
        ['--import', 'tsx', '--import', hooks, repositoryFile('lib/command/cli/main.ts'), ...argv],
        {
          cwd: repositoryFile('.'),
          env: { ...process.env, NO_COLOR: '1' },
          encoding: 'utf8',
        },
      );
    const { status, stderr } = run('worker', '--queue', redis.url(0));
    expect(stderr).toBe(
      'conv1d: a queue needs the package bullmq, which is not installed: npm install bullmq ioredis\n',
    );
    expect(status).toBe(1);
    expect(run('info').status).toBe(0);
  });
});

describe('a job', () => {
  const job: FileJob = {
    input: '/in/a.wav',
    output: '/out/a.npy',
    format: 'npy',
    picture: null,
    layer: { path: '/w.safetensors', sha256: '0'.repeat(64), key: null, parameters: { stride: 2, padding: [1, 2] } },
    identity: { size: 44, modified: 1.5 },
  };

  test('has a name for its output, and is other work when anything about the result changes', () => {
    const others: FileJob[] = [
      { ...job, input: '/in/b.wav' },
      { ...job, output: '/out/b.npy' },
      { ...job, format: 'safetensors' },
      { ...job, picture: '/out/a.png' },
      { ...job, identity: { size: 45, modified: 1.5 } },
      { ...job, identity: { size: 44, modified: 2.5 } },
      { ...job, layer: { ...job.layer, sha256: '1'.repeat(64) } },
      { ...job, layer: { ...job.layer, key: 'a.' } },
      { ...job, layer: { ...job.layer, parameters: { stride: 2 } } },
      { ...job, layer: { ...job.layer, parameters: { stride: 2, padding: 'causal' } } },
      { ...job, layer: { ...job.layer, parameters: { ...job.layer.parameters, algorithm: 'fast' } } },
    ];
    const network: FileJob = { ...job, layer: { ...job.layer, parameters: {}, isNetwork: true } };
    others.push(network, { ...network, layer: { ...network.layer, parameters: { algorithm: 'direct' } } });
    expect(readFileJob(JSON.parse(JSON.stringify(network)))).toEqual(network);
    expect(new Set([job, ...others].map(workOf)).size).toBe(1 + others.length);
    expect(workOf({ ...job, layer: { ...job.layer, path: '/moved.safetensors' } })).toBe(workOf(job));
    const direct: FileJob = {
      ...job,
      layer: { ...job.layer, parameters: { ...job.layer.parameters, algorithm: 'direct' } },
    };
    expect(workOf(direct)).toBe(workOf(job));
    expect(readFileJob(JSON.parse(JSON.stringify(direct)))).toEqual(direct);
    expect(others.filter((other) => jobId(other) !== jobId(job)).map(({ output }) => output)).toEqual(['/out/b.npy']);
    expect(readFileJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'x'],
    ['no layer', { ...job, layer: undefined }],
    ['a relative input', { ...job, input: 'a.wav' }],
    ['a relative output', { ...job, output: 'a.npy' }],
    ['a format nobody knows', { ...job, format: 'csv' }],
    ['a relative picture', { ...job, picture: 'a.png' }],
    ['a path that is no string', { ...job, output: 7 }],
    ['a short hash', { ...job, layer: { ...job.layer, sha256: 'abc' } }],
    ['a stride that is no number', { ...job, layer: { ...job.layer, parameters: { stride: '2' } } }],
    ['a padding nobody knows', { ...job, layer: { ...job.layer, parameters: { padding: 'some' } } }],
    ['a padding of three numbers', { ...job, layer: { ...job.layer, parameters: { padding: [1, 2, 3] } } }],
    ['a padding mode nobody knows', { ...job, layer: { ...job.layer, parameters: { paddingMode: 'wrap' } } }],
    ['an algorithm nobody knows', { ...job, layer: { ...job.layer, parameters: { algorithm: 'fats' } } }],
    ['no identity', { ...job, identity: null }],
  ])('that is not one is refused: %s', (_, data) => {
    expect(() => readFileJob(data)).toThrowError(expect.objectContaining({ code: 'ERR_CONV1D_FORMAT' }));
  });
});
