import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import { avgPool, maxPool } from '../../nn/ops/pooling.ts';
import { gru, lstm } from '../../nn/ops/recurrent.ts';
import { resample } from '../../nn/ops/resample.ts';
import { istft, stft } from '../../nn/ops/spectra.ts';
import { upsample } from '../../nn/ops/upsample.ts';
import type { Meta } from '../../tensor/operation.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { reshape } from '../../tensor/ops/reshape.ts';
import { cumsum } from '../../tensor/ops/sorting.ts';
import { expand, narrow } from '../../tensor/ops/views.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { AnyOperation, Node } from '../graph.ts';
import { functionOf } from '../passes/elements.ts';
import { ITEM_RULES } from '../plan/itemRules.ts';
import type { Range, Rate } from '../plan/signalRules.ts';
import { isTheSame } from '../trace/attributes.ts';
import { ofConvolution, ofTransposed } from './convolutions.ts';
import { ofIstft, ofResample, ofStft } from './spectra.ts';
import { ofNarrow, ofPad, ofReshape } from './views.ts';
import { ofPool, ofUpsample } from './windows.ts';

/** How an operation computes a chunk: more outputs than needed if those at its ends would be wrong. */
export interface StreamCall {
  /** The outputs that it computes. */
  readonly computed: Range;
  /** Attributes that replace those for a whole signal. */
  readonly attributes?: unknown;
}

/** How an operation's outputs depend on a signal whose end may not have come; until then, its length is infinite. */
export interface StreamRule {
  /** The dimension of the results along which the signal goes on. */
  readonly dim: number;
  rate(input: Rate): Rate;
  /** The number of outputs that exist after that many inputs. */
  makes(inputs: number): number;
  /** The inputs on which some outputs depend; those before 0 are zeros. */
  needs(outputs: Range, length: number): Range;
  /** The first input that is still needed after that many outputs. */
  keeps(outputs: number, inputs: number): number;
  /** The shapes of the states that it carries from one point in time to the next: its inputs and results after the first. */
  readonly states?: readonly (readonly number[])[];
  /** The call for the inputs of `needs`; it computes the outputs, and maybe others beside them. */
  call?(outputs: Range, inputs: Range, length: number): StreamCall;
}

/** The argument of a rule: a node at several lengths of its signal. */
export interface StreamedNode {
  readonly node: Node;
  /** The dimension of each input along which the signal goes on; null for an input that is the same all the time. */
  readonly dims: readonly (number | null)[];
  readonly attributes: readonly unknown[];
  readonly inputs: readonly (readonly Meta[])[];
  readonly results: readonly (readonly Meta[])[];
  /** Of two rounds of lengths at which ends must repeat: how many there are of each. */
  readonly period?: number | undefined;
}

/** The reason why an operation cannot stream, and what to use instead. */
export interface Reason {
  readonly reason: string;
}

/** Makes the rule of an operation; undefined to use that of {@link ITEM_RULES}, if there is one. */
export type RuleMaker = (streamed: StreamedNode) => StreamRule | Reason | undefined;

/** Rules for operations that also read neighbouring points in time. */
const MAKERS = new Map<AnyOperation, RuleMaker>([
  [convolution, ofConvolution],
  [transposedConvolution, ofTransposed],
  [narrow, ofNarrow],
  [pad, ofPad],
  [reshape, ofReshape],
  [maxPool, ofPool],
  [avgPool, ofPool],
  [upsample, ofUpsample],
  [lstm, ofRecurrent],
  [gru, ofRecurrent],
  [cumsum, ofCumsum],
  [stft, ofStft],
  [istft, ofIstft],
  [resample, ofResample],
]);

/** Operations whose ends may lie elsewhere for each length of the signal, as long as that repeats: what hop and stride leave over. */
const ENDING: ReadonlySet<AnyOperation> = new Set<AnyOperation>([narrow, pad, istft]);

/** Operations whose rules allow attributes that depend on the length; all others must have the same attributes for any length. */
const FOLLOWED: ReadonlySet<AnyOperation> = new Set<AnyOperation>([...ENDING, reshape, expand, upsample]);

/** Whether the ends of an operation lie elsewhere for each length, so that it has to be seen at all lengths that there are before they repeat. */
export function endsVary({ operation }: Node, [first, ...others]: readonly unknown[]): boolean {
  return ENDING.has(operation) && others.some((each) => !isTheSame(each, first));
}

