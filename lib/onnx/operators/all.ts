import { describeNode, type GraphNode } from '../graph.ts';
import { onnxError } from '../onnxError.ts';
import type { Operator, Operators } from '../operator.ts';
import { activationOperators } from './activations.ts';
import { constants } from './constants.ts';
import { control } from './control.ts';
import { convolutions } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { logic } from './logic.ts';
import { norms } from './norms.ts';
import { pools } from './pooling.ts';
import { products } from './products.ts';
import { recurrentOperators } from './recurrent.ts';
import { reductionsAndOrders } from './reduce.ts';
import { resizing } from './resize.ts';
import { shapes } from './shapes.ts';
import { spectra } from './spectra.ts';

/** All operators that we compute, by their names in ONNX's own operator set. */
export const OPERATORS: Operators = {
  ...convolutions,
  ...norms,
  ...recurrentOperators,
  ...products,
  ...pools,
  ...resizing,
  ...elementwise,
  ...activationOperators,
  ...logic,
  ...reductionsAndOrders,
  ...spectra,
  ...shapes,
  ...indexing,
  ...constants,
  ...control,
};

/** The operator of a node; throws RangeError ERR_CONV1D_ONNX if we do not compute it. */
export function operatorOf(node: GraphNode): Operator {
  const { domain, operator } = node;
  const known = domain === '' && Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (known === undefined) throw onnxError(`${describeNode(node)} is not computed`);
  return known;
}

/** How many nodes a message lists. */
const MOST_LISTED = 20;

/** Throws one error for all nodes that we do not compute as they are. */
export function requireOperators(nodes: readonly GraphNode[]): void {
  const wrong = nodes.flatMap((node) => {
    const reason = whatIsMissing(node);
    return reason === undefined ? [] : [`${describeNode(node)}${reason}`];
  });
  if (wrong.length === 0) return;
  const more = wrong.length > MOST_LISTED ? `, and ${wrong.length - MOST_LISTED} more` : '';
  throw onnxError(
    `${wrong.length === 1 ? 'a node is' : `${wrong.length} nodes are`} not computed: ${wrong.slice(0, MOST_LISTED).join('; ')}${more}`,
  );
}

/** The reason why we do not compute a node; undefined if we do. */
function whatIsMissing({ operator, domain, opset, inputs, outputs, attributes }: GraphNode): string | undefined {
  if (domain !== '' || !Object.hasOwn(OPERATORS, operator)) return '';
  const known = OPERATORS[operator]!;
  if (opset < (known.since ?? 0)) return `, which operator set ${opset} does not have`;
  const other = [...attributes.keys()].find((name) => !(known.attributes ?? []).includes(name));
  if (other !== undefined) return ` with the attribute ${other}`;
  const [least, most] = known.inputs;
  if (inputs.length < least || inputs.length > most) return ` with ${inputs.length} inputs`;
  if (outputs.length > (known.outputs ?? 1)) return ` with ${outputs.length} outputs`;
  return undefined;
}
