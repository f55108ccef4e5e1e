import { isComposite, isTheSame } from './attributes.ts';
import { type Fit, fitInteger, integerAt, type SizesAtCall, type Source } from './fit.ts';
import { ownAttributes } from './own.ts';

/** Attributes for inputs of any sizes; parts that do not depend on sizes are the same objects every time. */
export interface Template {
  readonly isFixed: boolean;
  /** The largest divisor of a floor in them; 1 if there is none. */
  readonly divisor: number;
  at(place: SizesAtCall): unknown;
  /** The template as data. */
  readonly data: TemplateData;
}

/** Attributes as data: a value, an integer that depends on sizes, or arrays and plain objects of those. */
export type TemplateData =
  | { readonly value: unknown }
  | { readonly integer: Fit }
  | { readonly list: readonly TemplateData[] }
  | { readonly record: readonly (readonly [key: string, part: TemplateData])[] };

/** A part of attributes that cannot be followed. */
export interface Refusal {
  /** Where in the attributes: `sizes[2]`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** Makes a template of its data. */
export function templateOf(data: TemplateData): Template {
  return { isFixed: 'value' in data, divisor: divisorOf(data), at: (place) => valueAt(data, place), data };
}

function divisorOf(data: TemplateData): number {
  if ('value' in data) return 1;
  if ('integer' in data) return data.integer.line.divisor;
  return Math.max(1, ...('list' in data ? data.list : data.record.map(([, part]) => part)).map(divisorOf));
}

function valueAt(data: TemplateData, place: SizesAtCall): unknown {
  if ('value' in data) return data.value;
  if ('integer' in data) return integerAt(data.integer, place);
  if ('list' in data) return data.list.map((part) => valueAt(part, place));
  return Object.fromEntries(data.record.map(([key, part]) => [key, valueAt(part, place)]));
}

/** The template that gives the attributes of all traces, or the part for which there is none. */
export function makeTemplate(traces: readonly unknown[], sources: readonly Source[]): Template | Refusal {
  const data = makeData(traces, sources, '');
  return 'values' in data ? data : templateOf(data);
}

function makeData(traces: readonly unknown[], sources: readonly Source[], path: string): TemplateData | Refusal {
  const [first] = traces;
  if (traces.every((each) => isTheSame(each, first))) return { value: ownAttributes(first) };
  if (traces.every(Number.isSafeInteger)) {
    const integer = fitInteger(traces as number[], sources);
    return integer === undefined ? { path, values: traces } : { integer };
  }
  if (!traces.every(isComposite)) return { path, values: traces };
  const keys = Object.keys(first as object);
  const haveKeys = (each: unknown) => Object.keys(each as object).length === keys.length;
  if (!traces.every((each) => haveKeys(each) && Array.isArray(each) === Array.isArray(first))) {
    return { path, values: traces };
  }
  const record: [string, TemplateData][] = [];
  for (const key of keys) {
    const values = traces.map((each) => (each as Record<string, unknown>)[key]);
    const part = makeData(values, sources, Array.isArray(first) ? `${path}[${key}]` : `${path}${path && '.'}${key}`);
    if ('values' in part) return part;
    record.push([key, part]);
  }
  return Array.isArray(first) ? { list: record.map(([, part]) => part) } : { record };
}

/** Attributes that never change. */
export function fixed(value: unknown): Template {
  return templateOf({ value });
}
