import type { PickleBytes } from './bytes.ts';
import { fillDict, type Stack } from './stack.ts';
import { PLAIN, type Value } from './values.ts';

// Opcodes: https://github.com/python/cpython/blob/main/Lib/pickletools.py
//
// Left out, and refused by number: INST and OBJ (classes of Python 2), EXT1 to EXT4 (a registry of the process that wrote it), the buffers
// outside of the pickle of protocol 5, and persistent ids in text.

type Opcode = (stack: Stack, input: PickleBytes) => void;

/** Longer integers are no number that a checkpoint needs; reading them takes time with the square of their length. */
const LONGEST_INTEGER = 1024;

const pushText = (length: (input: PickleBytes) => number, encoding: 'utf8' | 'latin1'): Opcode => {
  return (stack, input) => stack.push(input.text(length(input), encoding));
};

/** Bytes are nothing that a tensor is made of. */
const pushBytes = (length: (input: PickleBytes) => number): Opcode => {
  return (stack, input) => {
    input.skip(length(input));
    stack.push(PLAIN);
  };
};

const pushInteger = (length: (input: PickleBytes) => number): Opcode => {
  return (stack, input) => {
    const bytes = length(input);
    if (!(bytes >= 0 && bytes <= LONGEST_INTEGER)) throw input.wrong(`has an integer of ${bytes} bytes`);
    stack.push(numberOf(input.integer(bytes)));
  };
};

const uint8 = (input: PickleBytes): number => input.uint8();
const uint32 = (input: PickleBytes): number => input.uint32();
const uint64 = (input: PickleBytes): number => input.uint64();
/** The lengths of Python 2 are signed; a negative one is no length. */
const length32 = (input: PickleBytes): number => {
  const length = input.int32();
  if (length < 0) throw input.wrong('has a negative length');
  return length;
};

const pushTuple = (count: number): Opcode => {
  return (stack) => stack.pushContainer(stack.popMany(count));
};

const TABLE: Readonly<Record<string, Opcode>> = {
  // Numbers and constants
  N: (stack) => stack.push(null),
  '\x88': (stack) => stack.push(true),
  '\x89': (stack) => stack.push(false),
  J: (stack, input) => stack.push(input.int32()),
  K: (stack, input) => stack.push(input.uint8()),
  M: (stack, input) => stack.push(input.uint16()),
  G: (stack, input) => stack.push(input.float64()),
  '\x8a': pushInteger(uint8),
  '\x8b': pushInteger((input) => input.int32()),
  I: (stack, input) => stack.push(readIntegerLine(input)),
  L: (stack, input) => stack.push(readIntegerLine(input)),
  F: (stack, input) => stack.push(readFloatLine(input)),

  // Texts and bytes
  X: pushText(uint32, 'utf8'),
  '\x8c': pushText(uint8, 'utf8'),
  '\x8d': pushText(uint64, 'utf8'),
  T: pushText(length32, 'latin1'),
  U: pushText(uint8, 'latin1'),
  V: (stack, input) => stack.push(unescapeUnicode(input.line())),
  S: (stack, input) => stack.push(readQuotedLine(input)),
  B: pushBytes(uint32),
  C: pushBytes(uint8),
  '\x8e': pushBytes(uint64),
  '\x96': pushBytes(uint64),

  // Tuples, lists, dicts, sets
  ')': (stack) => stack.pushContainer([]),
  '\x85': pushTuple(1),
  '\x86': pushTuple(2),
  '\x87': pushTuple(3),
  '(': (stack) => stack.mark(),
  t: (stack) => stack.pushContainer(stack.popToMark()),
  l: (stack) => stack.pushContainer(stack.popToMark()),
  d: (stack, input) => stack.pushContainer(fillDict(new Map(), stack.popToMark(), input)),
  ']': (stack) => stack.pushContainer([]),
  '}': (stack) => stack.pushContainer(new Map()),
  a: (stack) => stack.append([stack.pop()]),
  e: (stack) => stack.append(stack.popToMark()),
  s: (stack) => stack.setItems(stack.popMany(2)),
  u: (stack) => stack.setItems(stack.popToMark()),
  '\x8f': (stack) => stack.push(PLAIN),
  '\x90': (stack, input) => {
    stack.popToMark();
    if (stack.last() !== PLAIN) throw input.wrong('adds to what is no set');
  },
  '\x91': (stack) => {
    stack.popToMark();
    stack.push(PLAIN);
  },

  // The stack and the memo
  '0': (stack) => stack.discard(),
  '1': (stack) => void stack.popToMark(),
  '2': (stack) => stack.push(stack.last()),
  p: (stack, input) => stack.remember(readIndexLine(input)),
  q: (stack, input) => stack.remember(input.uint8()),
  r: (stack, input) => stack.remember(input.uint32()),
  '\x94': (stack) => stack.memoize(),
  g: (stack, input) => stack.recall(readIndexLine(input)),
  h: (stack, input) => stack.recall(input.uint8()),
  j: (stack, input) => stack.recall(input.uint32()),

  // What the vocabulary knows
  c: (stack, input) => stack.push(stack.vocabulary.find(input.line(), input.line())),
  '\x93': (stack, input) => {
    const [module, name] = stack.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw input.wrong('has a global without a name');
    stack.push(stack.vocabulary.find(module, name));
  },
  R: (stack) => stack.call(),
  '\x81': (stack) => stack.call(),
  b: (stack) => stack.build(),
  Q: (stack) => stack.push(stack.vocabulary.load(stack.pop())),

  // The pickle itself
  '\x80': (_, input) => {
    const version = input.uint8();
    if (version > 5) throw input.wrong(`is of protocol ${version}, which is newer than those that are known`);
  },
  '\x95': (_, input) => void input.skip(8),
};

/** The opcodes by their byte; what is not there is refused. */
export const OPCODES: readonly (Opcode | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return Object.hasOwn(TABLE, letter) ? TABLE[letter] : undefined;
});

/** An integer as a number where that has it, else as it is. */
function numberOf(integer: bigint): Value {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

/** `5`, `5L`, and the booleans of protocol 0: `01`, `00`. */
function readIntegerLine(input: PickleBytes): Value {
  const line = input.line();
  if (line === '01') return true;
  if (line === '00') return false;
  if (line.length > LONGEST_INTEGER || !/^[+-]?\d+L?$/.test(line)) throw input.wrong('has an integer that is none');
  return numberOf(BigInt(line.replace(/^\+|L$/g, '')));
}

function readFloatLine(input: PickleBytes): number {
  const line = input.line();
  const special = { inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY, nan: Number.NaN }[line];
  if (special !== undefined) return special;
  if (!/^[+-]?[\d.]+(?:e[+-]?\d+)?$/i.test(line)) throw input.wrong('has a float that is none');
  return Number(line);
}

function readIndexLine(input: PickleBytes): number {
  const line = input.line();
  if (!/^\d{1,10}$/.test(line)) throw input.wrong('has a number in its memo that is none');
  return Number(line);
}

/** A text of Python 2 in quotes, with Python's escapes. */
function readQuotedLine(input: PickleBytes): string {
  const line = input.line();
  const mark = line[0];
  if (line.length < 2 || (mark !== "'" && mark !== '"') || line.at(-1) !== mark) {
    throw input.wrong('has a text without quotes');
  }
  const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return line.slice(1, -1).replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, code?: string, letter = '') => {
    return code === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16));
  });
}

/** A text in which Python wrote what is beyond Latin-1 as \uXXXX. */
function unescapeUnicode(line: string): string {
  return line.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (whole, four?: string, eight?: string) => {
    const code = Number.parseInt(four ?? eight!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
