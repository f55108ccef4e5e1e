import { isArray } from '../../check/validate.ts';
import type { Algorithm } from '../../convolution/algorithm.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { MAX_DIMENSIONS } from '../../tensor/shape.ts';
import type { Node } from '../graph.ts';
import type { Fit, Origin } from '../trace/fit.ts';
import type { TemplateData } from '../trace/template.ts';
import { flag, list, named, real, record, whole, writtenReal, wrong } from './fields.ts';
import { type NamedElements, numbered } from './tensors.ts';

/** What a field needs to write itself. */
export interface FieldWriter {
  readonly node: Node;
  /** The names of the node's tensors, up to the dot. */
  readonly base: string;
  /** Puts tensors that belong together into the file, and gives the names that they have there. */
  tensors(group: readonly NamedElements[]): string[];
}

/** What a field needs to read itself. */
export interface FieldReader {
  /** A tensor of floats with the dtype that the operation reads. */
  tensor(json: unknown, where: string): FloatTensor;
  /** Makes a thing once for all nodes that describe the same. */
  once<T>(json: unknown, make: () => T): T;
  /** Replaces the algorithm of a convolution. */
  readonly algorithm: Algorithm | undefined;
  /** The number of tensors that the operation reads. */
  readonly inputs: number;
}

export interface FloatTensor {
  readonly elements: FloatArray;
  readonly shape: readonly number[];
  readonly dtype: FloatDtype;
}

/** How a file represents one field of an operation's attributes. */
export interface Field {
  /** The field as JSON; undefined leaves it out. */
  write(data: TemplateData, writer: FieldWriter, name: string): unknown;
  /** `json` is undefined if the file does not have the field. */
  read(json: unknown, where: string, reader: FieldReader): TemplateData;
}

/** A field that is the same for all sizes of the inputs. */
export function fixedField(
  write: (value: unknown, writer: FieldWriter, name: string) => unknown,
  read: (json: unknown, where: string, reader: FieldReader) => unknown,
): Field {
  return {
    write: (data, writer, name) => {
      if ('value' in data) return write(data.value, writer, name);
      throw wrong(`the attribute ${name} of ${writer.node.operation.name}`, 'depends on sizes, which no file can say');
    },
    read: (json, where, reader) => ({ value: read(json, where, reader) }),
  };
}

export const FLAG = fixedField((value) => value, flag);
export const REAL = fixedField((value) => writtenReal(value as number), real);

export function wholeFrom(least: number, most?: number): Field {
  return fixedField(
    (value) => value,
    (json, where) => whole(json, where, least, most),
  );
}

export function oneOf(names: readonly string[]): Field {
  return fixedField(
    (value) => value,
    (json, where) => named(json, where, names),
  );
}

/** A field that inference does not need, and the value that replaces it. */
export function always(value: unknown): Field {
  return { write: () => undefined, read: () => ({ value }) };
}

/** Absent, or as another field reads it. */
export function optional(field: Field): Field {
  return {
    write: (data, writer, name) =>
      'value' in data && data.value === undefined ? undefined : field.write(data, writer, name),
    read: (json, where, reader) => (json === undefined ? { value: undefined } : field.read(json, where, reader)),
  };
}

/** Null, or as another field reads it. */
export function orNull(field: Field): Field {
  return {
    write: (data, writer, name) => ('value' in data && data.value === null ? null : field.write(data, writer, name)),
    read: (json, where, reader) => (json === null ? { value: null } : field.read(json, where, reader)),
  };
}

/** A tensor of the dtype that the operation reads, with as many elements as a check demands; `called` is its name in the state dict. */
export function elementsAs(called?: string): Field {
  return fixedField(
    (value, { base, tensors }, name) => {
      const elements = value as FloatArray;
      const nameOf = numbered(`${base}.${called ?? name}`);
      return tensors([{ nameOf, elements, shape: [elements.length] }])[0];
    },
    (json, where, reader) => reader.tensor(json, where).elements,
  );
}

export const ELEMENTS = elementsAs();

/** A list, by default of at most as many elements as a tensor may have dimensions. */
export function listOf(item: Field, most = MAX_DIMENSIONS): Field {
  return {
    write: (data, writer, name) => partsOf(data).map((part) => item.write(part, writer, name)),
    read: (json, where, reader) => {
      const parts = list(json, where, most).map((each, i) => item.read(each, `${where}[${i}]`, reader));
      const fixed = parts.flatMap((part) => ('value' in part ? [part.value] : []));
      return fixed.length === parts.length ? { value: Object.freeze(fixed) } : { list: parts };
    },
  };
}

function partsOf(data: TemplateData): readonly TemplateData[] {
  if ('list' in data) return data.list;
  return ((data as { value: readonly unknown[] }).value ?? []).map((value) => ({ value }));
}

