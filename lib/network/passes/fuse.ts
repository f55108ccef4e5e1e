import type { Finish, Graph, Node, Value } from '../graph.ts';
import { elementOperands, functionOf } from './elements.ts';
import { hasLayer } from './layers.ts';

/**
 * Element-wise functions join the node whose result they read: that node applies activations, residual additions, scalings and means of branches
 * to a stretch of results while it is in the first cache. A function joins the last of the nodes whose results it reads; its other
 * operands must exist before that node runs. If no node can take it, it becomes a node itself, which other functions can join.
 */
export function fuse(graph: Graph): Graph {
  const hosts: Host[] = [];
  const hostOf = new Map<Value, Host>();
  for (const node of graph.nodes) {
    const operands = elementOperands(node);
    const found = operands === undefined ? undefined : findHost(node, operands, hostOf);
    if (found !== undefined) {
      found.host.finishes.push({ node, operand: found.operand });
      hostOf.set(node.results[0]!, found.host);
      continue;
    }
    const host: Host = { node, index: hosts.length, finishes: [], channelDim: channelDimOf(node) };
    hosts.push(host);
    const takes = hasLayer(node) || operands !== undefined;
    for (const value of node.results) hostOf.set(value, takes ? host : { ...host, isClosed: true });
  }
  return { ...graph, nodes: hosts.map(({ node, finishes }) => ({ ...node, finishes })) };
}

/** The most functions that a step can apply, including its own (binding.d.ts). */
const MOST_FUNCTIONS = 32;

/** A node that runs, and the functions that join it. */
interface Host {
  readonly node: Node;
  readonly index: number;
  readonly finishes: Finish[];
  /** The dimension along which its functions have parameters; undefined while any dimension is possible. */
  channelDim: number | undefined;
  /** Whether no function can join it. */
  readonly isClosed?: boolean;
}

function findHost(node: Node, operands: readonly number[], hostOf: ReadonlyMap<Value, Host>) {
  const channelDim = functionChannelDim(node);
  const candidates = operands
    .flatMap((operand) => {
      const host = hostOf.get(node.inputs[operand]!);
      return host === undefined ? [] : [{ operand, host }];
    })
    .sort((a, b) => b.host.index - a.host.index);
  const [last] = candidates;
  if (last === undefined || last.host.isClosed === true) return undefined;
  if (last.host.finishes.length + 1 >= MOST_FUNCTIONS) return undefined;
  if (channelDim !== undefined) {
    if (last.host.channelDim !== undefined && last.host.channelDim !== channelDim) return undefined;
    last.host.channelDim = channelDim;
  }
  return last;
}

/** The dimension of a function's parameters; undefined if it has none, or one for all elements. */
function functionChannelDim(node: Node): number | undefined {
  const form = functionOf(node);
  return form?.kind === 'channel' && form.a.length > 1 ? form.channelDim : undefined;
}

function channelDimOf(node: Node): number | undefined {
  if (!hasLayer(node)) return functionChannelDim(node);
  const ndim = node.results[0]!.metas[0]!.shape.length;
  return node.operation.name === 'linear' ? ndim - 1 : ndim - 2;
}
