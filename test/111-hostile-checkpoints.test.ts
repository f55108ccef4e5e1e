import { performance } from 'node:perf_hooks';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseCheckpoint, serializeNpy, tensor } from '../lib/index.ts';
import { bytesOf, checkpointsGolden as golden } from './golden/files.ts';
import { readDamaged } from './helpers/checkpoints.ts';

type Entry = { name: string; data: Uint8Array; deflated?: boolean; claims?: number; at?: number };

/** A zip archive; `claims`: another size than the data have, `at`: the place of another entry's bytes. */
function zip(entries: readonly Entry[], count = entries.length): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflated = false, claims = data.length, at } of entries) {
    const stored = deflated ? zlib.deflateRawSync(data) : data;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50);
    header.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(deflated ? 8 : 0, 10);
    central.writeUInt32LE(zlib.crc32(data), 16);
    central.writeUInt32LE(stored.length, 20);
    central.writeUInt32LE(deflated ? claims : stored.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at ?? offset, 42);
    directory.push(central, Buffer.from(name));
    if (at !== undefined) continue;
    pieces.push(header, Buffer.from(name), Buffer.from(stored));
    offset += 30 + name.length + stored.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...pieces, ...directory, end]);
}

/** A checkpoint with this pickle and one storage of 64 bytes. */
function checkpoint(...pickle: readonly (string | Uint8Array)[]): Buffer {
  const data = Buffer.concat(pickle.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return zip([
    { name: 'a/data.pkl', data },
    { name: 'a/data/0', data: Buffer.alloc(64, 1) },
  ]);
}

/** The call that rebuilds a tensor over the storage, as opcodes. */
function rebuilt(offset: string, size: string, stride: string, numel = 'K\x10'): string {
  const storage = `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu${numel}tQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}(${size}t(${stride}t\x89}tR`;
}

const named = (...tensors: readonly string[]): string =>
  `\x80\x02}(${tensors.map((each, i) => `U\x01${i}${each}`).join('')}u.`;
const u32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const repeat = (text: string, count: number): Buffer => Buffer.alloc(text.length * count, text, 'latin1');

/** Seconds of the processor would be a hang; the largest of these files have megabytes. */
const MOST_TIME = 3000;

/** Refused with the code, before long. */
async function expectRefused(file: Uint8Array, code: string, says: string | RegExp): Promise<void> {
  const begun = process.cpuUsage();
  const before = performance.now();
  await expect(parseCheckpoint(file, { key: '' })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(says),
  });
  const { user, system } = process.cpuUsage(begun);
  expect(Math.min((user + system) / 1000, performance.now() - before)).toBeLessThan(MOST_TIME);
}

