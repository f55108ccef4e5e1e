import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { loadSafetensors, parseSafetensors, type SkippedTensor } from '../lib/index.ts';
import { parseMutations } from './helpers/mutate.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Given = { readonly dtype: string; readonly shape?: readonly number[]; readonly data: ArrayBufferView };

/** A safetensors file of these tensors, one after the other; this machine is taken to be little endian. */
function file(tensors: Readonly<Record<string, Given>>, metadata?: unknown): Buffer {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const parts: Buffer[] = [];
  let begin = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const numel = (data as unknown as { length: number }).length;
    header[name] = { dtype, shape: shape ?? [numel], data_offsets: [begin, begin + bytes.length] };
    parts.push(bytes);
    begin += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

const weight: Given = { dtype: 'F32', data: Float32Array.of(0.5, -1) };
const BIG = 2n ** 53n;

describe('integers and booleans are widened without loss', () => {
  const cases: [dtype: string, data: ArrayBufferView, wide: string, numbers: number[]][] = [
    ['BOOL', Uint8Array.of(0, 1, 1), 'float32', [0, 1, 1]],
    ['I8', Int8Array.of(-128, 0, 127), 'float32', [-128, 0, 127]],
    ['U8', Uint8Array.of(0, 128, 255), 'float32', [0, 128, 255]],
    ['I16', Int16Array.of(-32768, 1, 32767), 'float32', [-32768, 1, 32767]],
    ['U16', Uint16Array.of(0, 32768, 65535), 'float32', [0, 32768, 65535]],
    ['I32', Int32Array.of(-(2 ** 31), 1, 2 ** 31 - 1), 'float64', [-(2 ** 31), 1, 2 ** 31 - 1]],
    ['U32', Uint32Array.of(0, 2 ** 31, 2 ** 32 - 1), 'float64', [0, 2 ** 31, 2 ** 32 - 1]],
    [
      'I64',
      BigInt64Array.of(-BIG, 31_415n, BIG + 2n, -(2n ** 63n)),
      'float64',
      [-(2 ** 53), 31_415, 2 ** 53 + 2, -(2 ** 63)],
    ],
    ['U64', BigUint64Array.of(0n, BIG, 2n ** 63n), 'float64', [0, 2 ** 53, 2 ** 63]],
  ];
  test.each(cases)('%s', (dtype, data, wide, numbers) => {
    // An odd byte before it: numbers begin anywhere in a file.
    const { x } = parseSafetensors(file({ pad: { dtype: 'U8', data: Uint8Array.of(7) }, x: { dtype, data }, weight }));
    expect({ dtype: x!.dtype, numbers: [...x!.data] }).toEqual({ dtype: wide, numbers });
  });

  test.each(cases)('%s, whatever is damaged, gives tensors or a format error', (dtype, data) => {
    const bytes = file({ x: { dtype, data }, weight });
    expect(parseMutations(bytes, 500, (damaged) => Object.values(parseSafetensors(damaged)))).toBeGreaterThan(100);
  });

  it('the count of a batch norm, a scalar of 64 bits, stops neither a model nor a prefix from loading', () => {
    const count: Given = { dtype: 'I64', shape: [], data: BigInt64Array.of(9000n) };
    const model = file({ 'a.weight': weight, 'a.num_batches_tracked': count });
    const tensors = parseSafetensors(model, { prefix: 'a.' });
    expect(Object.keys(tensors).sort()).toEqual(['a.num_batches_tracked', 'a.weight']);
    expect(tensors['a.num_batches_tracked']!.item()).toBe(9000);
    expect(tensors['a.num_batches_tracked']!.shape).toEqual([]);
  });
});

describe('a tensor that cannot be read', () => {
  const cases: [why: string, given: Given, says: RegExp][] = [
    [
      'an integer that float64 has not',
      { dtype: 'I64', data: BigInt64Array.of(1n, BIG + 1n) },
      /element 1 is 9007199254740993, which float64 cannot hold; /,
    ],
    [
      'an unsigned one',
      { dtype: 'U64', data: BigUint64Array.of(2n ** 64n - 1n) },
      /element 0 is 18446744073709551615, /,
    ],
    [
      'a dtype nobody reads',
      { dtype: 'F8_E4M3', data: Uint8Array.of(1, 2) },
      /only F64, F32, F16, BF16, BOOL, I8, .* can be read; /,
    ],
    ['a bool of 2', { dtype: 'BOOL', data: Uint8Array.of(0, 2) }, /element 1 is 2, and a bool is 0 or 1; /],
  ];
  test.each(cases)('%s: it is an error that names the tensor and the option onSkip', (_, given, says) => {
    const bytes = file({ weight, 'net.x': given });
    for (const message of [says, /^safetensors: tensor "net\.x" has dtype ".*", but .* with the option onSkip$/]) {
      expect(() => parseSafetensors(bytes)).toThrow(
        expect.objectContaining({ code: 'ERR_CONV1D_FORMAT', message: expect.stringMatching(message) }),
      );
    }
  });

  test.each(cases)('%s: with onSkip it is left out, and onSkip hears of it', async (_, given) => {
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, file({ weight, 'net.x': given, z: weight }));
    const skipped: SkippedTensor[] = [];
    const tensors = await loadSafetensors(path, { onSkip: (tensor) => skipped.push(tensor) });
    expect(Object.keys(tensors)).toEqual(['weight', 'z']);
    const shape = [(given.data as unknown as { length: number }).length];
    expect(skipped).toEqual([{ name: 'net.x', dtype: given.dtype, shape }]);
  });

  it("outside the prefix is nobody's business", () => {
    const tensors = parseSafetensors(file({ 'a.weight': weight, 'b.x': cases[2]![1] }), { prefix: 'a.' });
    expect(Object.keys(tensors)).toEqual(['a.weight']);
  });

  it('of a size that its dtype and shape do not have is refused all the same', () => {
    const given: Given = { dtype: 'I32', shape: [2], data: Uint8Array.of(1, 2, 3) };
    expect(() => parseSafetensors(file({ x: given }), { onSkip: () => {} })).toThrow('is I32 of shape [2], 8 bytes');
  });
});

