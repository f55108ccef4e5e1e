import type { ElementFunction } from '../../tensor/elementFunction.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Node, Value } from '../graph.ts';

/** The function that a node computes for inputs with the sizes of the first trace; its kind and name are the same for all sizes. */
export function functionOf(node: Node): ElementFunction | undefined {
  const { operation, attributes, inputs } = node;
  if (!('elementFunction' in operation) || operation.elementFunction === undefined) return undefined;
  const shapes = inputs.map(({ metas }) => metas[0]!.shape);
  return operation.elementFunction(attributes.at({ shapes, variables: [0, 0] }));
}

/**
 * Which inputs of a node are tensors laid out like its result; undefined if the node is not an element-wise function, or repeats one of its
 * two operands.
 */
export function elementOperands(node: Node): readonly number[] | undefined {
  const form = functionOf(node);
  if (form === undefined) return undefined;
  const [result] = node.results;
  const isWhole = (value: Value) => value.metas.every(({ shape }, t) => sameShape(shape, result!.metas[t]!.shape));
  if (node.inputs.length === 1) return isWhole(node.inputs[0]!) ? [0] : undefined;
  const whole = node.inputs.flatMap((value, i) => (isWhole(value) ? [i] : []));
  if (whole.length === 2) return whole;
  // The other operand may be a constant of one element.
  const other = node.inputs[1 - (whole[0] ?? 0)]!;
  return whole.length === 1 && isNumber(other) ? whole : undefined;
}

/** A tensor of one known element. */
export function isNumber({ known }: Value): boolean {
  return known !== undefined && known.numel === 1;
}
