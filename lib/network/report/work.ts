import type { Layer } from '../../convolution/layer.ts';
import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { linear } from '../../nn/ops/linear.ts';
import { gru, lstm, type RecurrentAttributes } from '../../nn/ops/recurrent.ts';
import type { Meta } from '../../tensor/operation.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { AnyOperation } from '../graph.ts';

/** The floating-point operations of a call, and the number of its parameters. */
export interface Work {
  /** Floating-point operations, two per product; 0 for an operation whose limit is memory. */
  readonly flops: number;
  readonly parameters: number;
}

// biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation
type Count = (attributes: any, inputs: readonly Meta[], results: readonly Meta[]) => Work;

function parametersOf({ parameters, bias }: Layer): number {
  return numelOf(parameters.weightShape) + (bias === null ? 0 : parameters.outChannels);
}

const recurrent = (gates: number): Count => {
  return ({ cells, hiddenSize }: RecurrentAttributes, [x]) => {
    const [steps, batch, features] = x!.shape as [number, number, number];
    const ofCell = gates * hiddenSize * (features + hiddenSize);
    return {
      flops: 2 * steps * batch * cells.length * ofCell,
      parameters: cells.length * (ofCell + 2 * gates * hiddenSize),
    };
  };
};

/** The operations whose limit is their products. */
const COUNTS = new Map<AnyOperation, Count>([
  [
    convolution,
    ({ layer }: { layer: Layer }, _, [y]) => {
      const { weightShape } = layer.parameters;
      return { flops: 2 * numelOf(y!.shape) * weightShape[1] * weightShape[2], parameters: parametersOf(layer) };
    },
  ],
  [
    transposedConvolution,
    ({ layer }: { layer: Layer }, [x]) => {
      const { weightShape } = layer.parameters;
      return { flops: 2 * numelOf(x!.shape) * weightShape[1] * weightShape[2], parameters: parametersOf(layer) };
    },
  ],
  [
    linear,
    ({ layer }: { layer: Layer }, _, [y]) => ({
      flops: 2 * numelOf(y!.shape) * layer.parameters.inChannels,
      parameters: parametersOf(layer),
    }),
  ],
  [lstm, recurrent(4)],
  [gru, recurrent(3)],
  [matmul, (_, [a], [y]) => ({ flops: 2 * numelOf(y!.shape) * a!.shape.at(-1)!, parameters: 0 })],
]);

export function workOf(
  operation: AnyOperation,
  attributes: unknown,
  inputs: readonly Meta[],
  results: readonly Meta[],
): Work {
  return COUNTS.get(operation)?.(attributes, inputs, results) ?? { flops: 0, parameters: 0 };
}
