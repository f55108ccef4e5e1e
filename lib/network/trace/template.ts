import { isComposite, isTheSame } from './attributes.ts';
import { fitInteger, type SizesAtCall, type Source } from './fit.ts';
import { ownAttributes } from './own.ts';

/** Attributes for inputs of any sizes: what does not depend on them is the same object every time. */
export interface Template {
  readonly isFixed: boolean;
  /** The largest divisor of a floor in them; 1 for none. */
  readonly divisor: number;
  at(place: SizesAtCall): unknown;
}

/** A part of attributes that cannot be followed. */
export interface Refusal {
  /** Where in the attributes: `sizes[2]`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** The template that gives all of some attributes, one for each trace, or what stands against it. */
export function makeTemplate(traces: readonly unknown[], sources: readonly Source[], path = ''): Template | Refusal {
  const [first] = traces;
  if (traces.every((each) => isTheSame(each, first))) return fixed(ownAttributes(first));
  if (traces.every(Number.isSafeInteger)) {
    const line = fitInteger(traces as number[], sources);
    return line === undefined ? { path, values: traces } : { isFixed: false, ...line };
  }
  if (!traces.every(isComposite)) return { path, values: traces };
  const keys = Object.keys(first as object);
  const haveKeys = (each: unknown) => Object.keys(each as object).length === keys.length;
  if (!traces.every((each) => haveKeys(each) && Array.isArray(each) === Array.isArray(first))) {
    return { path, values: traces };
  }
  const parts: [string, Template][] = [];
  for (const key of keys) {
    const values = traces.map((each) => (each as Record<string, unknown>)[key]);
    const part = makeTemplate(
      values,
      sources,
      Array.isArray(first) ? `${path}[${key}]` : `${path}${path && '.'}${key}`,
    );
    if ('values' in part) return part;
    parts.push([key, part]);
  }
  const divisor = Math.max(...parts.map(([, part]) => part.divisor));
  if (Array.isArray(first)) return { isFixed: false, divisor, at: (place) => parts.map(([, part]) => part.at(place)) };
  return {
    isFixed: false,
    divisor,
    at: (place) => Object.fromEntries(parts.map(([key, part]) => [key, part.at(place)])),
  };
}

/** Attributes that never change. */
export function fixed(value: unknown): Template {
  return { isFixed: true, divisor: 1, at: () => value };
}
