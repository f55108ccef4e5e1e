import { type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Graph, Node } from '../graph.ts';
import { elementOperands } from '../passes/elements.ts';

/** Whether native programs compute a node: its operation has a step, and all its values are floats of this dtype. */
export function isNative(node: Node, dtype: FloatDtype): boolean {
  const isAlike = [...node.inputs, ...node.results].every(({ metas }) => metas[0]!.dtype === dtype);
  return isAlike && hasStep(node);
}

function hasStep(node: Node): boolean {
  return node.operation.lower !== undefined || elementOperands(node) !== undefined;
}

/** The dtype of native programs: that of most nodes that have steps; of the inputs where there is no telling. */
export function programDtype({ inputs, nodes, outputs }: Graph): FloatDtype {
  const counts = { float32: 0, float64: 0 };
  for (const node of nodes) {
    const { dtype } = node.results[0]!.metas[0]!;
    if (isFloatDtype(dtype) && isNative(node, dtype)) counts[dtype] += 1;
  }
  if (counts.float32 !== counts.float64) return counts.float32 > counts.float64 ? 'float32' : 'float64';
  return [...inputs, ...outputs].map(({ metas }) => metas[0]!.dtype).find(isFloatDtype) ?? 'float32';
}

/** Whether a native program computes all of a network, its inputs and outputs included. */
export function isWhollyNative({ inputs, nodes, outputs }: Graph, dtype: FloatDtype): boolean {
  return (
    [...inputs, ...outputs].every(({ metas }) => metas[0]!.dtype === dtype) &&
    nodes.every((node) => isNative(node, dtype))
  );
}
