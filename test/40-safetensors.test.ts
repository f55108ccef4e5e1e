import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFile, writeFileAtomic } from '../lib/io/files.ts';
import {
  loadSafetensors,
  readSafetensorsBytes as parseSafetensors,
  readSafetensors,
  saveSafetensors,
  serializeSafetensors,
} from '../lib/io/safetensors.ts';
import { Tensor } from '../lib/tensor/tensor.ts';
import { bytesOf, safetensorsGolden } from './golden/files.ts';
import { parseMutations } from './helpers/mutate.ts';

const FORMAT = { name: 'RangeError', code: 'ERR_CONV1D_FORMAT' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A safetensors file with this header, as text or bytes, and this many bytes of data. */
function file(header: string | Buffer, dataSize = 0): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataSize)]);
}

function entry(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields });
}

const goldenFiles = Object.entries(safetensorsGolden.files).map(([name, golden]) => ({ name, ...golden }));

describe.each(goldenFiles)('the golden file $name', ({ name, file, metadata, tensors }) => {
  const bytes = bytesOf(file);

  function expectGolden(parsed: { tensors: Record<string, Tensor>; metadata: Record<string, string> }): void {
    expect(Object.keys(parsed.tensors).sort()).toEqual(Object.keys(tensors).sort());
    expect({ ...parsed.metadata }).toEqual(metadata);
    for (const [key, golden] of Object.entries(tensors)) {
      const tensor = parsed.tensors[key]!;
      expect(tensor.dtype, key).toBe(golden.dtype);
      expect(tensor.shape, key).toEqual(golden.shape);
      expectSameNumbers(tensor, bytesOf(golden.data));
    }
  }

  it('has the tensors PyTorch has, from memory', () => expectGolden(parseSafetensors(bytes)));

  it('has the tensors PyTorch has, from disk', async () => {
    const path = join(folder, `${name}.safetensors`);
    writeFileSync(path, bytes);
    expectGolden(await readSafetensors(path));
  });

  it('has the same tensors wherever in memory the bytes begin', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expectGolden(parseSafetensors(shifted.subarray(3)));
  });

  it('gives tensors or a format error, whatever is damaged', () => {
    const refused = parseMutations(bytes, 2000, (damaged) => Object.values(parseSafetensors(damaged).tensors));
    expect(refused).toBeGreaterThan(500);
  });
});

/** Sign of zero included; one NaN is as good as another. */
function expectSameNumbers(tensor: Tensor, expected: Uint8Array<ArrayBuffer>): void {
  const { buffer } = expected;
  const numbers = tensor.dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
  expect(tensor.data.length).toBe(numbers.length);
  for (const [i, number] of numbers.entries()) expect(tensor.data[i], `element ${i}`).toBe(number);
}

describe('16-bit numbers', () => {
  const cases = [
    { dtype: 'F16', isNan: (half: number) => (half & 0x7fff) > 0x7c00 },
    { dtype: 'BF16', isNan: (half: number) => (half & 0x7fff) > 0x7f80 },
  ] as const;

  it.each(cases)('$dtype widens all its numbers as PyTorch does', ({ dtype, isNan }) => {
    const halves = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i ^ 0x8000);
    const header = `{"all":{"dtype":"${dtype}","shape":[65536],"data_offsets":[0,131072]}}`;
    const bytes = file(header, 2 ** 17);
    for (const [i, half] of halves.entries()) bytes.writeUInt16LE(half, bytes.length - 2 ** 17 + 2 * i);
    const widened = parseSafetensors(bytes).tensors.all!.data;
    const words = new Uint32Array(widened.buffer);
    const numbers = words.filter((_, i) => !isNan(halves[i]!));
    const checksum = numbers.reduce((sum, word) => (Math.imul(sum, 31) + word) >>> 0, 0);
    const count = numbers.length;
    expect(widened.every((value, i) => Number.isNaN(value) === isNan(halves[i]!))).toBe(true);
    expect({ count, checksum }).toEqual(safetensorsGolden.allNumbers[dtype]);
  });
});

