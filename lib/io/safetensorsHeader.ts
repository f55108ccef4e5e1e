import { quote } from '../check/quote.ts';
import { formatShape, MAX_DIMENSIONS } from '../tensor/shape.ts';
import { declaredNumel, isWellFormed, malformed } from './malformed.ts';
import { Scanner } from './scanner.ts';

/** The dtypes that we read, with their size in bytes. */
const ELEMENT_SIZE = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;

export type SafetensorsDtype = keyof typeof ELEMENT_SIZE;

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
  if (!text.startsWith('{')) throw malformed(source, "the header should begin with '{'; is this a safetensors file?");
  const scanner = new Scanner(source, text);
  readObject(source, scanner, 'the header', (name) => {
    if (name === '__metadata__') {
      readObject(source, scanner, '__metadata__', (key) => {
        metadata[key] = readString(source, scanner);
      });
    } else {
      entries.push(readEntry(source, scanner, name));
    }
  });
  scanner.end();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(source, entries, dataSize);
  return { entries, metadata };
}

function readEntry(source: string, scanner: Scanner, name: string): SafetensorsEntry {
  const what = `tensor ${quote(name)}`;
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  readObject(source, scanner, what, (key) => {
    if (key === 'dtype') dtype = readString(source, scanner);
    else if (key === 'shape') shape = readIntegers(source, scanner, what);
    else if (key === 'data_offsets') offsets = readIntegers(source, scanner, what);
    else throw malformed(source, `${what} has the unknown field ${quote(key)}; expected dtype, shape and data_offsets`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw malformed(source, `${what} needs the fields dtype, shape and data_offsets`);
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || begin > end) {
    throw malformed(
      source,
      `${what} has data_offsets ${formatShape(offsets)}; expected [begin, end] with begin <= end`,
    );
  }
  const numel = declaredNumel(source, what, shape);
  const bytes = isReadable(dtype) ? numel * ELEMENT_SIZE[dtype] : end - begin;
  if (end - begin !== bytes) {
    const declared = `${what} is ${dtype} of shape ${formatShape(shape)}, ${bytes} bytes`;
    throw malformed(source, `${declared}, but its data_offsets ${formatShape(offsets)} hold ${end - begin}`);
  }
  return { name, dtype, shape, numel, begin, end };
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

/** The entry's dtype, if it can be read. */
export function readableDtype(source: string, { name, dtype }: SafetensorsEntry): SafetensorsDtype {
  if (isReadable(dtype)) return dtype;
  const readable = Object.keys(ELEMENT_SIZE).join(', ');
  throw malformed(
    source,
    `tensor ${quote(name)} has dtype ${quote(dtype)}, but only ${readable} can be read; ` +
      'convert it, or load only the tensors with the prefix you need',
  );
}

function isReadable(dtype: string): dtype is SafetensorsDtype {
  return Object.hasOwn(ELEMENT_SIZE, dtype);
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

function readString(source: string, scanner: Scanner): string {
  const text = scanner.quoted('"');
  let value: string | undefined;
  try {
    value = JSON.parse(text) as string;
  } catch {}
  if (value === undefined || !isWellFormed(value)) {
    throw malformed(source, `the header has a string that is not valid JSON: ${quote(text)}`);
  }
  return value;
}

function readIntegers(source: string, scanner: Scanner, what: string): number[] {
  const integers: number[] = [];
  scanner.expect('[');
  if (scanner.accept(']')) return integers;
  do {
    if (integers.length === MAX_DIMENSIONS)
      throw malformed(source, `${what} has more than ${MAX_DIMENSIONS} dimensions`);
    integers.push(scanner.integer());
  } while (scanner.accept(','));
  scanner.expect(']');
  return integers;
}
