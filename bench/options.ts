import { InvalidArgumentError } from 'commander';
import type { Algorithm } from './results.ts';

// How the programs of bench/ read their options.

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('it must be a positive integer.');
  return value;
}

export function nonNegative(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('it must be an integer of at least 0.');
  return value;
}

export function atLeastTwo(text: string): number {
  const value = positive(text);
  if (value < 2) throw new InvalidArgumentError('it must be at least 2.');
  return value;
}

export function positiveList(text: string): number[] {
  return [...new Set(text.split(',').map(positive))];
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError('it must be a number above 0.');
  return value;
}

export function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('it must be a regular expression.');
  }
}

export function nameList(text: string): string[] {
  return [...new Set(text.split(','))];
}

/** `direct`, `fast` or both, direct first. */
export function algorithmList(text: string): Algorithm[] {
  const names = nameList(text);
  const known = (['direct', 'fast'] as const).filter((algorithm) => names.includes(algorithm));
  if (known.length < names.length) throw new InvalidArgumentError("it must be 'direct', 'fast' or 'direct,fast'.");
  return known;
}