describe('a damaged or hostile file is refused', () => {
  const a = `"a":${entry()}`;
  const b = (begin: number, end: number) => `"b":${entry({ data_offsets: [begin, end], shape: [(end - begin) / 4] })}`;
  const ones = JSON.stringify(Array(65).fill(1));
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', Buffer.alloc(0), /has 0 bytes/],
    ['7 bytes', Buffer.alloc(7), /has 7 bytes/],
    ['no header', Buffer.alloc(8), /begin with '{'/],
    [
      'a header beyond the end',
      Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
      /should have 9 bytes, but only 2 follow/,
    ],
    ['a header of 2^64 - 1 bytes', Buffer.alloc(64, 255), /18446744073709551615 bytes, at most 100000000/],
    ['a header of 100 MB and a byte', Buffer.from([1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 123]), /100000001 bytes/],
    ['a zip file', Buffer.from('PK\x03\x04 and so on'), /this is a zip archive/],
    ['invalid UTF-8', file(Buffer.from('{"\xff":0}', 'latin1')), /not valid UTF-8/],
    ['a byte order mark', file('\ufeff{}'), /begin with '{'/],
    ['space before the header', file(' {}'), /begin with '{'/],
    ['an array', file('[]'), /begin with '{'/],
    ['no end', file(`{${a}`, 8), /expected "}".*got its end/],
    ['no end within a string', file('{"a'), /ends within a string/],
    ['no end within an escape', file('{"a\\'), /ends within a string/],
    ['text after the end', file('{} {}'), /expected the end/],
    ['a trailing comma', file(`{${a},}`, 8), /expected a string/],
    ['a bad escape', file('{"\\x":{}}'), /not valid JSON/],
    ['half a surrogate pair', file('{"\\ud800":{}}'), /not valid JSON/],
    ['a control character', file('{"\n":{}}'), /not valid JSON/],
    ['a tensor twice', file(`{${a},${a}}`, 8), /the header has the key "a" twice/],
    ['a tensor twice, once escaped', file(`{${a},"\\u0061":${entry()}}`, 8), /the header has the key "a" twice/],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" twice/],
    ['a metadata key twice', file('{"__metadata__":{"k":"1","k":"2"}}'), /__metadata__ has the key "k" twice/],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"F64"}}'), /tensor "a" has the key "dtype" twice/],
    ['metadata that is no text', file('{"__metadata__":{"k":1}}'), /expected a string/],
    ['metadata that is no object', file('{"__metadata__":"k"}'), /expected "{"/],

    ['a tensor that is no object', file('{"a":[]}'), /expected "{"/],
    ['a missing field', file('{"a":{"dtype":"F32","shape":[]}}'), /needs the fields/],
    ['an unknown field', file(`{"a":${entry({ strides: [1] })}}`, 8), /unknown field "strides"/],
    [
      'an unknown dtype',
      file(`{"net.x":${entry({ dtype: 'F8_E4M3', shape: [8] })}}`, 8),
      /"net.x" has dtype "F8_E4M3"/,
    ],
    ['a dtype from Object.prototype', file(`{"a":${entry({ dtype: 'toString' })}}`, 8), /dtype "toString"/],
    ['a dtype in small letters', file(`{"a":${entry({ dtype: 'f32' })}}`, 8), /dtype "f32"/],
    ['a negative size', file(`{"a":${entry({ shape: [-2, -1] })}}`, 8), /non-negative integer/],
    ['a size with a fraction', file(`{"a":${entry({ shape: [1.5] })}}`, 8), /non-negative integer/],
    ['a size with an exponent', file('{"a":{"dtype":"F32","shape":[2e0]', 8), /non-negative integer/],
    ['a size with a leading zero', file('{"a":{"dtype":"F32","shape":[02]', 8), /non-negative integer/],
    ['a size of 2^53', file('{"a":{"dtype":"F32","shape":[9007199254740992]', 8), /non-negative integer/],
    ['a size of text', file(`{"a":${entry({ shape: ['2'] })}}`, 8), /non-negative integer/],
    ['a shape that is a number', file(`{"a":${entry({ shape: 2 })}}`, 8), /expected "\["/],
    ['too many dimensions', file(`{"a":${entry({ shape: [] }).replace('[]', ones)}}`, 8), /more than 64 dimensions/],
    ['a product above 2^32', file(`{"a":${entry({ shape: [65536, 65537] })}}`, 8), /more than the 4294967295 elements/],
    [
      'a product above 2^1024',
      file(`{"a":${entry({ shape: Array(30).fill(2 ** 52) })}}`, 8),
      /more than the 4294967295/,
    ],
    [
      'such a product with a zero',
      file(`{"a":${entry({ shape: [...Array(30).fill(2 ** 52), 0] })}}`, 8),
      /more than the/,
    ],
    [
      'a shape that does not fill the bytes',
      file(`{"a":${entry({ shape: [3] })}}`, 8),
      /12 bytes, but its data_offsets \[0, 8\] hold 8/,
    ],
    ['offsets reversed', file(`{"a":${entry({ data_offsets: [8, 0] })}}`, 8), /begin <= end/],
    ['one offset', file(`{"a":${entry({ data_offsets: [8] })}}`, 8), /expected \[begin, end\]/],
    ['three offsets', file(`{"a":${entry({ data_offsets: [0, 8, 16] })}}`, 16), /expected \[begin, end\]/],
    ['offsets beyond the end', file(`{${a}}`, 7), /"a" ends at byte 8 of the data, but the file has only 7/],
    ['bytes after the data', file(`{${a}}`, 9), /cover 8 bytes of data, but 9 follow/],
    ['data without tensors', file('{}', 1), /cover 0 bytes of data, but 1 follow/],
    ['an overlap', file(`{${a},${b(4, 12)}}`, 12), /"b" overlaps.*begins at 4, expected 8/],
    ['the same bytes twice', file(`{${a},${b(0, 8)}}`, 8), /overlaps/],
    ['a gap', file(`{${a},${b(12, 16)}}`, 16), /"b" leaves a gap.*begins at 12, expected 8/],
    ['a gap at the beginning', file(`{${b(4, 8)}}`, 8), /"b" leaves a gap/],
    ['an empty tensor within another', file(`{${a},${b(4, 4)}}`, 8), /"b" overlaps/],
    ['deep nesting', file('{"a":'.repeat(100_000)), /unknown field/],
    ['a long name in the message', file(`{"${'n'.repeat(1e6)}":[]}`), /^.{0,200}$/],
  ];

  it.each(cases)('%s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringMatching(message) }),
    );
  });

  it('more keys than any model has', () => {
    const keys = Array.from({ length: 2 ** 18 + 1 }, (_, i) => `"${i}":""`);
    expect(() => parseSafetensors(file(`{"__metadata__":{${keys}}}`))).toThrowError(
      /__metadata__ has more than 262144 keys/,
    );
  });

  it('bytes that are no bytes', () => {
    expect(() => parseSafetensors('{}' as never)).toThrowError(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  });
});

