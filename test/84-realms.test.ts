import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { codeOf, errnoOf, isOwnRefusal, messageOf, nameOf } from '../lib/check/caught.ts';
import { isBytes, typedArrayKind } from '../lib/check/typedArray.ts';
import { Conv1d, parseNpy, parseWav, rand, serializeNpy, type Tensor, tensor } from '../lib/index.ts';
import { repositoryFile, temporaryFolder, wavFile } from './helpers/cli.ts';

const { resolve } = createRequire(import.meta.url);

/** A value that code of another realm makes. */
function foreign<T>(code: string, given: object = {}): T {
  return runInNewContext(code, given) as T;
}

function codeThrown(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing was thrown';
}

describe('values of another realm', () => {
  test('are of other classes than ours', () => {
    expect(foreign('[]')).not.toBeInstanceOf(Array);
    expect(foreign('new Uint8Array(1)')).not.toBeInstanceOf(Uint8Array);
    expect(foreign('new Error()')).not.toBeInstanceOf(Error);
  });

  test.each([
    ['nested arrays', '[[1, 2, 3], [4, 5, 6]]', [2, 3]],
    ['a Float32Array', 'new Float32Array(3)', [3]],
    ['a Float64Array', 'new Float64Array(3)', [3]],
    ['rows that are typed arrays', '[new Float32Array(3), new Float64Array(3)]', [2, 3]],
  ])('make tensors: %s', (_, code, shape) => {
    expect(tensor(foreign<number[]>(code)).shape).toEqual(shape);
  });

  test('are taken as shapes, options, weights and outputs', () => {
    expect(tensor([1, 2], foreign<number[]>('[2, 1]'), foreign<object>("({ dtype: 'float64' })")).dtype).toBe(
      'float64',
    );
    const conv = new Conv1d(1, 1, 2, foreign<object>('({ stride: 2, padding: [1, 0] })'));
    const out = tensor(foreign<Float32Array>('new Float32Array(4)'), [1, 4]);
    expect(conv.forward(tensor(foreign<Float32Array>('new Float32Array(8)'), [1, 8]), { out })).toBe(out);
  });

  test('are read as the bytes of a file', () => {
    const npy = serializeNpy(tensor([1, 2]));
    expect(parseNpy(foreign<Uint8Array>('Uint8Array.from(bytes)', { bytes: npy })).toArray()).toEqual([1, 2]);
    const wav = foreign<Uint8Array>('Uint8Array.from(bytes)', { bytes: wavFile(16000, [0, 0.5]) });
    expect(parseWav(wav).samples.shape).toEqual([1, 2]);
    expect(parseNpy(structuredClone(npy)).toArray()).toEqual([1, 2]);
  });

  test('are told apart from what only looks like bytes', () => {
    for (const code of [
      'new Int8Array(1)',
      'new DataView(new ArrayBuffer(1))',
      '[1]',
      'Object.create(Uint8Array.prototype)',
      'new Proxy(new Uint8Array(1), {})',
      "({ [Symbol.toStringTag]: 'Uint8Array' })",
      'null',
    ]) {
      expect([code, isBytes(foreign(code))]).toEqual([code, false]);
      expect(codeThrown(() => parseNpy(foreign(code)))).toBe('ERR_CONV1D_TYPE');
    }
    expect(typedArrayKind(foreign('new Int16Array(1)'))).toBe('Int16Array');
    expect(isBytes(Buffer.alloc(1))).toBe(true);
  });

  test('are errors with code, name, message and number', () => {
    const error = foreign<object>("Object.assign(new TypeError('no'), { code: 'ERR_CONV1D_TYPE', errno: -2 })");
    expect([codeOf(error), nameOf(error), messageOf(error), errnoOf(error), isOwnRefusal(error)]).toEqual([
      'ERR_CONV1D_TYPE',
      'TypeError',
      'no',
      -2,
      true,
    ]);
  });

  test.each([['a string'], [undefined], [null], [7], [{ code: 7, errno: '7', name: 7 }]])(
    'thrown without being errors, have none of these: %s',
    (value) => {
      expect([codeOf(value), nameOf(value), errnoOf(value), isOwnRefusal(value)]).toEqual([
        undefined,
        undefined,
        undefined,
        false,
      ]);
      expect(messageOf(value)).toBe(String(value));
    },
  );
});