describe('a pickle', () => {
  test('of opcodes is read as Python reads it', async () => {
    const file = checkpoint(named(rebuilt('K\x02', 'K\x03', 'K\x02')));
    expect((await parseCheckpoint(file))['0']!.shape).toEqual([3]);
  });

  test.each([
    ['ends too soon', checkpoint('\x80\x02}'), 'ends before its last value'],
    ['is of a newer protocol', checkpoint('\x80\x06N.'), 'protocol 6'],
    ['has an unknown opcode', checkpoint('\x80\x02\xff.'), 'opcode 0xff'],
    ['makes an object of Python 2', checkpoint('\x80\x02(ios\nsystem\n.'), 'opcode 0x69'],
    ['uses the registry', checkpoint('\x80\x02\x82\x01.'), 'opcode 0x82'],
    ['has an empty stack', checkpoint('\x80\x02.'), 'takes a value where there is none'],
    ['takes what is below a mark', checkpoint('\x80\x02N(a.'), 'takes a value where there is none'],
    ['has no mark', checkpoint('\x80\x02e.'), 'goes back to a mark that is not there'],
    ['recalls what it never kept', checkpoint('\x80\x02h\x05.'), 'recalls value 5'],
    ['has a text of 4 GiB', checkpoint('\x80\x02X', u32(2 ** 32 - 1), '.'), 'ends before its last value'],
    ['has bytes of 2^63', checkpoint('\x80\x02\x8e', Buffer.alloc(8, 0x7f), '.'), 'ends before its last value'],
    [
      'has an integer of 2^31 bytes',
      checkpoint('\x80\x02\x8b', u32(2 ** 31 - 1), '.'),
      'an integer of 2147483647 bytes',
    ],
    ['has a negative length', checkpoint('\x80\x02T', u32(2 ** 32 - 1), '.'), 'a negative length'],
    ['appends to a number', checkpoint('\x80\x02K\x01K\x02a.'), 'appends to what is no list'],
    ['sets items of a list', checkpoint('\x80\x02]K\x01K\x02s.'), 'no dict'],
    ['has a key without a value', checkpoint('\x80\x02}(K\x01u.'), 'a key without a value'],
    ['calls a number', checkpoint('\x80\x02K\x01)R.'), 'calls what is no function'],
    ['sets attributes of a number', checkpoint('\x80\x02K\x01}b.'), 'sets attributes of what has none'],
    ['refers to something else', checkpoint('\x80\x02K\x01Q.'), 'something outside that is no storage'],
    ['refers to a module', checkpoint('\x80\x02(U\x06moduleNt', 'Q.'), 'a whole model was pickled'],
  ])('that %s is refused', (_, file, says) => expectRefused(file, 'ERR_CONV1D_FORMAT', says));

  test.each([
    ['millions of dicts', checkpoint('\x80\x02', repeat('}', 2_000_000), '.'), 'more than 1048576 lists'],
    ['millions of values', checkpoint('\x80\x02', repeat('N', 5_000_000), '.'), 'more than 4194304 values'],
    [
      'millions of memos',
      checkpoint('\x80\x02N', repeat('\x94', 2_000_000), '.'),
      'more than 1048576 values to be used again',
    ],
    [
      'copies of a copy',
      checkpoint(
        '\x80\x02](',
        repeat('NN\x86', 100_000),
        'eq\x00',
        repeat('0ccollections\nOrderedDict\nh\x00\x85R', 5000),
        '.',
      ),
      'more than 4194304 values',
    ],
    ['a list in itself', checkpoint('\x80\x02]q\x00h\x00a.'), 'more than 32 deep'],
    ['lists nested deeply', checkpoint('\x80\x02', repeat(']', 1000), repeat('a', 999), '.'), 'more than 32 deep'],
    [
      'lists of lists, each twice (2^30 values)',
      checkpoint('\x80\x02]q\x00', repeat('0](h\x00h\x00eq\x00', 30), '.'),
      'more than 1048576 values in dicts and lists',
    ],
  ])('that makes %s is refused', (_, file, says) => expectRefused(file, 'ERR_CONV1D_FORMAT', says));
});

describe('what PyTorch 1.13 does not write, but others do', () => {
  const typed = (type: string) =>
    `ctorch._utils\n_rebuild_tensor_v3\n((U\x07storagectorch.storage\nUntypedStorage\nU\x010U\x03cpuK\x40tQK\x01(K\x02t(K\x01t\x89}ctorch\n${type}\n}tR`;

  test.each([
    ['uint16', 'int32', [0x0101, 0x0101]],
    ['uint32', 'int64', [0x01010101, 0x01010101]],
    ['float64', 'float64', [new Float64Array(new Uint8Array(8).fill(1).buffer)[0]!].flatMap((x) => [x, x])],
  ])('a tensor of %s over a storage without a type', async (type, dtype, numbers) => {
    const { 0: found } = await parseCheckpoint(checkpoint(named(typed(type))));
    expect({ dtype: found!.dtype, numbers: found!.toArray() }).toEqual({ dtype, numbers });
  });

  test.each(['float32', 'int32', 'uint8'])('the negative of what is stored, as %s', async (type) => {
    const plain = typed(type);
    const { 0: found } = await parseCheckpoint(checkpoint(named(plain)));
    const { 0: negated } = await parseCheckpoint(
      checkpoint(named(plain.replace(`${type}\n}`, `${type}\n}(U\x03neg\x88u`))),
    );
    expect(negated!.toArray()).toEqual(found!.neg().toArray());
  });

  test('a negative tensor in the form of PyTorch 2.0', async () => {
    const plain = rebuilt('K\x00', 'K\x02', 'K\x01');
    const { 0: found } = await parseCheckpoint(checkpoint(named(plain)));
    const { 0: negated } = await parseCheckpoint(checkpoint(named(plain.replace('}tR', '}}(U\x03neg\x88utR'))));
    expect(negated!.toArray()).toEqual(found!.neg().toArray());
  });

  test('the negative of a bool is refused', () =>
    expectRefused(
      checkpoint(named(typed('bool').replace('bool\n}', 'bool\n}(U\x03neg\x88u'))),
      'ERR_CONV1D_FORMAT',
      'negative',
    ));

  test('a tensor of floats of 8 bits is refused by its type', () =>
    expectRefused(checkpoint(named(typed('float8_e4m3fn'))), 'ERR_CONV1D_FORMAT', 'elements of float8_e4m3fn'));

  test('a parameter of PyTorch 0.3', async () => {
    const parameter = `ctorch.nn.parameter\nParameter\n(${rebuilt('K\x00', 'K\x02', 'K\x01').replace('_v2', '').replace('\x89}', '')}\x88tR`;
    const file = checkpoint(named(`${parameter}}b`));
    expect((await parseCheckpoint(file))['0']!.shape).toEqual([2]);
  });

  test('a view of a storage in the oldest files', async () => {
    const numbers = Float32Array.from({ length: 16 }, (_, i) => i);
    const view = '(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x10(U\x01vK\x04K\x08ttQ';
    const object = `\x80\x02}U\x01xctorch._utils\n_rebuild_tensor\n(${view}K\x01(K\x02t(K\x03ttRs.`;
    const count = Buffer.from([16, 0, 0, 0, 0, 0, 0, 0]);
    const head = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.';
    const text = `${head}${object}\x80\x02]U\x010a.`;
    const file = Buffer.concat([Buffer.from(text, 'latin1'), count, Buffer.from(numbers.buffer)]);
    expect((await parseCheckpoint(file)).x!.toArray()).toEqual([5, 8]);
  });
});

