import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { glu } from '../../nn/ops/glu.ts';
import { linear } from '../../nn/ops/linear.ts';
import { groupNorm, layerNorm } from '../../nn/ops/norms.ts';
import { adaptiveAvgPool, adaptiveMaxPool, avgPool, maxPool } from '../../nn/ops/pooling.ts';
import { gru, lstm } from '../../nn/ops/recurrent.ts';
import { resample } from '../../nn/ops/resample.ts';
import { istft, stft } from '../../nn/ops/spectra.ts';
import { upsample } from '../../nn/ops/upsample.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { convert } from '../../tensor/ops/convert.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { amax, amin, mean, norm, prod, sum, variance } from '../../tensor/ops/reduce.ts';
import { reshape } from '../../tensor/ops/reshape.ts';
import { logSoftmax, softmax } from '../../tensor/ops/softmax.ts';
import { cumsum } from '../../tensor/ops/sorting.ts';
import { expand, narrow, permute, squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import type { AnyOperation } from '../graph.ts';

/** The call for which a rule is asked, in one trace. */
export interface ItemCall {
  /** The dimension along which the batch items of each input lie; null for an input that is the same for all. */
  readonly dims: readonly (number | null)[];
  readonly shapes: readonly (readonly number[])[];
  readonly result: readonly number[];
  // biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation
  readonly attributes: any;
}

/** The dimension of the batch items in the results, if the operation computes each item by itself; otherwise undefined. */
export type ItemRule = (call: ItemCall) => number | undefined;

const alongRows: ItemRule = ({ dims: [dim], shapes: [shape] }) => (dim! < shape!.length - 1 ? dim! : undefined);

const unlessAlong: ItemRule = ({ dims: [dim], attributes }) => (attributes.dim === dim ? undefined : dim!);

const reduced: ItemRule = ({ dims: [dim], attributes }) => {
  const { dims, keepdim } = attributes as { dims: readonly number[]; keepdim: boolean };
  if (dims.includes(dim!)) return undefined;
  return keepdim ? dim! : dim! - dims.filter((each) => each < dim!).length;
};

const recurrent: ItemRule = ({ dims }) => (dims.every((dim) => dim === 1) ? 1 : undefined);

/** The rules. We assume that an operation without a rule mixes items. Element-wise functions need no rule. */
export const ITEM_RULES = new Map<AnyOperation, ItemRule>([
  ...[convolution, transposedConvolution].map((operation): [AnyOperation, ItemRule] => [
    operation,
    ({ dims: [dim], shapes: [shape] }) => (dim === 0 && shape!.length === 3 ? 0 : undefined),
  ]),
  [linear, alongRows],
  ...[maxPool, avgPool, adaptiveMaxPool, adaptiveAvgPool, upsample, stft, resample].map(
    (operation): [AnyOperation, ItemRule] => [operation, alongRows],
  ),
  [istft, ({ dims: [dim], shapes: [shape] }) => (dim! < shape!.length - 3 ? dim! : undefined)],
  ...[softmax, logSoftmax, glu, narrow, cumsum].map((operation): [AnyOperation, ItemRule] => [operation, unlessAlong]),
  ...[sum, prod, mean, variance, norm, amax, amin].map((operation): [AnyOperation, ItemRule] => [operation, reduced]),
  [lstm, recurrent],
  [gru, recurrent],
  [groupNorm, ({ dims: [dim] }) => (dim === 0 ? 0 : undefined)],
  [
    layerNorm,
    ({ dims: [dim], shapes: [shape], attributes }) =>
      product(shape!.slice(dim! + 1)) % (attributes as { count: number }).count === 0 ? dim! : undefined,
  ],
  [convert, ({ dims: [dim] }) => dim!],
  [
    cat,
    ({ dims, attributes }) =>
      dims.every((dim) => dim === dims[0] && dim !== null) && attributes.dim !== dims[0] ? dims[0]! : undefined,
  ],
  [
    reshape,
    ({ dims: [dim], shapes: [shape], result }) => {
      const before = product(shape!.slice(0, dim!));
      const at = result.findIndex((size, i) => size === shape![dim!] && product(result.slice(0, i)) === before);
      return at < 0 ? undefined : at;
    },
  ],
  [permute, ({ dims: [dim], attributes }) => (attributes.dims as readonly number[]).indexOf(dim!)],
  [
    squeeze,
    ({ dims: [dim], attributes }) => {
      const dims = attributes.dims as readonly number[];
      return dims.includes(dim!) ? undefined : dim! - dims.filter((each) => each < dim!).length;
    },
  ],
  [unsqueeze, ({ dims: [dim], attributes }) => (attributes.dim <= dim! ? dim! + 1 : dim!)],
  [expand, ({ dims: [dim], shapes: [shape], result }) => dim! + result.length - shape!.length],
  [flip, ({ dims: [dim], attributes }) => ((attributes.dims as readonly number[]).includes(dim!) ? undefined : dim!)],
  [
    pad,
    ({ dims: [dim], shapes: [shape], attributes }) =>
      dim! < shape!.length - (attributes.ends as readonly unknown[]).length ? dim! : undefined,
  ],
  [
    matmul,
    ({ dims: [a, b], shapes: [left, right] }) => {
      const missing = right!.length - left!.length;
      if (b === null && missing <= 0) return left!.length >= 2 && a! < left!.length - 1 ? a! : undefined;
      return missing === 0 && a === b && a! < left!.length - 2 ? a! : undefined;
    },
  ],
]);

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