describe('a file is accepted', () => {
  it.each<[string, Uint8Array, string[]]>([
    ['with spaces, tabs and newlines between the tokens', file(`{ "a"\t:\n${entry()} }\n `, 8), ['a']],
    [
      'with tensors in another order than their data',
      file(`{"b":${entry({ data_offsets: [8, 16] })},"a":${entry()}}`, 16),
      ['a', 'b'],
    ],
    [
      'with empty tensors at a boundary',
      file(`{"a":${entry()},"e":${entry({ shape: [0, 5], data_offsets: [8, 8] })}}`, 8),
      ['a', 'e'],
    ],
    ['with the empty name', file(`{"":${entry()}}`, 8), ['']],
    ['with escapes in a name', file(`{"\\u00e9\\n\\"":${entry()}}`, 8), ['é\n"']],
    [
      'in shared memory',
      new Uint8Array(new SharedArrayBuffer(10)).fill(0, 0).map((_, i) => [2, 0, 0, 0, 0, 0, 0, 0, 123, 125][i]!),
      [],
    ],
  ])('%s', (_, bytes, names) => {
    expect(Object.keys(parseSafetensors(bytes).tensors)).toEqual(names);
  });

  it('with names that mean something to JavaScript', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', 'toJSON'];
    const dict: Record<string, Tensor> = Object.create(null);
    for (const [i, name] of names.entries()) dict[name] = new Tensor(Float32Array.of(i), [1]);
    const metadata = Object.fromEntries(names.map((name) => [name, `text of ${name}`]));
    const parsed = parseSafetensors(serializeSafetensors(dict, metadata));
    expect(Object.keys(parsed.tensors).sort()).toEqual(names.toSorted());
    for (const [i, name] of names.entries()) {
      expect(parsed.tensors[name]!.data[0]).toBe(i);
      expect(parsed.metadata[name]).toBe(`text of ${name}`);
    }
    expect(parseSafetensors(serializeSafetensors({})).tensors.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).data).toBeUndefined();
  });
});

