import { rangeError } from '../../check/errors.ts';
import { Fits } from '../../convolution/fit.ts';
import { convolution } from '../../convolution/operation.ts';
import { groupNorm } from '../../nn/ops/norms.ts';
import { adaptiveAvgPool, adaptiveMaxPool } from '../../nn/ops/pooling.ts';
import type { Meta } from '../../tensor/operation.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { AnyOperation, Graph, Node, Value } from '../graph.ts';
import { layerOf, withLayer } from '../passes/layers.ts';
import type { Rate } from '../plan/signalRules.ts';
import { NetworkSizes } from '../plan/sizes.ts';
import { divisor, leastMultiple } from '../plan/stretch.ts';
import { isTheSame } from '../trace/attributes.ts';
import { type Axes, resized, STEPS } from '../trace/axes.ts';
import { fixed } from '../trace/template.ts';
import { variablesAt } from '../trace/traceGraph.ts';
import { endsVary, isReason, type Reason, type StreamRule, streamRuleOf } from './rules.ts';

/** A value that goes on with the signal: its dimension of time, and its rate. */
export interface Signal {
  readonly dim: number;
  readonly rate: Rate;
}

/** A graph that can run while its signals arrive. */
export interface Streamable {
  /** All nodes in their order, including functions fused into others. */
  readonly nodes: readonly Node[];
  /** Maps the node of a fused function to the node into which it is fused. */
  readonly hosts: ReadonlyMap<Node, { readonly host: Node; readonly operand: number }>;
  readonly graph: Graph;
  readonly signals: ReadonlyMap<Value, Signal>;
  readonly rules: ReadonlyMap<Node, StreamRule>;
  /** Gives the sizes of dimensions other than time. */
  readonly sizes: NetworkSizes;
  /** The rules, for the sizes of whole signals. */
  at(length: number): NetworkSizes;
}

/** What to use in place of operations that need the whole signal. */
const ADVICE = new Map<AnyOperation, string>([
  [groupNorm, 'normalise over channels (LayerNorm), or use BatchNorm1d, whose statistics are known'],
  [adaptiveAvgPool, 'use AvgPool1d with a window of its own'],
  [adaptiveMaxPool, 'use MaxPool1d with a window of its own'],
]);

/**
 * Finds how a network streams.
 *
 * @param metas  inputs that the network takes, with the batch of the stream
 * @param call   what messages begin with
 * @throws RangeError ERR_CONV1D_VALUE  when a node needs the whole signal, or an output does not go on with it
 */
export function makeStreamable(whole: Graph, axes: Axes, metas: readonly Meta[], call: string): Streamable {
  const graph = withPaddingApart(whole);
  if (axes.length.every((axis) => axis === null)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${call}: the length of the inputs is fixed by the forward, so that no signal goes on; say which input comes in chunks and what is carried: ` +
        call.replace('()', "({ chunk: 512, context: 64, carry: { h: 'hn' } })"),
    );
  }
  const at = (length: number) => {
    const sized = resized(metas, axes.length, length - axes.lengthSize);
    return new NetworkSizes(
      graph,
      sized,
      variablesAt(
        axes,
        sized.map(({ shape }) => shape),
      ),
    );
  };
  const nodes: Node[] = [];
  const hosts = new Map<Node, { host: Node; operand: number }>();
  for (const host of graph.nodes) {
    nodes.push(host);
    for (const { node, operand } of host.finishes) {
      nodes.push(node);
      hosts.set(node, { host, operand });
    }
  }
  const signals = new Map<Value, Signal>();
  for (const [i, value] of graph.inputs.entries()) {
    const axis = axes.length[i];
    if (axis) signals.set(value, { dim: axis.dim, rate: { times: axis.times, over: 1 } });
  }
  const looked = new Map<number, readonly NetworkSizes[]>();
  const lookAt = (steps: number) => {
    const known = looked.get(steps) ?? sizesOrNone(() => at(axes.lengthSize + axes.lengthStep * steps));
    looked.set(steps, known);
    return known;
  };
  const samples = SAMPLES.flatMap(lookAt);
  const [sizes] = samples as [NetworkSizes];
  const rules = new Map<Node, StreamRule>();
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs]);
  for (const node of nodes) {
    const timed = node.inputs.filter((value) => signals.has(value));
    if (timed.length === 0) {
      if (!isFixed(node, samples)) throw cannot(call, node, 'makes what depends on the length of the whole signal');
      continue;
    }
    const ruleAt = (seen: readonly NetworkSizes[], period?: number): StreamRule | Reason => {
      const metasOf = (values: readonly Value[]) => seen.map((each) => values.map((value) => each.metaOf(value)));
      return streamRuleOf({
        node,
        dims: node.inputs.map((value) => signals.get(value)?.dim ?? null),
        attributes: seen.map((each) => each.attributesOf(node)),
        inputs: metasOf(node.inputs),
        results: metasOf(node.results),
        period,
      });
    };
    const found = ruleAt(samples);
    const rule =
      isReason(found) &&
      endsVary(
        node,
        samples.map((each) => each.attributesOf(node)),
      )
        ? (repeatedRule(ruleAt, lookAt, unitOf(signals, axes)) ?? found)
        : found;
    if (isReason(rule)) throw cannot(call, node, rule.reason);
    const [first, ...others] = timed.map((value) => signals.get(value)!.rate) as [Rate, ...Rate[]];
    if (others.some((rate) => rate.times * first.over !== first.times * rate.over)) {
      throw cannot(call, node, 'joins signals that go on at different rates');
    }
    if (rule.states !== undefined && node.results.slice(1).some((value) => read.has(value))) {
      throw cannot(call, node, 'gives its state behind the last step, which needs the whole signal');
    }
    rules.set(node, rule);
    for (const value of goingOn(node, rule)) signals.set(value, { dim: rule.dim, rate: reduced(rule.rate(first)) });
  }
  const fixedOutput = graph.outputs.findIndex((value) => !signals.has(value));
  if (fixedOutput >= 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${call}: output ${fixedOutput} does not go on with the signal; stream a network without it`,
    );
  }
  return { nodes, hosts, graph, signals, rules, sizes, at };
}

