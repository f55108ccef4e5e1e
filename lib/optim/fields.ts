import { rangeError, typeError } from '../check/errors.ts';
import { describe, isArray, boolean as readBoolean } from '../check/validate.ts';

/** A number of a parameter group or of a schedule: its name here and in torch's state dicts, and how a given value is read. */
export interface Field {
  readonly name: string;
  readonly torchName: string;
  /** Throws where the value cannot be used. */
  read(value: unknown): unknown;
}

/** A number; where it is not right, RangeError ERR_CONV1D_VALUE with this sentence. */
export function numberField(
  name: string,
  torchName: string,
  isRight: (value: number) => boolean = () => true,
  sentence: (value: number) => string = String,
): Field {
  return {
    name,
    torchName,
    read: (value) => {
      const number = readNumber(value, name);
      if (!isRight(number)) throw rangeError('ERR_CONV1D_VALUE', sentence(number));
      return number;
    },
  };
}

/** A number from 0 on. */
export function positiveField(name: string, torchName: string, sentence: (value: number) => string): Field {
  return numberField(name, torchName, (value) => value >= 0, sentence);
}

/** True or false. */
export function booleanField(name: string, torchName = name): Field {
  return { name, torchName, read: (value) => readBoolean(value, name) };
}

/** Two numbers, each from 0 on and below 1. */
export const betasField: Field = {
  name: 'betas',
  torchName: 'betas',
  read: (value) => {
    if (!isArray(value)) throw typeError('ERR_CONV1D_TYPE', `betas must be two numbers, but got ${describe(value)}`);
    const { length } = value;
    if (length !== 2) throw rangeError('ERR_CONV1D_VALUE', `betas must be two numbers, but got ${length} of them`);
    return Object.freeze([readBeta(value[0], 0), readBeta(value[1], 1)]);
  },
};

/** The fields that an object has, each read once. */
export function readFields(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, read } of fields) {
    const value = given[name];
    if (value !== undefined) values[name] = read(value);
  }
  return values;
}

/** A number; TypeError ERR_CONV1D_TYPE for anything else. */
export function readNumber(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be a number, but got ${describe(value)}`);
}

function readBeta(value: unknown, index: number): number {
  const beta = readNumber(value, `betas[${index}]`);
  if (beta >= 0 && beta < 1) return beta;
  throw rangeError('ERR_CONV1D_VALUE', `Invalid beta parameter at index ${index}: ${beta}`);
}
