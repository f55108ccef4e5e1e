import { viewOf } from '../tensor/tensor.ts';

/** Where a state dict or a file has a value: under its own key, or in the two parts that weight norm makes of it. */
export type StoredValue =
  | { readonly key: string; readonly magnitude?: undefined }
  /** `key` has the direction, which has the value's shape. */
  | { readonly key: string; readonly magnitude: string };

/** The names of the two parts of a value under weight norm. */
export interface PartNames {
  readonly magnitude: string;
  readonly direction: string;
}

/**
 * What torch.nn.utils.weight_norm calls the parts, and what its successor torch.nn.utils.parametrizations.weight_norm calls them.
 *
 * @param name  the value's name, with those of the modules that it lies in: `block.conv.weight`
 */
export function partNames(name: string): readonly [weightNorm: PartNames, parametrization: PartNames] {
  const own = name.slice(name.lastIndexOf('.') + 1);
  const parametrized = `${name.slice(0, name.length - own.length)}parametrizations.${own}`;
  return [
    { magnitude: `${name}_g`, direction: `${name}_v` },
    { magnitude: `${parametrized}.original0`, direction: `${parametrized}.original1` },
  ];
}

/**
 * Finds a value.
 *
 * @param prefix  what the layer's keys begin with
 * @param name    the value's name in the layer: `'weight'`
 * @param has       whether there is a key
 * @param otherKey  another name of the value
 */
export function findStored(
  prefix: string,
  name: string,
  has: (key: string) => boolean,
  otherKey?: string,
): StoredValue | undefined {
  const key = prefix + name;
  if (has(key)) return { key };
  if (otherKey !== undefined && has(prefix + otherKey)) return { key: prefix + otherKey };
  for (const { magnitude, direction } of partNames(name)) {
    const parts = { key: prefix + direction, magnitude: prefix + magnitude };
    if (has(parts.key) && has(parts.magnitude)) return parts;
  }
  return undefined;
}

/** All keys that a value takes. */
export function keysOf({ key, magnitude }: StoredValue): string[] {
  return magnitude === undefined ? [key] : [magnitude, key];
}

/** A weight somewhere in a state dict or a file. */
export interface FoundWeight {
  /** What the layer's keys begin with: `''`, or something that ends in a dot. */
  readonly prefix: string;
  readonly stored: StoredValue;
  readonly shape: readonly number[];
}

const WEIGHT = /^(|.*\.)(?:weight|weight_v|parametrizations\.weight\.original1)$/s;

/** Every value named `weight`, in the order of the keys; `shapes` has the shape of each tensor. */
export function findWeights(shapes: ReadonlyMap<string, readonly number[]>): FoundWeight[] {
  const weights = new Map<string, FoundWeight>();
  for (const key of shapes.keys()) {
    const prefix = WEIGHT.exec(key)?.[1];
    if (prefix === undefined || weights.has(prefix)) continue;
    const stored = findStored(prefix, 'weight', (each) => shapes.has(each));
    if (stored !== undefined) weights.set(prefix, { prefix, stored, shape: shapes.get(stored.key)! });
  }
  return [...weights.values()];
}

/** The shapes of a state dict's tensors. */
export function shapesOf(dict: Readonly<Record<string, unknown>>): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [key, value] of Object.entries(dict)) {
    const view = viewOf(value);
    if (view !== undefined) shapes.set(key, view.shape);
  }
  return shapes;
}