const DIVISORS = 2 ** 32;

/** How many sizes come before the first one comes again, at most. */
const MOST_OF_CYCLE = 1024;

/**
 * A number that may depend on the sizes of the operation's inputs:
 *
 *     {"of": {"input": 0, "begin": 2, "end": 3}, "factor": 1, "added": -4, "divisor": 1}      floor((size - 4) / 1)
 *     {"of": "length" or "batch", ..., "multiple": {"unit": 16, "first": 0, "ofValue": 1, "ofSize": 1}}
 *     {"of": ..., "factor": 1, "added": 0, "divisor": 3, "cycle": {"rate": 0, "rest": [1, 0, 0]}}
 */
export const SIZE: Field = {
  write: (data) => ('integer' in data ? writtenFit(data.integer) : writtenReal((data as { value: number }).value)),
  read: (json, where, { inputs }) =>
    typeof json === 'object' && json !== null
      ? { integer: readFit(json, where, inputs) }
      : { value: whole(json, where, -Number.MAX_SAFE_INTEGER) },
};

/** Any number; like a {@link SIZE}, it may depend on sizes. */
export const NUMBER: Field = {
  write: (data, writer, name) => SIZE.write(data, writer, name),
  read: (json, where, reader) =>
    typeof json === 'object' && json !== null ? SIZE.read(json, where, reader) : { value: real(json, where) },
};

/** The second operand of an arithmetic operation, if it is not a tensor. */
export const OPERAND: Field = {
  write: (data, writer, name) =>
    'value' in data && typeof data.value === 'boolean' ? data.value : NUMBER.write(data, writer, name),
  read: (json, where, reader) => (typeof json === 'boolean' ? { value: json } : NUMBER.read(json, where, reader)),
};

/** A position, or `[start, stop]`. */
export const INDEX: Field = {
  write: (data, writer, name) =>
    'list' in data || ('value' in data && Array.isArray(data.value))
      ? RANGE.write(data, writer, name)
      : SIZE.write(data, writer, name),
  read: (json, where, reader) => (isArray(json) ? RANGE.read(json, where, reader) : SIZE.read(json, where, reader)),
};

/** Infinity is the end. */
const BOUND: Field = {
  write: SIZE.write,
  read: (json, where, reader) =>
    json === 'Infinity' ? { value: Number.POSITIVE_INFINITY } : SIZE.read(json, where, reader),
};

const RANGE = listOf(BOUND, 2);

const VARIABLES = ['length', 'batch'] as const;

function writtenFit({ from, line, multiple, cycle }: Fit): unknown {
  return { of: 'variable' in from ? VARIABLES[from.variable] : from, ...line, multiple, cycle };
}

function readFit(json: unknown, where: string, inputs: number): Fit {
  const { of, factor, added, divisor, multiple, cycle } = record(json, where, [
    'of',
    'factor',
    'added',
    'divisor',
    'multiple',
    'cycle',
  ]);
  const any = (value: unknown, name: string) => whole(value, `${where}.${name}`, -Number.MAX_SAFE_INTEGER);
  const fit = {
    from: readOrigin(of, `${where}.of`, inputs),
    line: {
      factor: any(factor, 'factor'),
      added: any(added, 'added'),
      divisor: whole(divisor, `${where}.divisor`, 1, DIVISORS),
    },
  };
  if (cycle !== undefined) {
    const { rate, rest } = record(cycle, `${where}.cycle`, ['rate', 'rest']);
    const all = list(rest, `${where}.cycle.rest`, MOST_OF_CYCLE).map((each) => any(each, 'cycle.rest'));
    whole(divisor, `${where}.divisor`, all.length, all.length);
    return { ...fit, cycle: { rate: any(rate, 'cycle.rate'), rest: all } };
  }
  if (multiple === undefined) return fit;
  const given = record(multiple, `${where}.multiple`, ['unit', 'first', 'ofValue', 'ofSize']);
  return {
    ...fit,
    multiple: {
      unit: any(given.unit, 'multiple.unit'),
      first: any(given.first, 'multiple.first'),
      ofValue: any(given.ofValue, 'multiple.ofValue'),
      ofSize: any(given.ofSize, 'multiple.ofSize'),
    },
  };
}

function readOrigin(json: unknown, where: string, inputs: number): Origin {
  if (typeof json === 'string') return { variable: VARIABLES.indexOf(named(json, where, VARIABLES)) };
  const { input, begin, end } = record(json, where, ['input', 'begin', 'end']);
  const first = whole(begin, `${where}.begin`, 0, MAX_DIMENSIONS);
  return { input: whole(input, `${where}.input`, 0, inputs - 1), begin: first, end: whole(end, `${where}.end`, first) };
}
