import { rangeError } from '../../check/errors.ts';
import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Whose order of dimensions the kernels of a file have. */
export type Layout = 'torch' | 'keras';

export const LAYOUTS: readonly Layout[] = ['torch', 'keras'];

/** The order in which the dimensions of each tensor go, by its name. */
export type Permutations = Readonly<Record<string, readonly number[]>>;

/** The last part of the names that Keras and Flax give to kernels. */
const KERNEL = /(?:^|[/.])(?:recurrent_)?kernel(?::\d+)?$/;

/** Kernels by their number of dimensions: Dense (in, out), Conv1D (K, in, out), whose dimensions are in the opposite order in torch. */
const KERAS: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 3: [2, 1, 0] };

/**
 * A tensor with its dimensions in torch's order.
 *
 * @throws RangeError ERR_CONV1D_SHAPE  when the order does not fit the dimensions, or a kernel of Keras has others than 2 and 3
 */
export function arrange(
  source: string,
  name: string,
  tensor: Tensor<Dtype>,
  layout: Layout,
  permute: Permutations,
): Tensor<Dtype> {
  const order = Object.hasOwn(permute, name) ? permute[name]! : impliedOrder(source, name, tensor, layout);
  if (order === undefined) return tensor;
  const { shape } = tensor;
  if (order.length !== shape.length || shape.some((_, dim) => !order.includes(dim))) {
    const expected = `an order of its ${shape.length} dimensions, each of 0 to ${shape.length - 1} once`;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${source}: permute has ${formatShape(order)} for ${quote(name)} of shape ${formatShape(shape)}; expected ${expected}`,
    );
  }
  return tensor.permute(...order).contiguous();
}

function impliedOrder(
  source: string,
  name: string,
  { shape }: Tensor<Dtype>,
  layout: Layout,
): readonly number[] | undefined {
  if (layout === 'torch' || !KERNEL.test(name)) return undefined;
  const order = KERAS[shape.length];
  if (order !== undefined) return order;
  const advice = 'give its order with the option permute';
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `${source}: ${quote(name)} has shape ${formatShape(shape)}, which is no kernel of Dense or Conv1D; ${advice}`,
  );
}

/** Refuses an order for what is not among the names. */
export function checkPermuted(source: string, names: readonly string[], permute: Permutations): void {
  const unknown = Object.keys(permute).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${source}: permute has ${quote(unknown)}, which is no tensor that is loaded; their names are ${fewKeys(names)}`,
  );
}
