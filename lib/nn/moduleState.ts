import { rangeError } from '../check/errors.ts';
import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A value of a module's state. */
export interface StateEntry {
  readonly tensor: Tensor<Dtype>;
  /** Another key that files may have for it. */
  readonly otherKey?: string | undefined;
  /** What it becomes where the state dict does not have it, and is not blamed for that. */
  readonly otherwise?: number | undefined;
}

/** What the walk over a tree needs to know of a module. */
interface Tree<M> {
  ownChildren(): ReadonlyMap<string, M>;
}

/** Modules of a tree with their names, each before its children. */
export type NamedModules<M> = [name: string, module: M][];

/**
 * All modules of a tree, the root first, under the name `''`. A module in several places has several names.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when a module contains itself
 */
export function walkModules<M extends Tree<M>>(root: M): NamedModules<M> {
  return walk(root);
}

/** The same, each module once, under its first name: what is shared many times over is walked once. */
export function uniqueModules<M extends Tree<M>>(root: M): NamedModules<M> {
  return walk(root, new Set<M>());
}

/** More are a mistake, as modules that each hold the next one twice are: their names would fill the memory. */
const MOST_MODULES = 2 ** 16;

/** Deeper, the stack ends. */
const DEEPEST = 500;

/** @param seen  what was found before and is passed over; without it, all that is found under another name is found again */
function walk<M extends Tree<M>>(root: M, seen?: Set<M>): NamedModules<M> {
  const found: NamedModules<M> = [];
  const path = new Map<M, string>();
  const visit = (name: string, module: M): void => {
    const outer = path.get(module);
    if (outer !== undefined) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `a module contains itself: ${quoted(name)} is ${quoted(outer)} again; take one of them out`,
      );
    }
    if (seen?.has(module) === true) return;
    requireFew(found.length, path.size);
    seen?.add(module);
    found.push([name, module]);
    path.set(module, name);
    for (const [key, child] of module.ownChildren()) visit(joined(name, key), child);
    path.delete(module);
  };
  visit('', root);
  return found;
}

function requireFew(count: number, depth: number): void {
  if (count < MOST_MODULES && depth < DEEPEST) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `a module may hold at most ${MOST_MODULES} modules, nested ${DEEPEST} deep; does one hold another in several places?`,
  );
}

/** `block.conv` */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function quoted(name: string): string {
  return name === '' ? 'the module itself' : `'${name}'`;
}
