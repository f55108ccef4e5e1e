import { mutate } from '../../mutate.ts';
import { int, node, nodeMessage } from '../model.ts';
import { copied, type Field, type Place, parse, places, write } from './tree.ts';

// Damaged copies of ONNX files. Most are well formed as protocol buffers, so that the damage gets as far as the operators.

type Random = (limit: number) => number;

const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  100n,
  1n << 16n,
  1n << 24n,
  (1n << 31n) - 1n,
  1n << 31n,
  1n << 32n,
  1n << 40n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  (1n << 64n) - 2n,
  (1n << 64n) - (1n << 40n),
];
const OPERATORS =
  'Add Cast Concat Conv ConvTranspose Expand Flatten Gather Gemm GRU Identity If LSTM MatMul MaxPool Pad Range ReduceSum Reshape Resize Shape Slice Softmax Split Squeeze Tile TopK Transpose Unsqueeze Where ConstantOfShape Einsum CumSum DFT STFT GatherElements LayerNormalization Loop Scan Foo'.split(
    ' ',
  );

/** Bytes that one mutation may add, and that one of twenty may: large trees take most of the time. */
const [MOST_ADDED, SELDOM_ADDED] = [2 ** 13, 2 ** 19];

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;
const anywhere = (fields: Field[], random: Random): Place => pick(random, places(fields));

/** The places of the fields with these numbers, of those that have a text or bytes and no message. */
function textsOf(fields: Field[]): Place[] {
  return places(fields).filter(
    ({ field }) => field.wire === 2 && field.value instanceof Uint8Array && field.value.length < 64,
  );
}

function messagesOf(fields: Field[]): Place[] {
  return places(fields).filter(({ field }) => Array.isArray(field.value));
}

/** Changes a tree; `other` is that of another file. */
type Mutation = (fields: Field[], random: Random, other: () => Field[]) => void;

