import type { ResampleAttributes } from '../../nn/ops/resample.ts';
import type { FrameAttributes, OverlapAttributes } from '../../nn/ops/spectra.ts';
import { withPadding } from '../plan/signalRules.ts';
import type { Reason, RuleMaker, StreamRule } from './rules.ts';
import { endsOf } from './views.ts';

/** Frame t is sample t * hop and the `size - 1` after it. */
export const ofStft: RuleMaker = ({ dims: [dim], inputs, attributes, results }): StreamRule | undefined => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return undefined;
  const { size, hop } = attributes[0] as FrameAttributes;
  return {
    dim: results[0]![0]!.shape.length - 1,
    rate: ({ times, over }) => ({ times, over: over * hop }),
    makes: (count) => Math.max(0, Math.floor((count - size) / hop) + 1),
    needs: ({ begin, end }) => ({ begin: begin * hop, end: (end - 1) * hop + size }),
    keeps: (outputs) => outputs * hop,
  };
};

/** Sample t of the result lies in frames up to (t + first) / hop. */
export const ofIstft: RuleMaker = ({
  dims: [dim],
  inputs,
  attributes,
  results,
  period,
}): StreamRule | Reason | undefined => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return undefined;
  const told = attributes as readonly OverlapAttributes[];
  const [{ size, hop, first }] = told as [OverlapAttributes];
  // A length that was asked for cuts off what frames and hops leave over.
  const rests = endsOf(
    told.map(({ rest }) => rest),
    period,
  );
  if (rests === undefined || told.some((each) => each.first !== first)) {
    return { reason: 'has a length that does not grow with its frames; leave it out, or take that of the signal' };
  }
  // If frames do not meet, keep the frame before.
  const firstOf = (output: number) =>
    Math.max(0, Math.min(Math.ceil((output + first - size + 1) / hop), Math.floor((output + first) / hop)));
  const endOf = (output: number) => Math.floor((output + first) / hop) + 1;
  return {
    dim: results[0]![0]!.shape.length - 1,
    rate: ({ times, over }) => ({ times: times * hop, over }),
    makes: (count) =>
      count === 0 ? 0 : Math.max(0, Math.min(count * hop - first, (count - 1) * hop + size - first - rests.most)),
    needs: ({ begin, end }, length) => {
      const last = Math.max(1, Math.min(length, endOf(end - 1)));
      return { begin: Math.min(firstOf(begin), last - 1), end: last };
    },
    keeps: (outputs, count) => Math.max(0, Math.min(firstOf(outputs), count - 1)),
    call: (outputs, { begin, end }) => {
      const before = outputs.begin + first - begin * hop;
      const whole = (end - begin - 1) * hop + size;
      return { computed: outputs, attributes: { first: before, rest: whole - before - (outputs.end - outputs.begin) } };
    },
  };
};

/** Step s makes `to` results from the samples from s * from - padLeft on. Before the signal there are zeros, which a stream keeps. */
export const ofResample: RuleMaker = ({ dims: [dim], inputs, attributes }): StreamRule | undefined => {
  if (dim !== inputs[0]![0]!.shape.length - 1) return undefined;
  const { from, to, layer } = attributes[0] as ResampleAttributes;
  const { padLeft, span } = layer.parameters;
  const stepsOf = (count: number) => Math.max(0, Math.floor((count + padLeft - span) / from) + 1);
  const beginOf = (output: number) => Math.floor(output / to) * from - padLeft;
  const endOf = (output: number) => beginOf(output) + span;
  return {
    dim,
    rate: ({ times, over }) => ({ times: times * to, over: over * from }),
    makes: (count) => Math.min(stepsOf(count) * to, Math.ceil((to * count) / from)),
    needs: ({ begin, end }, length) => ({ begin: beginOf(begin), end: Math.min(length, endOf(end - 1)) }),
    keeps: (outputs) => beginOf(outputs),
    call: ({ begin, end }, _, length) => {
      const behind = Number.isFinite(length) ? Math.max(0, endOf(end - 1) - length) : 0;
      return {
        computed: { begin: Math.floor(begin / to) * to, end: Math.ceil(end / to) * to },
        attributes: { layer: withPadding(layer, 0, behind) },
      };
    },
  };
};
