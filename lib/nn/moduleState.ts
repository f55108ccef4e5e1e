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
  const found: NamedModules<M> = [];
  const path: { readonly name: string; readonly module: M }[] = [];
  const visit = (name: string, module: M): void => {
    const outer = path.find((step) => step.module === module);
    if (outer !== undefined) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `a module contains itself: ${quoted(name)} is ${quoted(outer.name)} again; take one of them out`,
      );
    }
    found.push([name, module]);
    path.push({ name, module });
    for (const [key, child] of module.ownChildren()) visit(joined(name, key), child);
    path.pop();
  };
  visit('', root);
  return found;
}

/** The same, each module once, under its first name. */
export function uniqueModules<M extends Tree<M>>(root: M): NamedModules<M> {
  const seen = new Set<M>();
  return walkModules(root).filter(([, module]) => !seen.has(module) && seen.add(module));
}

/** `block.conv` */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function quoted(name: string): string {
  return name === '' ? 'the module itself' : `'${name}'`;
}