const MUTATIONS: readonly Mutation[] = [
  // A field is gone, twice there, or many times.
  (fields, random) => {
    const { within, index } = anywhere(fields, random);
    within.splice(index, 1);
  },
  (fields, random) => {
    const { within, index, field } = anywhere(fields, random);
    const most = Math.floor((random(20) === 0 ? SELDOM_ADDED : MOST_ADDED) / write([field]).length);
    const count = Math.min(pick(random, [1, 1, 2, 40, 3000]), most);
    within.splice(index, 0, ...Array.from({ length: count }, () => copied(field)));
  },
  // Two fields change places; a message becomes another one.
  (fields, random) => {
    const [one, other] = [anywhere(fields, random), anywhere(fields, random)];
    // Copies, so that no field gets into itself.
    const [{ value, wire }, { value: otherValue, wire: otherWire }] = [copied(one.field), copied(other.field)];
    Object.assign(one.field, { value: otherValue, wire: otherWire });
    Object.assign(other.field, { value, wire });
  },
  (fields, random, other) => {
    const { field } = pick(random, messagesOf(fields));
    const likely = messagesOf(other()).filter((each) => each.field.number === field.number);
    if (likely.length > 0) field.value = copied(pick(random, likely).field).value;
  },
  (fields, random, other) => {
    const { within, index } = pick(random, messagesOf(fields));
    within.splice(index, 0, copied(pick(random, messagesOf(other())).field));
  },
  // Numbers: sizes, attributes, types, versions.
  ...Array.from(
    { length: 4 },
    (): Mutation => (fields, random) => {
      const numbers = places(fields).filter(({ field }) => field.wire === 0);
      const { field } = pick(random, numbers);
      field.value = random(3) === 0 ? BigInt(random(12)) : pick(random, NUMBERS);
    },
  ),
  // Sizes alone: those of tensors and of inputs.
  (fields, random) => {
    const sizes = places(fields).filter(({ field, depth }) => field.wire === 0 && field.number === 1 && depth > 1);
    if (sizes.length > 0)
      pick(random, sizes).field.value = random(2) === 0 ? BigInt(random(20)) : pick(random, NUMBERS);
  },
  // Names: of values, so that there are circles and values without a node; of operators and attributes.
  ...Array.from(
    { length: 2 },
    (): Mutation => (fields, random) => {
      const texts = textsOf(fields);
      if (texts.length > 0) pick(random, texts).field.value = pick(random, texts).field.value;
    },
  ),
  (fields, random) => {
    const types = places(fields).filter(({ field }) => field.number === 4 && field.value instanceof Uint8Array);
    if (types.length > 0) pick(random, types).field.value = Buffer.from(pick(random, OPERATORS));
  },
  // Bytes: too few, too many, others.
  (fields, random) => {
    const all = places(fields).filter(({ field }) => field.value instanceof Uint8Array);
    const { field } = pick(random, all);
    const bytes = field.value as Uint8Array;
    field.value = pick(random, [
      () => bytes.subarray(0, random(bytes.length + 1)),
      () => Buffer.concat([bytes, bytes]),
      () => Buffer.alloc(bytes.length, random(256)),
      () => Buffer.from(bytes).map((byte) => (random(8) === 0 ? random(256) : byte)),
      () => Buffer.alloc(1 << random(random(4) === 0 ? 18 : 12)),
    ])();
  },
  // Another type of field.
  (fields, random) => {
    const { field } = anywhere(fields, random);
    field.number = pick(random, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 20, 22, 25, 536870911]);
  },
  // Graphs in graphs.
  (fields, random) => {
    const graph = fields.find(({ number, value }) => number === 7 && Array.isArray(value));
    if (graph === undefined) return;
    const within = graph.value as Field[];
    within.push({ number: 1, wire: 2, value: nested(pick(random, random(4) === 0 ? [70, 2000] : [2, 10, 60])) });
  },
  // A chain of constants, each twice as long.
  (fields, random) => {
    const graph = fields.find(({ number, value }) => number === 7 && Array.isArray(value));
    if (graph === undefined) return;
    const within = graph.value as Field[];
    const names = textsOf(within).map(({ field }) => Buffer.from(field.value as Uint8Array).toString('latin1'));
    const first = pick(random, names.length === 0 ? ['x'] : names);
    const chain = Array.from({ length: 40 }, (_, i) =>
      node('Concat', [i === 0 ? first : `chain${i - 1}`, i === 0 ? first : `chain${i - 1}`], [`chain${i}`], {
        axis: int(0),
      }),
    );
    const messages = [...chain, node('Add', [first, 'chain39'], ['y0'])].map(nodeMessage);
    within.unshift(...messages.map((value): Field => ({ number: 1, wire: 2, value })));
  },
];

/** An If whose branch is a graph with an If, and so on: written from the inside out, since a writer that calls itself would end first. */
function nested(depth: number): Uint8Array {
  const texts = (number: number, text: string): Field => ({ number, wire: 2, value: Buffer.from(text) });
  let inner = nodeMessage(node('Identity', ['x0'], ['z']));
  for (let i = 0; i < depth; i++) {
    const graph = write([
      { number: 1, wire: 2, value: inner },
      { number: 12, wire: 2, value: write([texts(1, 'z')]) },
    ]);
    const branch = write([
      texts(1, 'then_branch'),
      { number: 6, wire: 2, value: graph },
      { number: 20, wire: 0, value: 5n },
    ]);
    inner = write([texts(1, 'x0'), texts(2, 'z'), texts(4, 'If'), { number: 5, wire: 2, value: branch }]);
  }
  return inner;
}

/** Whether there are bytes, a number and a message among the fields. */
function canBeDamaged(fields: Field[]): boolean {
  const values = places(fields).map(({ field }) => field.value);
  return (
    values.some((each) => each instanceof Uint8Array) &&
    values.some((each) => typeof each === 'bigint') &&
    values.some(Array.isArray)
  );
}

/** A damaged copy of one of some files. */
export function damaged(files: readonly Uint8Array[], random: Random): Uint8Array {
  const file = pick(random, files);
  if (random(5) === 0) return mutate(file, random);
  const fields = parse(file);
  // A file of which nothing is left has no place for more damage.
  for (let count = 1 + random(3); count > 0 && canBeDamaged(fields); count--)
    pick(random, MUTATIONS)(fields, random, () => parse(pick(random, files)));
  const bytes = write(fields);
  return random(20) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}