describe('tensors are written', () => {
  it.each(['layer', 'nothing'])('with the bytes of the golden file %s', (name) => {
    const golden = safetensorsGolden.files[name]!;
    const { tensors, metadata } = parseSafetensors(bytesOf(golden.file));
    const shuffled = Object.fromEntries(Object.entries(tensors).reverse());
    const written = serializeSafetensors(shuffled, Object.keys(metadata).length > 0 ? metadata : undefined);
    expect(Buffer.from(written)).toEqual(Buffer.from(bytesOf(golden.file)));
  });

  it('in the order of the UTF-8 bytes of their names', () => {
    const one = () => new Tensor(Float32Array.of(1), [1]);
    const text = Buffer.from(
      serializeSafetensors({ '\ue000': one(), '\u{10000}': one(), b: one(), B: one() }),
    ).toString();
    const positions = ['B', 'b', '\ue000', '\u{10000}'].map((name) => text.indexOf(`"${name}"`));
    expect(positions).toEqual(positions.toSorted((x, y) => x - y));
  });

  it('with the header padded to a multiple of 8', () => {
    for (let length = 0; length < 16; length++) {
      const bytes = serializeSafetensors({ ['n'.repeat(length)]: new Tensor(Float64Array.of(1), [1]) });
      expect((bytes.length - 8) % 8).toBe(0);
      expect(parseSafetensors(bytes).tensors['n'.repeat(length)]!.item()).toBe(1);
    }
  });

  it('packed when they are views with gaps or parts of other memory', () => {
    const whole = new Tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 4],
    );
    const views = {
      column: whole.at([0, 2], [0, 3], 1),
      part: whole.at(1, 2),
      transposed: new Tensor(whole.data, [4, 3], false, 0, [1, 4]),
    };
    const { tensors } = parseSafetensors(serializeSafetensors(views));
    for (const [name, view] of Object.entries(views)) expect(tensors[name]!.toArray()).toEqual(view.toArray());
    expect(tensors.column!.toArray()).toEqual([
      [1, 5, 9],
      [13, 17, 21],
    ]);
  });

  const tensor = new Tensor(Float32Array.of(1), [1]);
  const detached = new Tensor(Float32Array.of(1, 2), [2]);
  structuredClone(detached.data, { transfer: [detached.data.buffer as ArrayBuffer] });
  it.each<[string, unknown, unknown, string]>([
    ['no record', null, undefined, 'ERR_CONV1D_TYPE'],
    ['a Map', new Map([['a', tensor]]), undefined, 'ERR_CONV1D_TYPE'],
    ['an array', [tensor], undefined, 'ERR_CONV1D_TYPE'],
    ['what only inherits from a tensor', { a: Object.create(Tensor.prototype) }, undefined, 'ERR_CONV1D_TYPE'],
    ['a typed array in place of a tensor', { a: new Float32Array(1) }, undefined, 'ERR_CONV1D_TYPE'],
    ['null in place of a tensor', { a: null }, undefined, 'ERR_CONV1D_TYPE'],
    ['a tensor named __metadata__', { __metadata__: tensor }, undefined, 'ERR_CONV1D_VALUE'],
    ['half a surrogate pair as a name', { '\ud800': tensor }, undefined, 'ERR_CONV1D_VALUE'],
    ['half a surrogate pair in the metadata', {}, { a: '\udc00' }, 'ERR_CONV1D_VALUE'],
    ['a number in the metadata', {}, { stride: 2 }, 'ERR_CONV1D_TYPE'],
    ['text as metadata', {}, 'pt', 'ERR_CONV1D_TYPE'],
    ['null as metadata', {}, null, 'ERR_CONV1D_TYPE'],
    ['an array as metadata', {}, ['pt'], 'ERR_CONV1D_TYPE'],
    ['a header above 100 MB', {}, { text: 'x'.repeat(1e8) }, 'ERR_CONV1D_VALUE'],
    ['a detached tensor', { a: detached }, undefined, 'ERR_CONV1D_DETACHED'],
  ])('unless given %s', (_, dict, metadata, code) => {
    expect(() => serializeSafetensors(dict as never, metadata as never)).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

describe('on disk', () => {
  const dict = {
    weight: new Tensor(
      Float32Array.from({ length: 30 }, (_, i) => i / 7),
      [3, 2, 5],
    ),
  };

  it('what is saved is loaded', async () => {
    const path = join(folder, 'saved.safetensors');
    await saveSafetensors(path, dict, { stride: '2' });
    const { tensors, metadata } = await readSafetensors(path);
    expect(tensors.weight!.toArray()).toEqual(dict.weight.toArray());
    expect({ ...metadata }).toEqual({ stride: '2' });
    expect((await loadSafetensors(path)).weight!.shape).toEqual([3, 2, 5]);
  });

  it('a prefix chooses tensors, and one that no name begins with is refused with a few that are there', async () => {
    const path = join(folder, 'model.safetensors');
    const names = ['a.bias', 'a.weight', 'b.weight', 'c.weight', 'd.weight', 'e.weight', 'f.weight'];
    await saveSafetensors(path, Object.fromEntries(names.map((name) => [name, dict.weight])));
    expect(Object.keys(await loadSafetensors(path, { prefix: 'a.' })).sort()).toEqual(['a.bias', 'a.weight']);
    expect(Object.keys(await loadSafetensors(path, { prefix: '' })).length).toBe(names.length);
    await expect(loadSafetensors(path, { prefix: 'a.conv' })).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: `${path}: no tensor's name begins with "a.conv"; its names are "a.bias", "a.weight", "b.weight", "c.weight", "d.weight" and 2 more`,
    });
  });

  it('a missing file gives the error of the file system', async () => {
    await expect(loadSafetensors(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(saveSafetensors(join(folder, 'missing', 'file'), dict)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('a format error names the file', async () => {
    const path = join(folder, 'bad.safetensors');
    writeFileSync(path, 'PK\x03\x04 and so on');
    await expect(loadSafetensors(path)).rejects.toMatchObject({
      ...FORMAT,
      message: expect.stringContaining(`${path}: `),
    });
  });

  it('a directory is refused', async () => {
    await expect(loadSafetensors(folder)).rejects.toMatchObject(FORMAT);
    await expect(saveSafetensors(folder, dict)).rejects.toMatchObject({ code: 'ERR_CONV1D_VALUE' });
  });

  it.runIf(process.platform === 'linux')(
    'a named pipe or a device is refused, not waited for or replaced',
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      for (const path of [pipe, '/dev/zero']) {
        await expect(loadSafetensors(path)).rejects.toMatchObject(FORMAT);
        await expect(saveSafetensors(path, dict)).rejects.toMatchObject({ code: 'ERR_CONV1D_VALUE' });
      }
    },
  );

  it('a file that becomes shorter while it is read gives an error, not a part', async () => {
    const path = join(folder, 'shrinking');
    writeFileSync(path, Buffer.alloc(100));
    function* decoder(_: string, size: number) {
      truncateSync(path, 60);
      yield { target: new Uint8Array(size), position: 0 };
    }
    const message = expect.stringContaining('byte 60 of 100 is gone');
    await expect(decodeFile(decoder, path)).rejects.toMatchObject({ ...FORMAT, message });
  });

  it('a file is replaced as a whole: a failure leaves the old one and nothing beside it', async () => {
    const home = mkdtempSync(join(folder, 'atomic-'));
    const path = join(home, 'file');
    writeFileSync(path, 'old');
    const chunk = new Uint8Array(100);
    const writing = writeFileAtomic(path, [Buffer.from('new'), chunk]);
    structuredClone(chunk, { transfer: [chunk.buffer] });
    await expect(writing).rejects.toMatchObject({ code: 'ERR_CONV1D_DETACHED' });
    await expect(saveSafetensors(path, { a: null as never })).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(home)).toEqual(['file']);
    await writeFileAtomic(path, [Buffer.from('ne'), Buffer.from('w')]);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(home)).toEqual(['file']);
  });

  it.runIf(process.platform !== 'win32')('a link stays a link and a private file private', async () => {
    const home = mkdtempSync(join(folder, 'links-'));
    const [path, link] = [join(home, 'file'), join(home, 'link')];
    writeFileSync(path, 'old');
    chmodSync(path, 0o600);
    symlinkSync(path, link);
    await saveSafetensors(link, dict);
    expect(readdirSync(home)).toEqual(['file', 'link']);
    expect(existsSync(link) && statSync(path).mode & 0o777).toBe(0o600);
    expect((await loadSafetensors(path)).weight!.numel).toBe(30);
  });

  it('many saves at once to one path leave one whole file', async () => {
    const path = join(folder, 'contended.safetensors');
    await Promise.all(Array.from({ length: 8 }, (_, i) => saveSafetensors(path, dict, { writer: String(i) })));
    expect((await readSafetensors(path)).metadata.writer).toMatch(/^[0-7]$/);
  });
});
