import type { Layer } from '../../convolution/layer.ts';
import type { ConvolutionAttributes } from '../../convolution/operation.ts';
import { ownLayer } from '../passes/layers.ts';
import { withPadding } from '../plan/signalRules.ts';
import type { Reason, RuleMaker, StreamRule } from './rules.ts';

/** Output t reads `span` inputs from t * stride - padLeft on. Before the signal there are zeros, which a stream keeps. */
export const ofConvolution: RuleMaker = ({ dims: [dim], inputs, attributes }): StreamRule | Reason => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return { reason: 'has its signal along another dimension' };
  const { layer } = attributes[0] as ConvolutionAttributes;
  const { stride, padLeft, padRight, span } = layer.parameters;
  const beginOf = (output: number) => output * stride - padLeft;
  const endOf = (output: number) => beginOf(output) + span;
  return {
    dim,
    rate: ({ times, over }) => ({ times, over: over * stride }),
    // Outputs that read padding alone come with the first input.
    makes: (count) => (count === 0 ? 0 : Math.max(0, Math.floor((count + padLeft - span) / stride) + 1)),
    needs: ({ begin, end }, length) => ({
      // Compute outputs that read padding alone together with the last output that does not.
      begin: Math.min(
        beginOf(begin),
        Number.isFinite(length) ? beginOf(Math.floor((length - 1 + padLeft) / stride)) : beginOf(begin),
      ),
      end: Math.min(endOf(end - 1), length),
    }),
    keeps: (outputs, count) =>
      Math.min(
        beginOf(outputs),
        padRight > 0 && count > 0 ? beginOf(Math.floor((count - 1 + padLeft) / stride)) : beginOf(outputs),
      ),
    call: (outputs, { begin }, length) => {
      const first = (begin + padLeft) / stride;
      const behind = Math.max(0, endOf(outputs.end - 1) - length);
      return {
        computed: { begin: first, end: outputs.end },
        attributes: { layer: withPadding(layer, 0, Number.isFinite(length) ? behind : 0) },
      };
    },
  };
};

/** Output t, at t + padLeft before the padding is cut off, depends on inputs i with i * stride up to `span` before it. */
export const ofTransposed: RuleMaker = ({ dims: [dim], inputs, attributes }): StreamRule | Reason => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return { reason: 'has its signal along another dimension' };
  const { layer: given, outputSize } = attributes[0] as ConvolutionAttributes;
  if (outputSize !== undefined) return { reason: 'has a given output size; use outputPadding instead' };
  const { stride, padLeft, padRight, span, outputPadding = 0 } = given.parameters;
  // With stride 1, padding as wide as the span needs another layout of the weights, which no stretch has.
  const layer = stride === 1 && Math.max(padLeft, padRight - outputPadding) >= span ? repacked(given) : given;
  // Strides longer than the span leave outputs without an input: keep the input before them.
  const firstOf = (output: number) =>
    Math.max(0, Math.min(Math.ceil((output + padLeft - span + 1) / stride), Math.floor((output + padLeft) / stride)));
  const endOf = (output: number) => Math.floor((output + padLeft) / stride) + 1;
  return {
    dim,
    rate: ({ times, over }) => ({ times: times * stride, over }),
    makes: (count) =>
      count === 0
        ? 0
        : Math.max(
            0,
            Math.min(count * stride - padLeft, (count - 1) * stride + span - padLeft - padRight + outputPadding),
          ),
    needs: ({ begin, end }, length) => {
      const last = Math.max(1, Math.min(length, endOf(end - 1)));
      return { begin: Math.min(firstOf(begin), last - 1), end: last };
    },
    keeps: (outputs, count) => Math.max(0, Math.min(firstOf(outputs), count - 1)),
    call: (outputs, { begin, end }) => {
      // Compute outputs without an input together with those before them.
      const far = outputs.begin + padLeft - begin * stride;
      const before = Math.min(far, span - 1);
      const computed = { begin: outputs.begin - (far - before), end: outputs.end };
      const behind = (end - begin - 1) * stride + span - before - (computed.end - computed.begin);
      return { computed, attributes: { layer: withPadding(layer, before, Math.max(behind, 0), Math.max(-behind, 0)) } };
    },
  };
};

function repacked({ parameters, weight, bias }: Layer): Layer {
  const own = ownLayer({ ...parameters, padLeft: 0, padRight: 0, outputPadding: 0 }, weight, bias);
  own.packed = own.native.pack(weight, bias);
  return own;
}
