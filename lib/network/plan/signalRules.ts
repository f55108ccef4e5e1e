import { Fits } from '../../convolution/fit.ts';
import type { Layer } from '../../convolution/layer.ts';
import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { type ResampleAttributes, resample } from '../../nn/ops/resample.ts';
import { type FrameAttributes, istft, type OverlapAttributes, stft } from '../../nn/ops/spectra.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { convert } from '../../tensor/ops/convert.ts';
import { narrow, type SqueezeAttributes, squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import type { AnyOperation } from '../graph.ts';

/** Positions [begin, end) of a signal. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** How much longer a signal is than the network's input, as a fraction. */
export interface Rate {
  readonly times: number;
  readonly over: number;
}

/** How the outputs of an operation depend on its inputs along a signal, which is all that stretches need. Lengths are those of whole signals. */
export interface SignalRule {
  rate(input: Rate): Rate;
  /** The inputs on which some outputs depend. */
  needs(outputs: Range, length: number): Range;
  /** The outputs that depend only on some inputs, and on what the operation adds at the ends of the signal. */
  makes(inputs: Range, length: number, outLength: number): Range;
  /** How to compute these outputs from those inputs; undefined if the operation is the same at all positions. */
  part?(inputs: Range, outputs: Range, length: number): SignalPart;
}

/** How an operation computes a stretch. */
export interface SignalPart {
  /** The first inputs of the stretch, which it does not read. */
  readonly skipped: number;
  /** The attributes that differ from those for the whole signal: layers with other padding, and integers. */
  readonly attributes?: Readonly<Record<string, Layer | number>>;
}

/** Each output depends on the inputs at its own position. */
export const IN_PLACE: SignalRule = {
  rate: (input) => input,
  needs: (outputs) => outputs,
  makes: (inputs) => inputs,
};

/** The rule of a call; undefined if the operation needs the whole signal, or has no rule. */
export function signalRuleOf(operation: AnyOperation, attributes: unknown, ndim: number): SignalRule | undefined {
  if (operation === convert) return IN_PLACE;
  if (operation === cat || operation === narrow) {
    return (attributes as { dim: number }).dim === ndim - 1 ? undefined : IN_PLACE;
  }
  if (operation === stft) return ofFrames(attributes as FrameAttributes);
  if (operation === istft) return ofOverlaps(attributes as OverlapAttributes);
  if (operation === resample) return ofRates(attributes as ResampleAttributes);
  if (operation === squeeze) {
    const { dims } = attributes as SqueezeAttributes;
    return dims.includes(ndim + dims.length - 1) ? undefined : IN_PLACE;
  }
  if (operation === unsqueeze) return (attributes as { dim: number }).dim === ndim - 1 ? undefined : IN_PLACE;
  const { layer, outputSize } = (attributes ?? {}) as { layer?: Layer; outputSize?: unknown };
  if (layer === undefined || outputSize !== undefined) return undefined;
  if (operation === convolution) return layer.parameters.paddingMode === 'zeros' ? ofConvolution(layer) : undefined;
  return operation === transposedConvolution && !hasHoles(layer) ? ofTransposed(layer) : undefined;
}

/**
 * Whether some outputs depend on no input, or the padding cuts off more than that of a stretch would; for such padding the weights are
 * packed in another way.
 */
function hasHoles({ parameters: { stride, padLeft, padRight, span } }: Layer): boolean {
  return stride > span || (stride === 1 && Math.max(padLeft, padRight) >= span);
}

/** Output t reads input t * stride - padLeft and up to `reach` inputs after it. */
function ofConvolution(layer: Layer): SignalRule {
  const { stride, padLeft, padRight, span } = layer.parameters;
  const reach = span - 1;
  return {
    rate: ({ times, over }) => ({ times, over: over * stride }),
    needs: ({ begin, end }, length) => ({
      begin: Math.max(0, begin * stride - padLeft),
      end: Math.min(length, (end - 1) * stride - padLeft + reach + 1),
    }),
    makes: ({ begin, end }, length, outLength) => ({
      begin: begin === 0 ? 0 : Math.ceil((begin + padLeft) / stride),
      end: end === length ? outLength : Math.floor((end - 1 - reach + padLeft) / stride) + 1,
    }),
    part: (inputs, outputs, length) => ({
      attributes: {
        layer: withPadding(layer, inputs.begin === 0 ? padLeft : 0, inputs.end === length ? padRight : 0),
      },
      skipped: inputs.begin === 0 ? 0 : outputs.begin * stride - padLeft - inputs.begin,
    }),
  };
}

/** Output t, at t + padLeft before the padding is cut off, depends on inputs i with i * stride up to `reach` before it. */
function ofTransposed(layer: Layer): SignalRule {
  const { stride, padLeft, span } = layer.parameters;
  const reach = span - 1;
  return {
    rate: ({ times, over }) => ({ times: times * stride, over }),
    needs: ({ begin, end }, length) => ({
      begin: Math.max(0, Math.ceil((begin + padLeft - reach) / stride)),
      end: Math.min(length, Math.floor((end - 1 + padLeft) / stride) + 1),
    }),
    makes: ({ begin, end }, length, outLength) => ({
      begin: begin === 0 ? 0 : Math.max(0, (begin - 1) * stride + reach + 1 - padLeft),
      end: end === length ? outLength : Math.min(outLength, end * stride - padLeft),
    }),
    part: (inputs, outputs) => {
      const before = outputs.begin + padLeft - inputs.begin * stride;
      const whole = (inputs.end - inputs.begin - 1) * stride + span;
      const behind = whole - before - (outputs.end - outputs.begin);
      const own = withPadding(layer, before, Math.max(behind, 0), Math.max(-behind, 0));
      return { attributes: { layer: own }, skipped: 0 };
    },
  };
}

/** Frame t is sample t * hop and the `size - 1` after it. */
function ofFrames({ size, hop }: FrameAttributes): SignalRule {
  return {
    rate: ({ times, over }) => ({ times, over: over * hop }),
    needs: ({ begin, end }) => ({ begin: begin * hop, end: (end - 1) * hop + size }),
    makes: ({ begin, end }) => ({ begin: Math.ceil(begin / hop), end: Math.floor((end - size) / hop) + 1 }),
    part: (inputs, outputs) => ({ skipped: outputs.begin * hop - inputs.begin }),
  };
}

/** Sample i, of those that frames make, lies in frames up to i / hop, of which the first begins at most `size - 1` samples before it. */
function ofOverlaps({ size, hop, first }: OverlapAttributes): SignalRule {
  return {
    rate: ({ times, over }) => ({ times: times * hop, over }),
    needs: ({ begin, end }, length) => ({
      begin: Math.max(0, Math.ceil((begin + first - size + 1) / hop)),
      end: Math.min(length, Math.floor((end - 1 + first) / hop) + 1),
    }),
    makes: ({ begin, end }, length, outLength) => ({
      begin: begin === 0 ? 0 : Math.max(0, (begin - 1) * hop + size - first),
      end: end === length ? outLength : Math.min(outLength, end * hop - first),
    }),
    part: (inputs, outputs) => {
      const before = outputs.begin + first - inputs.begin * hop;
      const whole = (inputs.end - inputs.begin - 1) * hop + size;
      return { attributes: { first: before, rest: whole - before - (outputs.end - outputs.begin) }, skipped: 0 };
    },
  };
}

/** Step t makes `to` results of the samples from t * from - padLeft on. */
function ofRates({ from, to, layer }: ResampleAttributes): SignalRule {
  const steps = ofConvolution(layer);
  const stepsOf = ({ begin, end }: Range) => ({ begin: Math.floor(begin / to), end: Math.ceil(end / to) });
  return {
    rate: ({ times, over }) => ({ times: times * to, over: over * from }),
    needs: (outputs, length) => steps.needs(stepsOf(outputs), length),
    makes: (inputs, length, outLength) => {
      const { begin, end } = steps.makes(inputs, length, Math.ceil(outLength / to));
      return { begin: begin * to, end: Math.min(end * to, outLength) };
    },
    part: (inputs, outputs, length) => steps.part!(inputs, stepsOf(outputs), length),
  };
}

/** The same weights with other padding. */
export function withPadding(layer: Layer, padLeft: number, padRight: number, outputPadding?: number): Layer {
  const parameters = { ...layer.parameters, padLeft, padRight };
  if (outputPadding !== undefined) Object.assign(parameters, { outputPadding });
  return { ...layer, parameters, fits: new Fits(parameters) };
}