/** What jsdom and libraries older than Node's AbortController give as a signal. */
class OtherSignal extends EventTarget {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
}

describe('the option signal', () => {
  const conv = new Conv1d(1, 1, 1);

  function forward(signal: unknown): Promise<Tensor> {
    return conv.forwardAsync(rand(1, 8), { signal: signal as AbortSignal });
  }

  test('takes a signal of another make, and is aborted by it', async () => {
    const signal = new OtherSignal();
    expect((await forward(signal)).shape).toEqual([1, 8]);
    const call = forward(signal);
    signal.abort('enough');
    await expect(call).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  });

  test('settles when a signal of another make throws: before the call has begun with its error, afterwards with the result', async () => {
    const [deaf, clinging] = [new OtherSignal(), new OtherSignal()];
    deaf.addEventListener = fail;
    clinging.removeEventListener = fail;
    await expect(forward(deaf)).rejects.toThrow('a signal that fails');
    expect((await forward(clinging)).shape).toEqual([1, 8]);
    await conv.idle();
    expect(conv.pending).toBe(0);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['an object', {}],
    ['a controller', new AbortController()],
    ['an heir of the prototype', Object.create(AbortSignal.prototype)],
    ['no listeners', { aborted: false }],
    ['a flag that is none', { aborted: 'no', addEventListener() {}, removeEventListener() {} }],
  ])('refuses %s', async (_, signal) => {
    for (const call of [forward(signal), conv.forwardMany([rand(1, 8)], { signal: signal as AbortSignal })]) {
      await expect(call).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_CONV1D_TYPE' });
    }
  });
});

function fail(): never {
  throw new Error('a signal that fails');
}

/** A project that has the package, with the test of spec.js in a file of this name. */
function project(file: string, header: readonly string[]): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repositoryFile(''), join(folder, 'node_modules', 'conv1d'), 'junction');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, jest: { transform: {} } }));
  const spec = readFileSync(repositoryFile('test/helpers/realms/spec.js'), 'utf8');
  writeFileSync(join(folder, file), [...header, spec].join('\n'));
  return folder;
}

const IMPORT = [
  "import * as conv1d from 'conv1d';",
  "import { mkdtempSync, rmSync } from 'node:fs';",
  "import { tmpdir } from 'node:os';",
  "import { join } from 'node:path';",
];

const REQUIRE = [
  "const conv1d = require('conv1d');",
  "const { mkdtempSync, rmSync } = require('node:fs');",
  "const { tmpdir } = require('node:os');",
  "const { join } = require('node:path');",
];

const JEST = join(dirname(resolve('jest/package.json')), 'bin', 'jest.js');
const VITEST = join(dirname(resolve('vitest/package.json')), 'vitest.mjs');

describe('a project tests with conv1d', () => {
  test.each<[string, string, readonly string[], readonly string[]]>([
    [
      'in Jest, as ESM',
      'own.test.mjs',
      IMPORT,
      ['--experimental-vm-modules', JEST, '--testMatch', '**/*.test.mjs', '--runInBand', '--no-cache', '--no-watchman'],
    ],
    ['in Jest, as CommonJS', 'own.test.js', REQUIRE, [JEST, '--runInBand', '--no-cache', '--no-watchman']],
    ['in vitest, in threads of vm', 'own.test.mjs', IMPORT, [VITEST, 'run', '--globals', '--pool=vmThreads']],
  ])('%s', (_, file, header, args) => {
    const cwd = project(file, header);
    const env = { ...process.env, NO_COLOR: '1', CI: '1' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
    expect(status === 0 ? '' : stdout + stderr).toBe('');
    expect(stdout + stderr).toMatch(/6 passed/);
  });
});
