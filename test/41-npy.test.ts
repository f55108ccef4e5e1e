import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNpy, parseNpy, saveNpy, serializeNpy } from '../lib/io/npy.ts';
import { Tensor } from '../lib/tensor/tensor.ts';
import { bytesOf, npyGolden } from './golden/files.ts';
import { parseMutations } from './helpers/mutate.ts';

const FORMAT = { name: 'RangeError', code: 'ERR_CONV1D_FORMAT' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A .npy file of version 1.0 with this header and this many bytes of data. */
function file(header: string, dataSize = 0, version = [1, 0]): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4);
  length.writeUInt16LE(text.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from(version),
    length,
    text,
    Buffer.alloc(dataSize),
  ]);
}

function header(fields: { descr?: string; order?: string; shape?: string } = {}): string {
  const { descr = "'<f4'", order = 'False', shape = '(2,)' } = fields;
  return `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

function expectGolden(tensor: Tensor, golden: { dtype: string; shape: readonly number[]; data: string }): void {
  expect(tensor.dtype).toBe(golden.dtype);
  expect(tensor.shape).toEqual(golden.shape);
  expect(tensor.isContiguous).toBe(true);
  expect(Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)).toEqual(
    Buffer.from(bytesOf(golden.data)),
  );
}

describe("NumPy's files", () => {
  it.each(npyGolden.cases)('$name is read', (golden) => expectGolden(parseNpy(bytesOf(golden.file)), golden));

  it.each(npyGolden.cases.filter((golden) => golden.canonical))('$name is written with the same bytes', (golden) => {
    const tensor = parseNpy(bytesOf(golden.file));
    expect(Buffer.from(serializeNpy(tensor))).toEqual(Buffer.from(bytesOf(golden.file)));
  });

  it.each(npyGolden.refused)('dtype $dtype is refused by name', ({ dtype, file }) => {
    expect(() => parseNpy(bytesOf(file))).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringContaining(dtype) }),
    );
  });

  it.each(npyGolden.cases.slice(0, 18))('$name gives a tensor or a format error, whatever is damaged', (golden) => {
    expect(parseMutations(bytesOf(golden.file), 2000, (damaged) => [parseNpy(damaged)])).toBeGreaterThan(500);
  });
});

describe('a header is accepted', () => {
  it.each<[string, Buffer, number[]]>([
    ["with '=f4', the machine's order", file(header({ descr: "'=f4'" }), 8), [2]],
    ["with '|f8'", file(header({ descr: "'|f8'" }), 16), [2]],
    ['with double quotes', file(header().replaceAll("'", '"'), 8), [2]],
    ['with its keys in another order', file("{'shape': (1, 2), 'descr': '<f4', 'fortran_order': False}", 8), [1, 2]],
    ['with a comma after the last size', file(header({ shape: '(1, 2, )' }), 8), [1, 2]],
    ["with Python 2's long integers", file(header({ shape: '(1L, 2L)' }), 8), [1, 2]],
    ['without any space', file("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 8), [2]],
    ['of version 2.0', file(header(), 8, [2, 0]), [2]],
    ['of version 3.0', file(header(), 8, [3, 0]), [2]],
  ])('%s', (_, bytes, shape) => {
    expect(parseNpy(bytes).shape).toEqual(shape);
  });
});

describe('a damaged or hostile file is refused', () => {
  const many = `(${'1, '.repeat(65)})`;
  const huge = `(${'4503599627370496, '.repeat(30)}0)`;
  const long = file(header(), 8, [2, 0]);
  long.writeUInt32LE(0x10000, 8);
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /this has 0/],
    ['another kind of file', Buffer.from('RIFF and so on'), /begins with/],
    ['version 0.0', file(header(), 8, [0, 0]), /got 0\.0/],
    ['version 1.1', file(header(), 8, [1, 1]), /got 1\.1/],
    ['version 4.0', file(header(), 8, [4, 0]), /got 4\.0/],
    ['a header beyond the end', file(header()).subarray(0, 30), /is the file cut off/],
    ['a header above 64 KiB', long, /65536 bytes, at most 65535/],
    ['no header', file('', 8), /expected "{"/],
    ['too little data', file(header(), 7), /has 8 bytes, but 7 follow/],
    ['too much data', file(header(), 9), /has 8 bytes, but 9 follow/],
    ['an expression', file(header({ shape: '(1+1,)' }), 8), /expected/],
    ['a call', file(header({ shape: '__import__("os")' }), 8), /expected "\("/],
    ['a number in place of a tuple', file(header({ shape: '2' }), 8), /expected "\("/],
    ['a tuple that is a number in brackets', file(header({ shape: '(2)' }), 8), /expected ","/],
    ['a list in place of a tuple', file(header({ shape: '[2]' }), 8), /expected "\("/],
    ['a negative size', file(header({ shape: '(-2,)' }), 8), /non-negative integer/],
    ['a size with a fraction', file(header({ shape: '(2.0,)' }), 8), /non-negative integer/],
    ['a size above 2^53', file(header({ shape: '(9007199254740993,)' }), 8), /non-negative integer/],
    ['65 dimensions', file(header({ shape: many }), 4), /more than 64 dimensions/],
    ['2^32 elements', file(header({ shape: '(65536, 65536)' })), /more than the 4294967295 elements/],
    ['no element, of 2^1560', file(header({ shape: huge })), /more than the 4294967295 elements/],
    ['an order that is no bool', file(header({ order: '0' }), 8), /expected True or False/],
    ['a missing key', file("{'descr': '<f4', 'shape': (2,)}", 8), /needs the keys/],
    ['an unknown key', file(header().replace('shape', 'form'), 8), /the header has "form"/],
    ['a key twice', file("{'descr': '<f4', 'descr': '<f8', }", 8), /"descr", unknown or for the second time/],
    ['an escape in the dtype', file(header({ descr: "'\\x3cf4'" }), 8), /cannot be read/],
    ['a dtype of another size', file(header({ descr: "'<f3'" }), 6), /"<f3" cannot be read/],
    ['a dtype out of Object.prototype', file(header({ descr: "'constructor'" }), 8), /"constructor" cannot be read/],
    ['text after the dict', file(`${header()};`, 8), /expected the end/],
    ['a comment', file(`${header()}# and so on`, 8), /expected the end/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseNpy(bytes)).toThrowError(
      expect.objectContaining({ ...FORMAT, message: expect.stringMatching(message) }),
    );
  });
});

