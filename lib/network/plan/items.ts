import { full } from '../../tensor/ops/full.ts';
import { expand } from '../../tensor/ops/views.ts';
import type { AnyOperation, Graph, Node, Value } from '../graph.ts';
import { functionOf } from '../passes/elements.ts';
import { isTheSame } from '../trace/attributes.ts';
import { ITEM_RULES } from './itemRules.ts';
import { batchDimOf, type Numbers } from './numbers.ts';

/** The dimension along which the batch items of each input and output lie. */
export interface Items {
  readonly inputs: readonly (number | null)[];
  readonly outputs: readonly (number | null)[];
}

/** The dimensions of the batch items, if the network computes each by itself; undefined if it mixes them, or no rule says that it does not. */
export function findItems({ inputs, nodes, outputs }: Graph, { batchDims, traced }: Numbers): Items | undefined {
  if (batchDims === undefined) return undefined;
  if (batchDims.every((dim) => dim === null)) {
    return { inputs: inputs.map(() => null), outputs: outputs.map(() => null) }; // one item
  }
  const dims = new Map<Value, number>();
  for (const [i, value] of inputs.entries()) {
    const dim = batchDims[i];
    if (dim !== null && dim !== undefined) dims.set(value, dim);
  }
  for (const node of nodes.flatMap((each) => [each, ...each.finishes.map((finish) => finish.node)])) {
    if (!node.inputs.some((value) => dims.has(value))) {
      // A result of values that are the same for all items is the same for all items, and may be repeated for each.
      if (!isToldBatch(node, traced)) continue;
      const [result] = node.results as [Value];
      const repeated = REPEATING.has(node.operation) ? batchDimOf(result, traced) : undefined;
      if (typeof repeated !== 'number' || isToldCount(node, repeated, dims, traced)) return undefined;
      dims.set(result, repeated);
      continue;
    }
    const dim = functionOf(node) === undefined ? itemDim(node, dims) : functionItemDim(node, dims);
    if (dim === undefined || dim < 0 || isToldCount(node, dim, dims, traced)) return undefined;
    for (const value of node.results) dims.set(value, dim);
  }
  const ofOutputs = outputs.map((value) => dims.get(value));
  if (!ofOutputs.every((dim) => dim !== undefined)) return undefined;
  return { inputs: inputs.map((value) => dims.get(value) ?? null), outputs: ofOutputs };
}

/** Operations that repeat their values along a dimension; its size is one of their attributes. */
const REPEATING: ReadonlySet<AnyOperation> = new Set<AnyOperation>([expand, full]);

/** Whether the attributes of a node whose inputs are the same for all items contain the number of items. */
function isToldBatch({ attributes, inputs }: Node, traced: Numbers['traced']): boolean {
  if (attributes.isFixed) return false;
  return traced.some(([length, batch], t) => {
    const shapes = inputs.map(({ metas }) => metas[t]!.shape);
    const [told, ofOne] = [batch!, 1].map((count) => attributes.at({ shapes, variables: [length!, count] }));
    return !isTheSame(told, ofOne);
  });
}

/** Whether a node's attributes differ between one item and several, apart from that size of its result. */
function isToldCount(
  { attributes, inputs: read }: Node,
  dim: number,
  dims: ReadonlyMap<Value, number>,
  traced: Numbers['traced'],
): boolean {
  if (attributes.isFixed) return false;
  return traced.some(([length, batch], t) => {
    const whole = read.map(({ metas }) => metas[t]!.shape);
    const single = whole.map((shape, i) => {
      const own = dims.get(read[i]!);
      return own === undefined ? shape : shape.with(own, 1);
    });
    const told = attributes.at({ shapes: whole, variables: [length!, batch!] });
    const ofOne = attributes.at({ shapes: single, variables: [length!, 1] });
    const { sizes } = (told ?? {}) as { sizes?: readonly number[] };
    const isSize = Array.isArray(sizes) && sizes[dim] === batch;
    return !isTheSame(isSize ? { ...(told as object), sizes: sizes.with(dim, 1) } : told, ofOne);
  });
}

function itemDim(node: Node, dims: ReadonlyMap<Value, number>): number | undefined {
  const rule = ITEM_RULES.get(node.operation);
  // The first input of an operation has the items.
  if (rule === undefined || !dims.has(node.inputs[0]!)) return undefined;
  const own = node.inputs.map((value) => dims.get(value) ?? null);
  const [first] = node.inputs as [Value];
  const found = first.metas.flatMap(({ shape }, t) => {
    // If there is one item, its dimension looks like any other of size 1.
    if (shape[own[0]!] === 1) return [];
    const shapes = node.inputs.map(({ metas }) => metas[t]!.shape);
    const result = node.results[0]!.metas[t]!.shape;
    return [rule({ dims: own, shapes, result, attributes: node.attributes.at({ shapes, variables: [0, 0] }) })];
  });
  return found.every((dim) => dim === found[0]) ? found[0] : undefined;
}

/** Of an element-wise function, whose inputs are broadcast. */
function functionItemDim(node: Node, dims: ReadonlyMap<Value, number>): number | undefined {
  const form = functionOf(node)!;
  const ndim = node.results[0]!.metas[0]!.shape.length;
  const behind = node.inputs.flatMap((value) => {
    const dim = dims.get(value);
    return dim === undefined ? [] : [dim + ndim - value.metas[0]!.shape.length];
  });
  const [dim] = behind as [number];
  if (behind.some((each) => each !== dim)) return undefined;
  if (form.kind === 'channel' && form.a.length > 1 && form.channelDim === dim) return undefined;
  // An operand that is the same for all items must not have an element per item.
  const others = node.inputs.filter((value) => !dims.has(value));
  const isShared = others.every(
    ({ metas }) => (metas[0]!.shape.at(dim - ndim) ?? 1) === 1 || metas[0]!.shape.length < ndim - dim,
  );
  return isShared ? dim : undefined;
}
