import { quote } from '../check/quote.ts';
import { formatShape, MAX_DIMENSIONS } from '../tensor/shape.ts';
import { declaredNumel, isWellFormed, malformed } from './malformed.ts';
import { type Stored, storedSize } from './numbers.ts';
import { Scanner } from './scanner.ts';

/** The dtypes that are read. */
const STORED = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  BOOL: 'bool',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
} as const satisfies Record<string, Stored>;

type SafetensorsDtype = keyof typeof STORED;

export const READABLE = Object.keys(STORED) as readonly SafetensorsDtype[];

/** One tensor as the header describes it; `begin` and `end` count from the first byte after the header. */
export type SafetensorsEntry = {
  readonly name: string;
  /** As it is written: a file may hold tensors that nobody asks for, of dtypes that cannot be read. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly numel: number;
  readonly begin: number;
  readonly end: number;
};

export type SafetensorsHeader = {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Record<string, string>;
};

// Some 50 bytes of hostile header make a tensor object of several hundred; no real model comes near this count.
const MAX_ENTRIES = 2 ** 18;

/**
 * Reads the JSON header and checks it against the `dataSize` bytes that follow it.
 *
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, 32]}, ...}
 *
 * The tensors have to cover the data from end to end, with neither gap nor overlap. They are returned in the order of
 * the data. Unlike `JSON.parse` this refuses a key that comes twice, as the format does.
 */
export function parseHeader(source: string, text: string, dataSize: number): SafetensorsHeader {
  const entries: SafetensorsEntry[] = [];
  const metadata: Record<string, string> = Object.create(null);
  const scanner = new Scanner(source, text);
  readObject(source, scanner, 'the header', (name) => {
    if (name !== '__metadata__') {
      entries.push(readEntry(source, scanner, name));
    } else if (!scanner.accept('null')) {
      // Some writers say null for none.
      readObject(source, scanner, '__metadata__', (key) => {
        metadata[key] = readString(source, scanner);
      });
    }
  });
  scanner.end();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(source, entries, dataSize);
  return { entries, metadata };
}

/**
 * One tensor's description. Nothing is made but the entry and its shape, at its exact length: a hostile header has 2^18 tensors, and
 * each byte per tensor is a quarter of a megabyte.
 */
function readEntry(source: string, scanner: Scanner, name: string): SafetensorsEntry {
  const what = () => `tensor ${quote(name)}`;
  let dtype: string | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  scanner.expect('{');
  if (!scanner.accept('}')) {
    do {
      const field = readField(source, scanner);
      scanner.expect(':');
      if (field === 'dtype' && dtype === undefined) dtype = readDtype(source, scanner);
      else if (field === 'shape' && shape === undefined) shape = readIntegers(source, scanner, what);
      else if (field === 'data_offsets' && offsets === undefined) offsets = readIntegers(source, scanner, what);
      else if (isField(field)) throw malformed(source, `${what()} has the key ${quote(field)} twice`);
      else {
        const expected = 'expected dtype, shape and data_offsets';
        throw malformed(source, `${what()} has the unknown field ${quote(field)}; ${expected}`);
      }
    } while (scanner.accept(','));
    scanner.expect('}');
  }
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw malformed(source, `${what()} needs the fields dtype, shape and data_offsets`);
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || begin > end) {
    throw malformed(
      source,
      `${what()} has data_offsets ${formatShape(offsets)}; expected [begin, end] with begin <= end`,
    );
  }
  const numel = declaredNumel(source, what, shape);
  const stored = storedAs(dtype);
  const bytes = stored === undefined ? end - begin : numel * storedSize(stored);
  if (end - begin !== bytes) {
    const declared = `${what()} is ${dtype} of shape ${formatShape(shape)}, ${bytes} bytes`;
    throw malformed(source, `${declared}, but its data_offsets ${formatShape(offsets)} hold ${end - begin}`);
  }
  return { name, dtype, shape, numel, begin, end };
}

const FIELDS = ['dtype', 'shape', 'data_offsets'] as const;
/** As nearly every writer writes them: recognised in place, without a string of their own. */
const FIELD_TOKENS = FIELDS.map((field) => ({ field, token: JSON.stringify(field) }));

function isField(key: string): boolean {
  return FIELDS.some((field) => field === key);
}

function readField(source: string, scanner: Scanner): string {
  for (const { field, token } of FIELD_TOKENS) if (scanner.accept(token)) return field;
  return readString(source, scanner);
}

/** A dtype's name: one string for all tensors that have it, where it can be read. */
function readDtype(source: string, scanner: Scanner): string {
  const text = readString(source, scanner);
  return READABLE.find((dtype) => dtype === text) ?? text;
}

function checkCoverage(source: string, entries: readonly SafetensorsEntry[], dataSize: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) {
      const fault = begin < covered ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it';
      throw malformed(source, `tensor ${quote(name)} ${fault}: its data begins at ${begin}, expected ${covered}`);
    }
    if (end > dataSize) {
      throw malformed(
        source,
        `tensor ${quote(name)} ends at byte ${end} of the data, but the file has only ${dataSize}; is it cut off?`,
      );
    }
    covered = end;
  }
  if (covered !== dataSize) {
    throw malformed(source, `the tensors cover ${covered} bytes of data, but ${dataSize} follow the header`);
  }
}

/** How the numbers of a dtype are stored; undefined for one that cannot be read. */
export function storedAs(dtype: string): Stored | undefined {
  return Object.hasOwn(STORED, dtype) ? STORED[dtype as SafetensorsDtype] : undefined;
}

/** Reads an object; `member` is called after each key and reads the value. */
function readObject(source: string, scanner: Scanner, what: string, member: (key: string) => void): void {
  const keys = new Set<string>();
  scanner.expect('{');
  if (scanner.accept('}')) return;
  do {
    const key = readString(source, scanner);
    if (keys.has(key)) throw malformed(source, `${what} has the key ${quote(key)} twice`);
    if (keys.size === MAX_ENTRIES) throw malformed(source, `${what} has more than ${MAX_ENTRIES} keys`);
    keys.add(key);
    scanner.expect(':');
    member(key);
  } while (scanner.accept(','));
  scanner.expect('}');
}

/** What a JSON string cannot hold as it stands, control characters, or what it holds in another form, after a backslash. */
const SPECIAL = /[^ -[\]-\uffff]/;

function readString(source: string, scanner: Scanner): string {
  const text = scanner.quoted('"');
  // UTF-8 has no halves of surrogate pairs: only an escape can make one.
  if (!SPECIAL.test(text)) return text.slice(1, -1);
  let value: string | undefined;
  try {
    value = JSON.parse(text) as string;
  } catch {}
  if (value === undefined || !isWellFormed(value)) {
    throw malformed(source, `the header has a string that is not valid JSON: ${quote(text)}`);
  }
  return value;
}

function readIntegers(source: string, scanner: Scanner, what: () => string): readonly number[] {
  scanner.expect('[');
  if (scanner.accept(']')) return [];
  const first = scanner.integer();
  // Literals and not pushes: an array that grows has room for 17.
  if (scanner.accept(']')) return [first];
  const integers = [first];
  while (scanner.accept(',')) {
    if (integers.length === MAX_DIMENSIONS)
      throw malformed(source, `${what()} has more than ${MAX_DIMENSIONS} dimensions`);
    integers.push(scanner.integer());
  }
  scanner.expect(']');
  return integers.slice();
}