describe('parseSafetensors', () => {
  it('names the bytes in its errors as the option source says', () => {
    expect(() => parseSafetensors(new Uint8Array(3), { source: 'body' })).toThrow(/^body: a safetensors file begins/);
    expect(() => parseSafetensors(file({ weight }), { source: 'body', prefix: 'a.' })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_VALUE', message: expect.stringMatching(/^body: no tensor's name/) }),
    );
  });

  it('gives tensors with memory of their own, in a record without prototype', () => {
    const bytes = file({ weight });
    const tensors = parseSafetensors(bytes);
    bytes.fill(0);
    expect([...tensors.weight!.data]).toEqual([0.5, -1]);
    expect(Object.getPrototypeOf(tensors)).toBe(null);
  });

  it.each<[unknown, string]>([
    [{ prefix: 1 }, 'ERR_CONV1D_TYPE'],
    [{ source: null }, 'ERR_CONV1D_TYPE'],
    [{ onSkip: true }, 'ERR_CONV1D_TYPE'],
    ['a.', 'ERR_CONV1D_TYPE'],
    [null, 'ERR_CONV1D_TYPE'],
    [{ skip: true }, 'ERR_CONV1D_OPTION'],
  ])('refuses the options %o, and so does loadSafetensors', async (options, code) => {
    expect(() => parseSafetensors(file({ weight }), options as never)).toThrow(expect.objectContaining({ code }));
    const load = loadSafetensors(join(folder, 'none'), options as never);
    await expect(load).rejects.toMatchObject({ code: 'source' in Object(options) ? 'ERR_CONV1D_OPTION' : code });
  });
});

describe('a header', () => {
  it('may say null for no metadata', () => {
    expect(Object.keys(parseSafetensors(file({ weight }, null)))).toEqual(['weight']);
  });

  it('of 2^18 tensors, the most there may be, is read', () => {
    const count = 2 ** 18;
    const members = Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
    const json = Buffer.from(`{${members.join(',')}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    expect(Object.keys(parseSafetensors(Buffer.concat([length, json]))).length).toBe(count);
  });
});