/** The rule of a node, or the reason why it has none. */
export function streamRuleOf(streamed: StreamedNode): StreamRule | Reason {
  const [first, ...others] = streamed.attributes;
  if (!FOLLOWED.has(streamed.node.operation) && others.some((each) => !isTheSame(each, first))) {
    return { reason: 'is told something else for each length of the signal' };
  }
  const own = MAKERS.get(streamed.node.operation)?.(streamed);
  return own ?? (functionOf(streamed.node) === undefined ? alongOthers(streamed) : ofFunction(streamed));
}

export function isReason(value: StreamRule | Reason): value is Reason {
  return 'reason' in value;
}

/** Each output depends on the inputs at its own time. */
export function inPlace(dim: number): StreamRule {
  return {
    dim,
    rate: (input) => input,
    makes: (inputs) => inputs,
    needs: (outputs) => outputs,
    keeps: (outputs) => outputs,
  };
}

const WHOLE: Reason = { reason: 'needs the whole signal' };

/** If time lies along the batch dimension, an operation that treats batch items separately also treats points in time separately. */
function alongOthers({ node, dims, attributes, inputs, results }: StreamedNode): StreamRule | Reason {
  const rule = ITEM_RULES.get(node.operation);
  const own = rule && dims[0] === null && dims[1] !== undefined ? ofRight({ node, dims, inputs, results }) : undefined;
  if (own !== undefined) return inPlace(own);
  if (rule === undefined || dims[0] === null) return WHOLE;
  const found = attributes.map((each, i) =>
    rule({
      dims,
      shapes: inputs[i]!.map(({ shape }) => shape),
      result: results[i]![0]!.shape,
      attributes: each,
    }),
  );
  const [dim] = found;
  return dim === undefined || dim < 0 || found.some((each) => each !== dim) ? WHOLE : inPlace(dim);
}

/** A product with a constant matrix on the left; the columns of the other factor are points in time. */
function ofRight({ node, dims, inputs, results }: Omit<StreamedNode, 'attributes'>): number | undefined {
  const [left, right] = inputs[0] as readonly [Meta, Meta];
  const isMatrix = node.operation.name === 'matmul' && left.shape.length >= 2 && right.shape.length >= 2;
  return isMatrix && dims[1] === right.shape.length - 1 ? results[0]![0]!.shape.length - 1 : undefined;
}

/** An element-wise function, which broadcasts its inputs: it counts their dimensions from the last one. */
function ofFunction({ node, dims, inputs, results }: StreamedNode): StreamRule | Reason {
  const ndim = results[0]![0]!.shape.length;
  const behind = dims.flatMap((dim, i) => (dim === null ? [] : [dim + ndim - inputs[0]![i]!.shape.length]));
  const [dim] = behind as [number];
  const form = functionOf(node)!;
  if (
    behind.some((each) => each !== dim) ||
    (form.kind === 'channel' && form.a.length > 1 && form.channelDim === dim)
  ) {
    return WHOLE;
  }
  const isAlike = dims.every((each, i) => each !== null || (inputs[0]![i]!.shape.at(dim - ndim) ?? 1) === 1);
  return isAlike ? inPlace(dim) : WHOLE;
}

function ofRecurrent({
  node,
  dims,
  attributes: [attributes],
  results: [results],
}: StreamedNode): StreamRule | Reason | undefined {
  if (dims[0] !== 0) return undefined; // time is the batch dimension
  const { cells } = attributes as { cells: readonly unknown[] };
  return cells.length === 1
    ? { ...inPlace(0), states: results!.slice(1).map(({ shape }) => shape) }
    : { reason: `runs backwards from the signal's end; use a ${node.operation.name.toUpperCase()} with one direction` };
}

/** Running sums, which continue from those of the chunk before, in float64 for any dtype. */
function ofCumsum({ dims: [dim], attributes: [attributes], results: [results] }: StreamedNode): StreamRule | undefined {
  if ((attributes as { dim: number }).dim !== dim) return undefined;
  const [{ dtype, shape }] = results as readonly [Meta];
  const carried = numelOf(shape.with(dim, 1)) * (dtype === 'float32' ? 2 : 1);
  return {
    ...inPlace(dim),
    states: [Object.freeze([carried])],
    call: (outputs) => ({ computed: outputs, attributes: { carried } }),
  };
}
