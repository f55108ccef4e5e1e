import { rangeError } from '../check/errors.ts';
import { torchName } from '../tensor/dtype.ts';
import type { GradFn, History } from '../tensor/history.ts';
import type { Meta } from '../tensor/operation.ts';
import { versionOf } from '../tensor/versions.ts';
import type { View } from '../tensor/view.ts';
import { GradFunction } from './gradFn.ts';
import type { Gradients, InputMeta, MultiRule } from './rule.ts';

/** Where a gradient of a call goes: to a leaf, or to the call that made the input. */
export type Edge = { readonly leaf: View } | { readonly leaf?: undefined; readonly node: Node; readonly index: number };

/** The history of what a call made. */
export class Made implements History {
  readonly node: Node;
  readonly index: number;
  #gradFn: GradFn | null = null;

  constructor(node: Node, index: number) {
    this.node = node;
    this.index = index;
  }

  /** Made when somebody looks at it, which few do. */
  get gradFn(): GradFn {
    this.#gradFn ??= new GradFunction(this.node.nameOf(this.index));
    return this.#gradFn;
  }
}

/** A value that was saved, and the state that its memory was in. */
interface Saved {
  readonly view: View;
  readonly version: number;
}

const NOTHING_SAVED: readonly (Saved | null)[] = [];

let calls = 0;

/** A call that was recorded. */
export class Node {
  /** Later calls have larger ones: no call comes before those that made its inputs. */
  readonly sequence = ++calls;
  readonly results: readonly Meta[];
  /** Results whose gradient is kept, too. */
  readonly retained = new Map<number, View>();
  readonly #rule: MultiRule<unknown>;
  readonly #inputs: readonly (InputMeta | undefined)[];
  readonly #needs: readonly boolean[];
  #attributes: unknown;
  #edges: readonly (Edge | null)[];
  #saved: readonly (Saved | null)[];
  /** Those of the results, where they depended on attributes that were given up. */
  #names: readonly string[] | null = null;
  #isSpent = false;

  constructor(
    rule: MultiRule<unknown>,
    attributes: unknown,
    inputs: readonly (View | undefined)[],
    results: readonly View[],
  ) {
    this.#rule = rule;
    this.#attributes = attributes;
    this.#inputs = inputs.map(inputOf);
    this.results = results.map(metaOf);
    this.#edges = inputs.map(edgeTo);
    this.#needs = this.#edges.map((edge) => edge !== null);
    const saved = rule.saves?.({ attributes, inputs, results, needs: this.#needs });
    this.#saved = saved === undefined ? NOTHING_SAVED : saved.map(savedOf);
  }

  /** Where the gradient of each input goes; null where none flows. */
  get edges(): readonly (Edge | null)[] {
    return this.#edges;
  }

  /** torch's name of a result's gradient function. */
  nameOf(index: number): string {
    if (this.#names !== null) return this.#names[index]!;
    const { name } = this.#rule;
    return typeof name === 'string' ? name : name(this.#attributes, this.#inputs, index);
  }

  /** The gradients of the inputs. */
  backward(gradients: readonly (View | null)[]): Gradients {
    if (this.#isSpent) {
      throw rangeError(
        'ERR_CONV1D_GRAD',
        'Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward(). Specify retainGraph: true if you need to backward through the graph a second time.',
      );
    }
    for (const saved of this.#saved) if (saved !== null) this.#requireUntouched(saved);
    return this.#rule.backward(
      {
        attributes: this.#attributes,
        inputs: this.#inputs,
        results: this.results,
        needs: this.#needs,
        saved: this.#saved.map((saved) => saved?.view),
      },
      gradients,
    );
  }

  /** Whether a value was saved. */
  hasSaved(view: View): boolean {
    return this.#saved.some((saved) => saved?.view.storage.buffer === view.storage.buffer);
  }

  /** Gives up what was saved, and with it the calls before this one. A call that saved nothing may run again, as in torch. */
  release(): void {
    if (this.#saved.length === 0) return;
    if (typeof this.#rule.name !== 'string') this.#names = this.results.map((_, index) => this.nameOf(index));
    this.#isSpent = true;
    this.#saved = NOTHING_SAVED;
    this.#edges = [];
    this.#attributes = undefined;
  }

  #requireUntouched({ view, version }: Saved): void {
    const now = versionOf(view.storage);
    if (now === version) return;
    throw rangeError(
      'ERR_CONV1D_GRAD',
      `one of the variables needed for gradient computation has been modified by an inplace operation: [torch.${torchName(view.dtype)}Tensor [${view.shape.join(', ')}]], which was needed by ${this.nameOf(0)}, is at version ${now}; expected version ${version} instead. Run backward() before the optimiser's step() and before loadStateDict(), or give the call a clone().`,
    );
  }
}

function metaOf({ dtype, shape }: View): Meta {
  return { dtype, shape };
}

function inputOf(view: View | undefined): InputMeta | undefined {
  if (view === undefined) return undefined;
  const { dtype, shape, strides } = view;
  return { dtype, shape, isContiguous: strides === null };
}

function edgeTo(view: View | undefined): Edge | null {
  const history = view?.history ?? null;
  if (history === null) return null;
  return history.node === null ? { leaf: view! } : { node: history.node as Node, index: history.index };
}

function savedOf(view: View | null | undefined): Saved | null {
  return view ? { view, version: versionOf(view.storage) } : null;
}
