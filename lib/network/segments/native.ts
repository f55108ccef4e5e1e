import { type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { elementOperands } from '../passes/elements.ts';
import { workOf } from '../report/work.ts';

/** Whether native programs compute a node: its operation has a step, and all its values are floats of this dtype. */
export function isNative(node: Node, dtype: FloatDtype): boolean {
  const isAlike = [...node.inputs, ...node.results].every(({ metas }) => metas[0]!.dtype === dtype);
  return isAlike && hasStep(node);
}

function hasStep(node: Node): boolean {
  return node.operation.lower !== undefined || elementOperands(node) !== undefined;
}

/** The dtype of native programs: that of most nodes with steps, or else that of the inputs. */
export function programDtype({ inputs, nodes, outputs }: Graph): FloatDtype {
  const work = { float32: 0, float64: 0 };
  for (const node of nodes) {
    const { dtype } = node.results[0]!.metas[0]!;
    if (isFloatDtype(dtype) && isNative(node, dtype)) work[dtype] += 1 + flopsOf(node);
  }
  if (work.float32 !== work.float64) return work.float32 > work.float64 ? 'float32' : 'float64';
  return [...inputs, ...outputs].map(({ metas }) => metas[0]!.dtype).find(isFloatDtype) ?? 'float32';
}

/** For inputs of the first trace's sizes. */
function flopsOf({ operation, attributes, inputs, results }: Node): number {
  const metasOf = (values: readonly Value[]) => values.map(({ metas }) => metas[0]!);
  const given = metasOf(inputs);
  const told = attributes.at({ shapes: given.map(({ shape }) => shape), variables: [0, 0] });
  return workOf(operation, told, given, metasOf(results)).flops;
}

/** Whether a native program computes all of a network, its inputs and outputs included. */
export function isWhollyNative({ inputs, nodes, outputs }: Graph, dtype: FloatDtype): boolean {
  return (
    [...inputs, ...outputs].every(({ metas }) => metas[0]!.dtype === dtype) &&
    nodes.every((node) => isNative(node, dtype))
  );
}
