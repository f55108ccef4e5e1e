import { outLengthOf, type PoolAttributes } from '../../nn/ops/pooling.ts';
import type { UpsampleAttributes } from '../../nn/ops/upsample.ts';
import type { Range } from '../plan/signalRules.ts';
import type { Reason, RuleMaker, StreamRule } from './rules.ts';

// Operations over windows that pad by themselves: a stretch of the signal passes through them as it is, and wrong outputs at its ends are left out.

export const ofPool: RuleMaker = ({ dims: [dim], attributes, inputs }): StreamRule | undefined => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return undefined;
  const own = attributes[0] as PoolAttributes;
  const { kernelSize, stride, padding, dilation } = own;
  const span = (kernelSize - 1) * dilation + 1;
  const margin = Math.ceil(padding / stride);
  const firstOf = (output: number) => Math.max(0, output - margin);
  return {
    dim,
    rate: ({ times, over }) => ({ times, over: over * stride }),
    makes: (count) => (count === 0 ? 0 : Math.max(0, Math.floor((count + padding - span) / stride) + 1)),
    needs: ({ begin, end }, length) => ({
      begin: firstOf(begin) * stride,
      end: Math.min(length, Math.max((end - 1) * stride - padding + span, firstOf(begin) * stride + 1)),
    }),
    keeps: (outputs) => firstOf(outputs) * stride,
    call: (outputs, { begin, end }): { computed: Range } => {
      const first = firstOf(outputs.begin);
      return { computed: { begin: first, end: first + outLengthOf(end - begin, own) } };
    },
  };
};

/** Upsampling by factors for which positions do not depend on how far the signal has come. */
export const ofUpsample: RuleMaker = ({
  dims: [dim],
  attributes,
  inputs,
  results,
}): StreamRule | Reason | undefined => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return undefined;
  const { mode, alignCorners } = attributes[0] as UpsampleAttributes;
  const factors = inputs.map(([x], i) => results[i]![0]!.shape[dim]! / x!.shape[dim]!);
  const [factor] = factors as [number];
  const isExact = mode === 'nearest' ? Math.fround(1 / factor) * factor >= 1 : Number.isInteger(Math.log2(factor));
  if (factors.some((each) => each !== factor) || !Number.isInteger(factor) || !isExact || alignCorners) {
    return {
      reason: `resamples at positions that depend on the whole signal; use a factor that is a ${mode === 'nearest' ? 'whole number' : 'power of two, and alignCorners: false'}`,
    };
  }
  const half = mode === 'nearest' || factor === 1 ? 0 : factor / 2;
  const leftOf = (output: number) => Math.max(0, Math.floor((output - half) / factor));
  const endOf = (output: number) => Math.floor((output - half) / factor) + (half > 0 ? 2 : 1);
  return {
    dim,
    rate: ({ times, over }) => ({ times: times * factor, over }),
    makes: (count) => Math.max(0, count * factor - half),
    needs: ({ begin, end }, length) => ({
      begin: Math.min(leftOf(begin), Number.isFinite(length) ? length - 1 : leftOf(begin)),
      end: Math.min(length, endOf(end - 1)),
    }),
    keeps: (outputs) => leftOf(outputs),
    call: (_, { begin, end }) => ({ computed: { begin: begin * factor, end: end * factor } }),
  };
};