describe('a dtype that is not read', () => {
  it.each(['<c8', '>c16', '|O', '<U3', '<M8[ns]', '|V8', '<f16'])('%s', (descr) => {
    const message = `npy: dtype "${descr}" cannot be read, only bool, integers and floats of up to 64 bits; save real numbers of these types instead`;
    expect(() => parseNpy(file(header({ descr: `'${descr}'` })))).toThrowError(
      expect.objectContaining({ ...FORMAT, message }),
    );
  });
});

describe('on disk', () => {
  it.each(npyGolden.cases.slice(0, 18))('$name is read', async (golden) => {
    const path = join(folder, 'golden.npy');
    writeFileSync(path, bytesOf(golden.file));
    expectGolden(await loadNpy(path), golden);
  });

  it('what is saved is loaded, a view with gaps too', async () => {
    const path = join(folder, 'saved.npy');
    const tensor = new Tensor(
      Float64Array.from({ length: 24 }, (_, i) => i / 3),
      [2, 3, 4],
    );
    for (const view of [tensor, tensor.at([0, 2], 1), tensor.at([0, 2], [0, 3], 2), tensor.at(1, 2, 3)]) {
      await saveNpy(path, view);
      const loaded = await loadNpy(path);
      expect(loaded.shape).toEqual(view.shape);
      expect(loaded.toArray()).toEqual(view.toArray());
    }
  });

  it('what is no tensor is refused before anything is written', async () => {
    const path = join(folder, 'none.npy');
    await expect(saveNpy(path, [1, 2] as never)).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    await expect(loadNpy(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
