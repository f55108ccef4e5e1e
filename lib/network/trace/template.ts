import { isLayer, type Layer, nativeArguments } from '../../convolution/layer.ts';
import { isElements } from '../../tensor/dtype.ts';
import { type FittedInteger, fitInteger, integerAt, type SizesAtCall, type Source } from './fit.ts';

/** Attributes for inputs of any sizes: what does not depend on them is the same object every time. */
export interface Template {
  readonly isFixed: boolean;
  at(place: SizesAtCall): unknown;
  /** The whole of it. */
  readonly data: TemplateData;
}

/** Attributes as data: a value, an integer that depends on sizes, or arrays and plain objects of those. */
export type TemplateData =
  | { readonly value: unknown }
  | { readonly integer: FittedInteger }
  | { readonly list: readonly TemplateData[] }
  | { readonly record: readonly (readonly [key: string, part: TemplateData])[] };

/** The template that data are of. */
export function templateOf(data: TemplateData): Template {
  return { isFixed: 'value' in data, at: (place) => valueAt(data, place), data };
}

function valueAt(data: TemplateData, place: SizesAtCall): unknown {
  if ('value' in data) return data.value;
  if ('integer' in data) return integerAt(data.integer, place);
  if ('list' in data) return data.list.map((part) => valueAt(part, place));
  return Object.fromEntries(data.record.map(([key, part]) => [key, valueAt(part, place)]));
}

/** A part of attributes that cannot be followed. */
export interface Refusal {
  /** Where in the attributes: `sizes[2]`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** The template that gives all of some attributes, one for each trace, or what stands against it. */
export function makeTemplate(traces: readonly unknown[], sources: readonly Source[]): Template | Refusal {
  const data = makeData(traces, sources, '');
  return 'values' in data ? data : templateOf(data);
}

function makeData(traces: readonly unknown[], sources: readonly Source[], path: string): TemplateData | Refusal {
  const [first] = traces;
  if (traces.every((each) => isTheSame(each, first))) return { value: first };
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

/** Arrays and plain objects: what is made anew in each trace. */
export function isComposite(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isElements(value) || isLayerLike(value)) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function isTheSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isElements(a) && isElements(b)) return haveTheSameElements(a, b);
  if (isLayerLike(a) && isLayerLike(b)) {
    const [x, y] = [nativeArguments(a.parameters), nativeArguments(b.parameters)];
    return x.every((each, i) => each === y[i]) && isTheSame(a.weight, b.weight) && isTheSame(a.bias, b.bias);
  }
  if (!isComposite(a) || !isComposite(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isTheSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** A layer, or one that a function of nn.functional made for its call. */
export function isLayerLike(value: unknown): value is Layer {
  return isLayer(value) || (typeof value === 'object' && value !== null && 'native' in value && 'fits' in value);
}

function haveTheSameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
