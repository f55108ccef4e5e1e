import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Conv1d, type FloatArray, zeros } from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';
import { moveBuffer, throughByteStream } from './helpers/torture/move.ts';
import { torture } from './helpers/torture/run.ts';

test('results keep their contents whatever happens to them and to the workers that made them', async () => {
  const tally = await torture({ seed: 28, sequences: 60, terminations: 12, jobs: 2 });
  expect(tally.workersEnded).toBeGreaterThanOrEqual(12);
});

// A worker of --eval has no TypeScript loader: the native binary by itself, whose results are those of the package.
const LARGE_RESULT = `
const addon = require('node-gyp-build')(process.cwd());
const conv = new addon.Convolution('float32', 1, 1, 1, 1, 0, 0, 1, 1, 'zeros');
const length = 5 * 2 ** 20;
const input = new Float32Array(length);
const weight = new Float32Array(1);
globalThis.y = new Float32Array(addon.allocateResult(4 * length));
conv.forward(input, 1, length, weight, null, y);
conv.forwardAsync(input, 1, length, weight, null, false, null, (outcome, results) => { globalThis.z = results; });
conv.prepareMany(weight, null)([input, input], false, null, (outcome, results) => { globalThis.many = results; });
`;

function inWorker(last: string, main: string): string {
  return `
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(LARGE_RESULT + last)}, { eval: true });
    worker.once('exit', (code) => console.log('the worker ended with', code));
    ${main}`;
}

// The timer keeps the worker alive until the main thread terminates it: without one, a worker may end first, with code 0.
const SAYS = "require('node:worker_threads').parentPort.postMessage('ready'); setInterval(() => {}, 1000);";
const TERMINATES = "worker.once('message', () => worker.terminate());";

describe('results alive at the end do not hurt', () => {
  test('a process of the package', () => {
    const script = `
      import { Conv1d, zeros } from './lib/index.ts';
      globalThis.y = new Conv1d(1, 1, 1).forward(zeros(1, 5 * 2 ** 20));
      globalThis.z = await new Conv1d(1, 1, 1).forwardAsync(zeros(1, 5 * 2 ** 20));`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const ended = spawnSync(process.execPath, args, { cwd: repositoryFile('.'), encoding: 'utf8' });
    expect(ended).toMatchObject({ status: 0, signal: null, stdout: '', stderr: '' });
  });

  const cases: [name: string, script: string, status: number, stdout: string][] = [
    ['a process that ends by itself', LARGE_RESULT, 0, ''],
    ['a process that exits', `${LARGE_RESULT} process.exit(7);`, 7, ''],
    ['a process that exits later', `${LARGE_RESULT} setImmediate(() => process.exit(7));`, 7, ''],
    ['a worker that ends by itself', inWorker('', ''), 0, 'the worker ended with 0\n'],
    ['a worker that exits', inWorker('process.exit(7);', ''), 0, 'the worker ended with 7\n'],
    ['a worker that is terminated', inWorker(SAYS, TERMINATES), 0, 'the worker ended with 1\n'],
    ['a process with a worker', inWorker(SAYS, "worker.once('message', () => process.exit(7));"), 7, ''],
  ];
  test.each(cases)('%s', (_, script, status, stdout) => {
    const ended = spawnSync(process.execPath, ['--eval', script], { cwd: repositoryFile('.'), encoding: 'utf8' });
    expect(ended).toMatchObject({ status, signal: null, stdout, stderr: '' });
  });
});

const LENGTH = 5 * 2 ** 20; // elements: 20 MB

/** A result of which every element is `value`. */
async function filledWith(value: number, call: 'forward' | 'forwardAsync'): Promise<FloatArray> {
  const conv = new Conv1d(1, 1, 1);
  conv.bias!.data.fill(value);
  return (await conv[call](zeros(1, LENGTH))).data;
}

function isFilledWith(array: FloatArray, value: number): boolean {
  return array.length === LENGTH && array.every((element) => element === value);
}

describe('results of forwardMany', () => {
  test.each([16, LENGTH])(
    'of %i elements each have an ArrayBuffer to themselves, and leave one by one',
    async (length) => {
      const results = await new Conv1d(1, 1, 1).forwardMany([1, 2, 3].map(() => zeros(1, length)));
      const arrays = results.map(({ data }) => data);
      expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(3);
      for (const { buffer, byteOffset, byteLength } of arrays)
        expect([byteOffset, byteLength]).toEqual([0, buffer.byteLength]);
      await throughByteStream(arrays[1]!, 'float32', 'default reader');
      expect(arrays.map((array) => array.length)).toEqual([length, 0, length]);
    },
  );
});

describe.each(['forward', 'forwardAsync'] as const)('a large result of %s', (call) => {
  test.each(['transfer', 'transferToFixedLength', 'structuredClone'] as const)('moves by %s', async (by) => {
    const before = await filledWith(3, call);
    const after = moveBuffer(before, 'float32', by, LENGTH * 4);
    expect(before.length).toBe(0);
    expect(isFilledWith(after, 3)).toBe(true);
  });

  test.each(['default reader', 'byob reader', 'tee'] as const)('goes through a byte stream: %s', async (by) => {
    const before = await filledWith(4, call);
    const after = await throughByteStream(before, 'float32', by);
    expect(before.length).toBe(0);
    for (const array of after) expect(isFilledWith(array, 4)).toBe(true);
  });

  test('is copied by structuredClone', async () => {
    const before = await filledWith(5, call);
    const copy = structuredClone(before).fill(6);
    expect([isFilledWith(before, 5), isFilledWith(copy, 6)]).toEqual([true, true]);
  });

  test.each(['transferred', 'copied'])('is %s to a worker and back', async (how) => {
    // It sends back what it gets, with its memory, and ends.
    const echo = `require('node:worker_threads').parentPort.once('message', function (array) { this.postMessage(array, [array.buffer]); });`;
    const worker = new Worker(echo, { eval: true, execArgv: [] });
    const exited = once(worker, 'exit');
    const before = await filledWith(7, call);
    worker.postMessage(before, how === 'transferred' ? [before.buffer as ArrayBuffer] : []);
    expect(how === 'transferred' ? before.length === 0 : isFilledWith(before, 7)).toBe(true);
    const [after] = (await once(worker, 'message')) as [FloatArray];
    await exited;
    const next = await filledWith(8, call);
    expect([isFilledWith(after, 7), isFilledWith(next, 8)]).toEqual([true, true]);
  });
});
