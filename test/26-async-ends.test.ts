import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** Runs a script in a new process, in the package's folder. */
function run(script: string): { status: number | null; signal: string | null; output: string } {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  return { status, signal, output: stdout + stderr };
}

// Workers and --eval have no TypeScript loader: the native binary by itself, which is all that matters here. `start(count)` puts
// calls of about 100 ms in flight; `report` hears how each ended.
const PRELUDE = `
const addon = require('node-gyp-build')(process.cwd());
const conv = new addon.Convolution('float32', 256, 256, 16, 1, 0, 0, 1, 1, 'zeros');
const weight = new Float32Array(256 * 256 * 16).fill(0.5);
const input = new Float32Array(256 * 5015).fill(0.5);
function start(count, report = () => {}) {
  for (let i = 0; i < count; i++) {
    conv.forwardAsync(input, 1, 5015, weight, null, false, null, report);
  }
}
`;
const IMPORTS = `
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
const require = createRequire(process.cwd() + '/');
`;

describe('with work in flight', () => {
  test('the process lives until the last call has ended, and then ends by itself', () => {
    const script = `${IMPORTS}${PRELUDE}
      start(6, (outcome) => console.log(outcome));`;
    expect(run(script)).toEqual({ status: 0, signal: null, output: 'ok\n'.repeat(6) });
  });

  test('process.exit() is clean', () => {
    const script = `${IMPORTS}${PRELUDE}
      start(20);
      setImmediate(() => process.exit(7));`;
    expect(run(script)).toEqual({ status: 7, signal: null, output: '' });
  });

  test('an uncaught error is reported as ever', () => {
    const script = `${IMPORTS}${PRELUDE}
      start(20);
      setImmediate(() => { throw new Error('of its own'); });`;
    const { status, signal, output } = run(script);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(output).toContain('of its own');
  });

  test('workers can be terminated, in any number, and the others go on', () => {
    const script = `${IMPORTS}${PRELUDE}
      const code = ${JSON.stringify(PRELUDE)} + "start(10); require('node:worker_threads').parentPort.postMessage('started');";
      for (let round = 0; round < 3; round++) {
        const workers = Array.from({ length: 5 }, () => new Worker(code, { eval: true, execArgv: [] }));
        await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
        start(2, (outcome) => console.log(outcome));
        await Promise.all(workers.map((worker) => worker.terminate()));
      }`;
    expect(run(script)).toEqual({ status: 0, signal: null, output: 'ok\n'.repeat(6) });
  });

  test('a worker may be terminated while large results are written', () => {
    const script = `${IMPORTS}
      const code = ${JSON.stringify(PRELUDE)} + \`
        conv.forwardAsync(input.subarray(0, 256 * 16), 1, 16, weight, null, false, null, () => {});
        const long = new addon.Convolution('float32', 1, 64, 64, 1, 0, 0, 1, 1, 'zeros');
        const many = new Float32Array(160063);
        for (let i = 0; i < 4; i++) {
          const out = i % 2 === 0 ? null : new Float32Array(new SharedArrayBuffer(4 * 64 * 160000));
          long.forwardAsync(many, 1, 160063, new Float32Array(64 * 64), null, false, out, () => {});
        }
        require('node:worker_threads').parentPort.postMessage('started');\`;
      for (let round = 0; round < 5; round++) {
        const worker = new Worker(code, { eval: true, execArgv: [] });
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }`;
    expect(run(script)).toEqual({ status: 0, signal: null, output: '' });
  });

  test('a worker may exit by itself in the middle', () => {
    const script = `${IMPORTS}
      const code = ${JSON.stringify(PRELUDE)} + "start(10); setImmediate(() => process.exit(3));";
      const worker = new Worker(code, { eval: true, execArgv: [] });
      worker.once('exit', (exitCode) => console.log(exitCode));`;
    expect(run(script)).toEqual({ status: 0, signal: null, output: '3\n' });
  });
});

describe('the native side checks for itself', () => {
  test('what a hostile caller passes to forwardAsync and forwardMany', () => {
    const script = `${IMPORTS}${PRELUDE}
      const done = () => {};
      const shared = new Float32Array(new SharedArrayBuffer(4 * input.length)).fill(0.5);
      const out = shared.subarray(0, 256 * 5000);
      const detached = new Float32Array(256 * 5015);
      structuredClone(detached.buffer, { transfer: [detached.buffer] });
      const getters = [0, 1];
      Object.defineProperty(getters, 1, { get() { structuredClone(input.buffer, { transfer: [input.buffer] }); return input; } });
      getters[0] = input;
      const many = conv.prepareMany(weight, null);
      const calls = [
        () => conv.forwardAsync(),
        () => conv.forwardAsync(input, 1, 5015, weight, null, false, null, 5),
        () => conv.forwardAsync(input, 1, 5014, weight, null, false, null, done),
        () => conv.forwardAsync(input, 1, 5015, null, null, false, null, done),
        () => conv.forwardAsync(input, 1, 2 ** 52, weight, null, false, null, done),
        () => conv.forwardAsync(detached, 1, 5015, weight, null, false, null, done),
        () => conv.forwardAsync(input, 1, 5015, weight, null, false, shared, done),
        () => conv.forwardAsync(input, 1, 5015, weight, null, false, new Float64Array(out.buffer), done),
        () => conv.forwardAsync(shared, 1, 5015, weight, null, true, out, done),
        () => conv.prepareMany(null, null),
        () => conv.prepareMany(new Float32Array(3), null),
        () => many(1, false, null, done),
        () => many([new Float32Array(3)], false, null, done),
        () => many([new Float32Array(256 * 15)], false, null, done),
        () => many(new Array(2 ** 32 - 1), false, null, done),
        () => many([], false, null, 5),
        () => many([], false, null, done),
        () => many([input], false, 5, done),
        () => many([input], false, [], done),
        () => many([input], false, [shared], done),
        () => many([shared], true, [out], done),
        () => many(getters, false, null, done),
        () => addon.cancel(-1),
        () => addon.cancel(1e9),
      ];
      for (const call of calls) {
        try { console.log(call() ?? 'nothing'); } catch (error) { console.log(error.code); }
      }`;
    const { status, output } = run(script);
    expect(output.trim().split('\n')).toEqual([
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_DETACHED',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_OVERLAP',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_VALUE',
      'ERR_CONV1D_TYPE',
      '1',
      'ERR_CONV1D_TYPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_OVERLAP',
      'ERR_CONV1D_SHAPE',
      'ERR_CONV1D_VALUE',
      'nothing',
    ]);
    expect(status).toBe(0);
  });
});
