import { isLayer, type Layer, nativeArguments } from '../../convolution/layer.ts';
import { isElements } from '../../tensor/dtype.ts';
import { fitInteger, type SizesAtCall, type Source } from './fit.ts';

/** Attributes for inputs of any sizes: what does not depend on them is the same object every time. */
export interface Template {
  readonly isFixed: boolean;
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
  if (traces.every((each) => isTheSame(each, first))) return fixed(first);
  if (traces.every(Number.isSafeInteger)) {
    const at = fitInteger(traces as number[], sources);
    return at === undefined ? { path, values: traces } : { isFixed: false, at };
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
  if (Array.isArray(first)) return { isFixed: false, at: (place) => parts.map(([, part]) => part.at(place)) };
  return {
    isFixed: false,
    at: (place) => Object.fromEntries(parts.map(([key, part]) => [key, part.at(place)])),
  };
}

/** Attributes that never change. */
export function fixed(value: unknown): Template {
  return { isFixed: true, at: () => value };
}

/** Arrays and plain objects: what is made anew in each trace. */
function isComposite(value: unknown): value is object {
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
function isLayerLike(value: unknown): value is Layer {
  return isLayer(value) || (typeof value === 'object' && value !== null && 'native' in value && 'fits' in value);
}

function haveTheSameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