describe('a tensor', () => {
  const M = (value: number) => `M${String.fromCharCode(value & 255, value >> 8)}`;
  const large = `\x8a\x08${'\xff'.repeat(6)}\x1f\x00`; // 2^53 - 1

  test.each([
    ['reaches beyond its storage', rebuilt('K\x00', 'K\x11', 'K\x01'), 'the storage has 16'],
    ['begins beyond it', rebuilt('K\x10', 'K\x01', 'K\x01'), 'the storage has 16'],
    [
      'claims a storage that is larger than the file has',
      rebuilt('K\x00', M(100), 'K\x01', M(100)),
      'storage "0" has 64 bytes',
    ],
    ['has a negative size', rebuilt('K\x00', 'J\xff\xff\xff\xff', 'K\x01'), 'no integers from 0 on'],
    ['has a negative stride', rebuilt('K\x01', 'K\x02', 'J\xff\xff\xff\xff'), 'no integers from 0 on'],
    ['has more strides than sizes', rebuilt('K\x00', 'K\x02', 'K\x01K\x01'), '1 sizes, but 2 strides'],
    ['has 65 dimensions', rebuilt('K\x00', 'K\x01'.repeat(65), 'K\x01'.repeat(65)), 'more than 64 dimensions'],
    ['has 2^53 elements', rebuilt('K\x00', large, 'K\x00'), 'elements a tensor can have'],
    [
      'has sizes whose product is infinite',
      rebuilt('K\x00', large.repeat(60), 'K\x00'.repeat(60)),
      'elements a tensor',
    ],
    ['has a stride of 2^53', rebuilt('K\x00', 'K\x02', large), 'the storage has 16'],
  ])('that %s is refused', (_, pickle, says) => expectRefused(checkpoint(named(pickle)), 'ERR_CONV1D_FORMAT', says));

  test('that looks at one number a billion times is refused, unless it is allowed', async () => {
    const file = checkpoint(named(rebuilt('K\x00', `J${String.fromCharCode(0, 0, 0, 16)}`, 'K\x00')));
    await expectRefused(file, 'ERR_CONV1D_MEMORY', 'more than 268435456 bytes of memory');
    const small = checkpoint(named(rebuilt('K\x00', M(1000), 'K\x00')));
    expect((await parseCheckpoint(small))['0']!.shape).toEqual([1000]);
    await expect(parseCheckpoint(small, { maxBytes: 3999 })).rejects.toMatchObject({ code: 'ERR_CONV1D_MEMORY' });
  });

  test('comes as often as the limit allows', async () => {
    const half = rebuilt('K\x00', `J${String.fromCharCode(0, 0, 128, 2)}`, 'K\x00');
    await expectRefused(checkpoint(named(half, half)), 'ERR_CONV1D_MEMORY', 'the option maxBytes');
  });
});

