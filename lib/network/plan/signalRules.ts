import { Fits } from '../../convolution/fit.ts';
import type { Layer } from '../../convolution/layer.ts';
import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { convert } from '../../tensor/ops/convert.ts';
import { narrow } from '../../tensor/ops/views.ts';
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

/** What an operation does along a signal: all that a stretch of it has to know. Lengths are those of whole signals. */
export interface SignalRule {
  rate(input: Rate): Rate;
  /** The inputs that some outputs are made of. */
  needs(outputs: Range, length: number): Range;
  /** The outputs that are made of some inputs alone, and of what the operation adds at the ends of the signal. */
  makes(inputs: Range, length: number, outLength: number): Range;
  /** The layer that makes these of those; undefined where the operation does not depend on where it is. */
  layer?(inputs: Range, outputs: Range, length: number): { readonly layer: Layer; readonly skipped: number };
}

/** Each output is made of the inputs at its own place. */
export const IN_PLACE: SignalRule = {
  rate: (input) => input,
  needs: (outputs) => outputs,
  makes: (inputs) => inputs,
};

/** The rule of a call; undefined where the operation needs the whole signal, or nobody knows that it does not. */
export function signalRuleOf(operation: AnyOperation, attributes: unknown, ndim: number): SignalRule | undefined {
  if (operation === convert) return IN_PLACE;
  if (operation === cat || operation === narrow) {
    return (attributes as { dim: number }).dim === ndim - 1 ? undefined : IN_PLACE;
  }
  const { layer, outputSize } = (attributes ?? {}) as { layer?: Layer; outputSize?: unknown };
  if (layer === undefined || outputSize !== undefined) return undefined;
  if (operation === convolution) return layer.parameters.paddingMode === 'zeros' ? ofConvolution(layer) : undefined;
  return operation === transposedConvolution && !hasHoles(layer) ? ofTransposed(layer) : undefined;
}

/**
 * Whether there are outputs that are made of no input; or the padding cuts off more than that of a stretch would, for which the weights are
 * packed in another way.
 */
function hasHoles({ parameters: { stride, padLeft, padRight, span } }: Layer): boolean {
  return stride > span || (stride === 1 && Math.max(padLeft, padRight) >= span);
}

/** Output t reads inputs t * stride - padLeft and up to `reach` behind. */
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
    layer: (inputs, outputs, length) => ({
      layer: withPadding(layer, inputs.begin === 0 ? padLeft : 0, inputs.end === length ? padRight : 0),
      skipped: inputs.begin === 0 ? 0 : outputs.begin * stride - padLeft - inputs.begin,
    }),
  };
}

/** Output t, at t + padLeft before its padding cuts off, is made of inputs i with i * stride up to `reach` before it. */
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
    layer: (inputs, outputs) => {
      const before = outputs.begin + padLeft - inputs.begin * stride;
      const whole = (inputs.end - inputs.begin - 1) * stride + span;
      const behind = whole - before - (outputs.end - outputs.begin);
      return { layer: withPadding(layer, before, Math.max(behind, 0), Math.max(-behind, 0)), skipped: 0 };
    },
  };
}

/** The same weights with other padding. */
function withPadding(layer: Layer, padLeft: number, padRight: number, outputPadding?: number): Layer {
  const parameters = { ...layer.parameters, padLeft, padRight };
  if (outputPadding !== undefined) Object.assign(parameters, { outputPadding });
  return { ...layer, parameters, fits: new Fits(parameters) };
}
