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

/** What an operation computes of some inputs: more than is asked for where its ends would be wrong. */
export interface StreamCall {
  /** The outputs that it gives. */
  readonly computed: Range;
  /** What it is told in place of its attributes for a whole signal. */
  readonly attributes?: unknown;
}

/** What an operation does along a signal of which the end has not come. Before that, lengths are infinite. */
export interface StreamRule {
  /** The dimension of the results along which the signal goes on. */
  readonly dim: number;
  rate(input: Rate): Rate;
  /** How many outputs there are when so many inputs have come. */
  makes(inputs: number): number;
  /** The inputs that some outputs are made of; those before 0 are zeros. */
  needs(outputs: Range, length: number): Range;
  /** From which input on inputs are still needed, behind so many outputs. */
  keeps(outputs: number, inputs: number): number;
  /** The shapes of the states that it carries from one point in time to the next: inputs behind the first, and results. */
  readonly states?: readonly (readonly number[])[];
  /** Called with the inputs that `needs` says; computes the outputs, and maybe others beside them. */
  call?(outputs: Range, inputs: Range, length: number): StreamCall;
}

/** What a rule is made of: a node at several lengths of its signal. */
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

/** Why an operation cannot stream: what it needs, and what to use instead. */
export interface Reason {
  readonly reason: string;
}

/** Makes the rule of an operation; undefined where it is one that {@link ITEM_RULES} tells of, or none. */
export type RuleMaker = (streamed: StreamedNode) => StreamRule | Reason | undefined;

/** Operations that are told apart from their neighbours in time. */
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

/** Operations whose rules tell what of their attributes may depend on the length; others are told the same for any. */
const FOLLOWED: ReadonlySet<AnyOperation> = new Set<AnyOperation>([...ENDING, reshape, expand, upsample]);

/** Whether the ends of an operation lie elsewhere for each length, so that it has to be seen at all lengths that there are before they repeat. */
export function endsVary({ operation }: Node, [first, ...others]: readonly unknown[]): boolean {
  return ENDING.has(operation) && others.some((each) => !isTheSame(each, first));
}

/** The rule of a node, or why it has none. */
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

/** Each output is made of the inputs at its own time. */
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

/** What treats batch items apart treats points in time apart, where these lie along that dimension. */
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

/** A product with known matrices on the left: the columns of the other factor are points in time. */
function ofRight({ node, dims, inputs, results }: Omit<StreamedNode, 'attributes'>): number | undefined {
  const [left, right] = inputs[0] as readonly [Meta, Meta];
  const isMatrix = node.operation.name === 'matmul' && left.shape.length >= 2 && right.shape.length >= 2;
  return isMatrix && dims[1] === right.shape.length - 1 ? results[0]![0]!.shape.length - 1 : undefined;
}

/** A function of elements, whose inputs are broadcast: their dimensions are counted from the last one. */
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
  if (dims[0] !== 0) return undefined; // what goes on are its batch items
  const { cells } = attributes as { cells: readonly unknown[] };
  return cells.length === 1
    ? { ...inPlace(0), states: results!.slice(1).map(({ shape }) => shape) }
    : { reason: `runs backwards from the signal's end; use a ${node.operation.name.toUpperCase()} with one direction` };
}

/** Sums that go on where those of the chunk before ended: in float64, whatever the elements are. */
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