/** Nodes are examined for signals that are longer by these numbers of steps; attributes that depend on the length differ in some of them. */
const SAMPLES = [0, 1, 2, 5, 29, 1000];

/** Longer periods, which are products of hops and strides, take too long to look at. */
const LONGEST_PERIOD = 2048;

/** Lengths at which a period is tried before all of them are looked at. */
const PROBES = [0, 1, 2, 5, 29];

/** The rule of a node whose ends lie elsewhere for each length, where that repeats after some steps of the length. */
function repeatedRule(
  ruleAt: (seen: readonly NetworkSizes[], period: number) => StreamRule | Reason,
  lookAt: (steps: number) => readonly NetworkSizes[],
  unit: number,
): StreamRule | undefined {
  const rounds = (steps: readonly number[], period: number) => {
    const seen = [...steps, ...steps.map((each) => each + period)].flatMap(lookAt);
    const rule = seen.length === 2 * steps.length ? ruleAt(seen, steps.length) : undefined;
    return rule === undefined || isReason(rule) ? undefined : rule;
  };
  for (const period of STEPS.map((times) => times * unit)) {
    if (period > LONGEST_PERIOD) return undefined;
    if (rounds(PROBES, period) === undefined) continue;
    const rule = rounds(Array.from(new Array(period).keys()), period);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** After how many steps of the length all signals so far have gone on by whole numbers. */
function unitOf(signals: ReadonlyMap<Value, Signal>, { lengthStep }: Axes): number {
  let unit = lengthStep;
  for (const { rate } of signals.values()) {
    unit = leastMultiple(unit, rate.over);
    if (unit > LONGEST_PERIOD * lengthStep) break;
  }
  return unit / lengthStep;
}

/** Whether a node that reads no signal computes the same for signals of any length. */
function isFixed(node: Node, [first, ...others]: readonly NetworkSizes[]): boolean {
  const told = first!.attributesOf(node);
  return others.every(
    (sizes) =>
      isTheSame(sizes.attributesOf(node), told) &&
      node.results.every((value) => sameShape(sizes.metaOf(value).shape, first!.metaOf(value).shape)),
  );
}

/** The sizes, in an array that is empty if the network does not take such a length. */
function sizesOrNone(make: () => NetworkSizes): NetworkSizes[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}

/** The results that go on with the signal; if those after the first are states, only the first does. */
export function goingOn({ results }: Node, { states }: StreamRule): readonly Value[] {
  return states === undefined ? results : results.slice(0, 1);
}

function cannot(call: string, node: Node, reason: string): RangeError {
  const { operation, name, line } = node;
  const what = name === '' ? operation.name : `${operation.name} of the module '${name}'`;
  const advice = ADVICE.get(operation);
  const place = line === '' ? '' : ` (at ${line})`;
  return rangeError(
    'ERR_CONV1D_VALUE',
    `${call}: ${what} ${reason}${advice === undefined ? '' : `; ${advice}`}, or give whole signals to forward()${place}`,
  );
}

/** Convolutions whose padding repeats inputs, and nodes that pad for them. */
function withPaddingApart(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.flatMap((node): Node[] => {
      const layer = layerOf(node);
      if (layer === undefined || node.operation !== convolution) return [node];
      const { paddingMode, padLeft, padRight } = layer.parameters;
      if (paddingMode === 'zeros' || padLeft + padRight === 0) return [node];
      const [x] = node.inputs as [Value];
      const padded: Value = {
        metas: x.metas.map(({ dtype, shape }) => ({
          dtype,
          shape: shape.with(-1, shape.at(-1)! + padLeft + padRight),
        })),
      };
      const attributes = fixed({ ends: [[padLeft, padRight]], mode: paddingMode, value: 0 });
      const parameters = { ...layer.parameters, paddingMode: 'zeros' as const, padLeft: 0, padRight: 0 };
      const { name, line } = node;
      return [
        { operation: pad, inputs: [x], attributes, results: [padded], name, line, finishes: [] },
        { ...withLayer(node, { ...layer, parameters, fits: new Fits(parameters) }), inputs: [padded] },
      ];
    }),
  };
}

function reduced({ times, over }: Rate): Rate {
  const by = divisor(times, over);
  return { times: times / by, over: over / by };
}
