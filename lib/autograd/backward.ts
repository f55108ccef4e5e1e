import { rangeError } from '../check/errors.ts';
import { allocate } from '../tensor/allocate.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import { setGradEnabled } from '../tensor/gradMode.ts';
import { type View, viewOfAll } from '../tensor/view.ts';
import { accumulate, sumOf } from './accumulate.ts';
import type { Made, Node } from './node.ts';

/** The gradients that have flowed into a call, one for each result. */
type Pending = Map<Node, (View | null)[]>;

/**
 * Computes the gradients of all leaves that a value was computed from. Calls are run from the last one made to the first: each behind all that read
 * what it made, and so that gradients that meet are added up in one order.
 *
 * @param gradient     that of the value; null for 1
 * @param retainGraph  whether the calls keep what they saved
 */
export function backward(root: View, gradient: View | null, retainGraph: boolean): void {
  const { history } = root;
  if (history === null) {
    throw rangeError(
      'ERR_CONV1D_GRAD',
      'element 0 of tensors does not require grad and does not have a grad_fn; what it was computed from must have requiresGrad, outside of noGrad(), without the option out',
    );
  }
  if (gradient === null && root.numel !== 1) {
    throw rangeError(
      'ERR_CONV1D_GRAD',
      'grad can be implicitly created only for scalar outputs; give backward() the gradient, or take a sum() or a mean()',
    );
  }
  const before = setGradEnabled(false);
  try {
    const first = gradient ?? one(root);
    if (history.node === null) accumulate(root, first, gradient === null);
    else run(history as Made, first, retainGraph);
  } finally {
    setGradEnabled(before);
  }
}

function run({ node: last, index }: Made, gradient: View, retainGraph: boolean): void {
  const pending: Pending = new Map();
  flow(pending, last, index, gradient);
  for (const node of callsBehind(last)) {
    const gradients = pending.get(node);
    if (gradients === undefined) continue; // nothing flowed to it
    pending.delete(node);
    for (const [result, view] of node.retained) {
      const retained = gradients[result];
      if (retained) accumulate(view, retained, false);
    }
    step(pending, node, gradients);
    if (!retainGraph) node.release();
  }
}

/** Runs one call backward, and passes on what comes of it. */
function step(pending: Pending, node: Node, gradients: readonly (View | null)[]): void {
  const { edges } = node;
  const found = node.backward(gradients);
  const users = usersOf([...gradients, ...found]);
  for (const [i, edge] of edges.entries()) {
    const gradient = found[i] ?? null;
    if (edge === null || gradient === null) continue;
    if (edge.leaf === undefined) {
      flow(pending, edge.node, edge.index, gradient);
    } else {
      accumulate(edge.leaf, gradient, users.get(gradient.storage.buffer) === 1 && !node.hasSaved(gradient));
    }
  }
}

function flow(pending: Pending, node: Node, index: number, gradient: View): void {
  let gradients = pending.get(node);
  if (gradients === undefined) {
    gradients = node.results.map(() => null);
    pending.set(node, gradients);
  }
  gradients[index] = sumOf(gradients[index], gradient);
}

/** A call and all before it that a gradient can reach, the last one first. */
function callsBehind(last: Node): Node[] {
  const reached = new Set([last]);
  for (const node of reached) {
    for (const edge of node.edges) if (edge !== null && edge.leaf === undefined) reached.add(edge.node);
  }
  return [...reached].sort((one, other) => other.sequence - one.sequence);
}

/** How many gradients lie in each memory. */
function usersOf(gradients: readonly (View | null)[]): ReadonlyMap<ArrayBufferLike, number> {
  const users = new Map<ArrayBufferLike, number>();
  for (const gradient of gradients) {
    if (gradient === null) continue;
    const { buffer } = gradient.storage;
    users.set(buffer, (users.get(buffer) ?? 0) + 1);
  }
  return users;
}

function one({ dtype, shape }: View): View {
  return viewOfAll(allocate(dtype as FloatDtype, 1).fill(1), dtype, shape);
}