describe('a zip archive', () => {
  const npy = serializeNpy(tensor(new Float32Array(1000)));
  const ok: Entry = { name: 'x.npy', data: npy, deflated: true };

  test('made here is read', async () => {
    expect(Object.keys(await parseCheckpoint(zip([ok, { ...ok, name: 'y.npy', deflated: false }])))).toEqual([
      'x',
      'y',
    ]);
  });

  test.each([
    ['unpacks to more than it claims', zip([{ ...ok, claims: 1000 }]), 'unpacks to more than the 1000 bytes'],
    [
      'unpacks to less than it claims',
      zip([{ ...ok, claims: 5000 }]),
      'unpacks to 4128 bytes, but claims to have 5000',
    ],
    ['claims what no deflate can', zip([{ ...ok, claims: 2 ** 31 }]), 'which no deflate can'],
    ['has an entry twice', zip([ok, ok]), 'comes twice'],
    ['has entries over the same bytes', zip([ok, { ...ok, name: 'y.npy', at: 0 }]), 'share bytes'],
    [
      'has entries within others',
      zip([
        { ...ok, deflated: false },
        { ...ok, name: 'y.npy', at: 10 },
      ]),
      'local file header',
    ],
    ['claims more entries than it has', zip([ok], 60_000), 'claims to have 60000 entries'],
    ['has an entry outside of itself', zip([ok, { ...ok, name: 'y.npy', at: 2 ** 31 }]), 'is damaged'],
    ['has a path to elsewhere', zip([ok, { ...ok, name: '../y.npy' }]), 'is damaged: invalid relative path'],
    ['is cut off', zip([ok]).subarray(0, -10), 'is damaged'],
    ['has nothing', zip([]), 'its entries are none'],
  ])('that %s is refused', (_, file, says) => expectRefused(file, 'ERR_CONV1D_FORMAT', says));

  test('with other bytes than its checksum says is refused', async () => {
    const file = zip([{ ...ok, deflated: false }]);
    file[file.indexOf('NUMPY') + 200]! ^= 1;
    await expectRefused(file, 'ERR_CONV1D_FORMAT', 'has another checksum than it should');
  });

  test('of many bytes of nothing takes no more than the limit', async () => {
    const zeros = Buffer.concat([serializeNpy(tensor(new Float32Array(0))).subarray(0, 128), Buffer.alloc(2 ** 23)]);
    zeros.write("'shape': (2097152,), }     ", zeros.indexOf("'shape'"), 'latin1');
    const file = zip(['x', 'y', 'z'].map((name) => ({ name: `${name}.npy`, data: zeros, deflated: true })));
    expect((await parseCheckpoint(file)).z!.shape).toEqual([2 ** 21]);
    const maxBytes = 5 * 2 ** 23;
    await expect(parseCheckpoint(file, { maxBytes })).rejects.toMatchObject({ code: 'ERR_CONV1D_MEMORY' });
  });

  test('of zip64 with a count beyond all bounds is refused', async () => {
    const end = zip([ok]);
    const eocd = end.length - 22;
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50);
    record.writeBigUInt64LE(2n ** 40n, 32);
    record.writeBigUInt64LE(0n, 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50);
    locator.writeBigUInt64LE(BigInt(eocd), 8);
    const file = Buffer.concat([end.subarray(0, eocd), record, locator, end.subarray(eocd)]);
    await expectRefused(file, 'ERR_CONV1D_FORMAT', 'claims to have 1099511627776 entries');
  });
});

test('2,000 damaged files are read or refused', async () => {
  const { read, refused } = await readDamaged(0, 2000);
  expect(read).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(1000);
}, 60_000);

test('a file that is cut off anywhere is refused', async () => {
  for (const { name, file } of golden.cases.filter(({ name }) => /^every dtype/.test(name))) {
    const bytes = bytesOf(file);
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(parseCheckpoint(bytes.subarray(0, length)), `${name} of ${length} bytes`).rejects.toMatchObject({
        code: 'ERR_CONV1D_FORMAT',
      });
    }
  }
});
