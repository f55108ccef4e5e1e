import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { formatShape, numelOf, sameShape } from '../../tensor/shape.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../tensor/view.ts';
import type { Axis } from '../trace/axes.ts';
import { unknownName } from './names.ts';

/** An input that does not go on with the signal. */
export interface FixedInput {
  /** Among all inputs. */
  readonly place: number;
  readonly name: string;
  /** Of one row. */
  readonly meta: Meta;
  /** Where its batch stands; null where it is the same for all signals of a batch. */
  readonly axis: Axis | null;
}

/** What a row has in place of the inputs that do not go on, at their places; undefined for the others, and for what nobody gave. */
export type RowFixed = readonly (FloatArray | undefined)[];

/** The inputs that stay as they are while a signal goes on. */
export class FixedInputs {
  readonly #inputs: readonly FixedInput[];
  readonly #nothing: RowFixed;
  /** What many rows have that are all given the same, by how many there are. */
  readonly #repeated = new WeakMap<RowFixed, Map<number, RowFixed>>();

  /** @param count  of all inputs of the network */
  constructor(inputs: readonly FixedInput[], count: number) {
    this.#inputs = inputs;
    this.#nothing = new Array<undefined>(count).fill(undefined);
  }

  /**
   * What somebody gave for some rows: of each input a value for every signal, or one for all. Copies it.
   *
   * @param call  what it was given to, for messages
   * @throws TypeError ERR_CONV1D_OPTION   when there is no such input
   * @throws TypeError ERR_CONV1D_TYPE     when a value is no tensor
   * @throws RangeError ERR_CONV1D_SHAPE   when it has another shape or dtype
   */
  read(given: ReadonlyMap<string, unknown>, rows: number, call: string): readonly RowFixed[] {
    const names = this.#inputs.map(({ name }) => name);
    for (const name of given.keys()) {
      if (!names.includes(name)) throw unknownName(`${call}: fixed has no input`, name, names);
    }
    if (given.size === 0) return new Array<RowFixed>(rows).fill(this.#nothing);
    const parts = this.#inputs.map((input) =>
      given.has(input.name) ? partsOf(given.get(input.name), input, rows, call) : undefined,
    );
    const isSame = parts.every((each) => each === undefined || each.length === 1);
    const fixedOf = (row: number): RowFixed => {
      const own = [...this.#nothing];
      for (const [i, { place }] of this.#inputs.entries()) own[place] = parts[i]?.[row] ?? parts[i]?.[0];
      return own;
    };
    return isSame ? new Array<RowFixed>(rows).fill(fixedOf(0)) : Array.from({ length: rows }, (_, row) => fixedOf(row));
  }

  /**
   * What a row has that was given something of its own beside what all were given.
   *
   * @throws TypeError ERR_CONV1D_TYPE  when an input is missing; `advice` says where it may come from
   */
  complete(all: RowFixed, own: RowFixed, call: string, advice: string): RowFixed {
    for (const { place, name } of this.#inputs) {
      if (own[place] !== undefined || all[place] !== undefined) continue;
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${call}: input '${name}' does not go on with the signal; give it as fixed: { ${name}: tensor }${advice}`,
      );
    }
    return own.every((array) => array === undefined) ? all : all.map((array, i) => own[i] ?? array);
  }

  /** Whether rows may be one batch: what a batch has once is the same for both. */
  areAlike(a: RowFixed, b: RowFixed): boolean {
    return a === b || this.#inputs.every(({ place, axis }) => axis !== null || haveSameBits(a[place]!, b[place]!));
  }

  /** What a batch of rows has, which are alike. */
  together(rows: readonly RowFixed[]): RowFixed {
    const [first] = rows as readonly [RowFixed];
    if (rows.length === 1 || this.#inputs.length === 0) return first;
    if (rows.some((row) => row !== first)) return this.#join(rows);
    const counts = this.#repeated.get(first) ?? new Map<number, RowFixed>();
    this.#repeated.set(first, counts);
    const known = counts.get(rows.length) ?? this.#join(rows);
    counts.set(rows.length, known);
    return known;
  }

  #join(rows: readonly RowFixed[]): RowFixed {
    const joined = [...rows[0]!];
    for (const { place, meta, axis } of this.#inputs) {
      if (axis === null) continue;
      joined[place] = interleaved(
        rows.map((row) => row[place]!),
        numelOf(meta.shape.slice(axis.dim)),
      );
    }
    return joined;
  }
}

/** What each row has of a value; a list of one where it is the same for all. */
function partsOf(value: unknown, { name, meta, axis }: FixedInput, rows: number, call: string): readonly FloatArray[] {
  const view = viewOf(value);
  if (view === undefined) {
    throw typeError('ERR_CONV1D_TYPE', `${call}: fixed input '${name}' must be a Tensor, but got ${describe(value)}`);
  }
  const { dtype, shape } = meta;
  if (view.dtype === dtype && sameShape(view.shape, shape)) return [floatsOfView(view).slice()]; // whatever becomes of the tensor
  const shapes = axis === null ? [shape] : [shape, shape.with(axis.dim, shape[axis.dim]! * rows)];
  if (axis !== null && view.dtype === dtype) {
    const one = shape.with(axis.dim, axis.times);
    if (sameShape(view.shape, one))
      return [repeated(view, numelOf(one.slice(axis.dim)), shape[axis.dim]! / axis.times)];
    if (sameShape(view.shape, shapes[1]!)) return apart(floatsOfView(view), numelOf(shape.slice(axis.dim)), rows);
  }
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `${call}: fixed input '${name}' must be ${dtype} of the shape ${formatShape(shapes.at(-1)!)}, but is ${view.dtype} of ${formatShape(view.shape)}`,
  );
}

/** One item for all of a batch. */
function repeated(view: View, inner: number, times: number): FloatArray {
  return interleaved(new Array<FloatArray>(times).fill(floatsOfView(view)), inner);
}

/** Rows side by side: `inner` elements of each in turn. */
function interleaved(rows: readonly FloatArray[], inner: number): FloatArray {
  const [first] = rows as readonly [FloatArray];
  const all = allocate(first.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64', first.length * rows.length);
  for (let from = 0, to = 0; from < first.length; from += inner) {
    for (const row of rows) {
      all.set(row.subarray(from, from + inner), to);
      to += inner;
    }
  }
  return all;
}

/** The other way round. */
function apart(all: FloatArray, inner: number, rows: number): FloatArray[] {
  return Array.from({ length: rows }, (_, row) => {
    const own = all.slice(0, all.length / rows);
    for (let to = 0, from = row * inner; to < own.length; to += inner, from += rows * inner) {
      own.set(all.subarray(from, from + inner), to);
    }
    return own;
  });
}

function haveSameBits(a: FloatArray, b: FloatArray): boolean {
  return a === b || a.every((value, i) => Object.is(value, b[i]));
}
