import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Workspaces } from '../lib/command/batch/workspace.ts';
import { parseNpy, serializeNpy } from '../lib/io/npy.ts';
import { parseWav } from '../lib/io/wav.ts';
import { rand, tensor } from '../lib/tensor/factories.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';
import { jsonLines, smallLayer } from './helpers/batch.ts';
import { conv1d, temporaryFolder, tone, wavFile } from './helpers/cli.ts';
import { Dice } from './helpers/dice.ts';
import { chunk, fmt, riff } from './helpers/riff.ts';

interface Kind {
  readonly end: 'wav' | 'npy';
  readonly bytes: (length: number) => Uint8Array;
  /** What is convolved; undefined for what is refused. */
  readonly samples: ((bytes: Uint8Array) => Tensor) | undefined;
}

const wav = (bytes: Uint8Array): Tensor => parseWav(bytes).samples;
const floats = (length: number): Uint8Array => new Uint8Array(rand(length).data.buffer as ArrayBuffer);
const npy = (bytes: (length: number) => Uint8Array): Kind => ({ end: 'npy', bytes, samples: parseNpy });

const kinds: readonly Kind[] = [
  { end: 'wav', bytes: (length) => wavFile(8000, tone(440, 8000, length)), samples: wav },
  {
    end: 'wav',
    bytes: (length) => riff(fmt({ tag: 3, bits: 32 }), chunk('data', floats(length))),
    samples: wav,
  },
  {
    end: 'wav',
    bytes: (length) => riff(fmt({ bits: 24 }), chunk('data', new Uint8Array(3 * length).fill(7))),
    samples: wav,
  },
  { end: 'wav', bytes: (length) => wavFile(8000, tone(440, 8000, length)).subarray(0, length), samples: undefined },
  npy((length) => serializeNpy(rand(1, length))),
  npy((length) => serializeNpy(rand(3, 1, length))),
  npy((length) => serializeNpy(rand(0, 1, length))),
  {
    end: 'npy',
    bytes: (length) => serializeNpy(rand(1, length, { dtype: 'float64' })),
    samples: (bytes) => {
      const { data, shape } = parseNpy(bytes);
      return tensor(data, shape, { dtype: 'float32' });
    },
  },
  { end: 'npy', bytes: (length) => serializeNpy(rand(2, length)), samples: undefined },
];

describe('files that lie in the same memory one after the other', () => {
  test('give what each gives by itself, whatever lay there before', async () => {
    const dice = new Dice(64);
    const folder = temporaryFolder();
    const { weights, conv } = await smallLayer(folder);
    const [input, out] = [join(folder, 'in'), join(folder, 'out')];
    mkdirSync(input);
    const expected = new Map<string, Uint8Array | undefined>();
    for (let i = 0; i < 120; i++) {
      const kind = dice.pick(...kinds);
      const bytes = kind.bytes(dice.pick(dice.integer(5, 20), dice.integer(21, 5000), dice.integer(5001, 200_000)));
      const name = String(i).padStart(3, '0');
      writeFileSync(join(input, `${name}.${kind.end}`), bytes);
      expected.set(name, kind.samples && serializeNpy(conv.forward(kind.samples(bytes))));
    }
    const { stdout } = await conv1d('run', weights, input, '--out', out, '--json');
    const refused = [...expected.values()].filter((bytes) => bytes === undefined).length;
    expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 120, failed: refused, written: 120 - refused });
    for (const [name, bytes] of expected) {
      if (bytes === undefined) continue;
      expect(Buffer.compare(readFileSync(join(out, `${name}.npy`)), bytes), name).toBe(0);
    }
  }, 30_000);
});

describe('memory for files', () => {
  test('grows to what the largest takes, and is used again', () => {
    const workspaces = new Workspaces();
    const workspace = workspaces.take();
    const first = workspace.elements('float32', 100);
    expect(first.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(workspace.elements('float64', 50).buffer).toBe(first.buffer);
    expect(workspace.elements('float64', 51).buffer.byteLength).toBe(8 * 51);
    expect(workspace.features('float32', 7)).toHaveLength(7);
    expect([workspace.file(10).length, workspace.block(20).length]).toEqual([10, 20]);
    expect(workspace.bytes).toBe(8 * 51 + 4 * 7 + 10 + 20);
    workspaces.give(workspace);
    expect(workspaces.take()).toBe(workspace);
    expect(workspaces.take()).not.toBe(workspace);
  });

  test('is not kept beyond 64 MiB', () => {
    const workspaces = new Workspaces();
    const taken = [20, 20, 20, 20].map((megabytes) => {
      const workspace = workspaces.take();
      workspace.features('float32', megabytes * 2 ** 18);
      return workspace;
    });
    for (const workspace of taken) workspaces.give(workspace);
    const again = taken.map(() => workspaces.take());
    expect(again.filter((workspace) => taken.includes(workspace))).toHaveLength(3);
  });

  test('that cannot be had is an error with a code', () => {
    const workspace = new Workspaces().take();
    const failure = expect.objectContaining({ code: 'ERR_CONV1D_MEMORY' });
    expect(() => workspace.elements('float32', 2 ** 50)).toThrow(failure);
    expect(() => workspace.features('float64', 2 ** 50)).toThrow(failure);
  });
});
