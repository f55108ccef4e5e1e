import { rangeError } from '../../check/errors.ts';
import type { Meta } from '../../tensor/operation.ts';
import { type Built, graphsOf } from '../build.ts';
import type { Node } from '../graph.ts';
import { hasLayer } from '../passes/layers.ts';
import type { Plan } from '../plan/planner.ts';
import type { Ready } from '../run/ready.ts';
import { oriented, type RowKind, rowKindOf, rowsOfBatch } from './batches.ts';
import type { RowFixed } from './fixedInputs.ts';
import { ofChunks } from './ofChunks.ts';
import { ofSignals } from './ofSignals.ts';
import { hasChunks, type StreamSettings } from './options.ts';
import type { RowsBody, StreamTraits } from './rowsBody.ts';

/** The parts of its network that a stream uses. */
export interface StreamedNetwork {
  readonly built: Built;
  /** What a push may take up for each row. */
  readonly maxCallBytes: number;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Whether somebody chose these names. */
  readonly areOutputsNamed: boolean;
  /** Throws what `forward` throws for inputs of these sizes. */
  require(metas: readonly Meta[]): void;
  ready(metas: readonly Meta[]): Ready;
}

/** The parts of a stream: its rows, and how many of them a batch has. */
export interface StreamParts {
  readonly body: RowsBody;
  readonly traits: StreamTraits;
  readonly batch: number;
  /** For each row, the inputs that stay the same. There is one row if the network does not compute the items of a batch one by one. */
  readonly fixed: readonly RowFixed[];
}

/** What many streams are made of. */
export interface RowsParts {
  readonly body: RowsBody;
  readonly traits: StreamTraits;
  readonly capacity: number;
  /** How many signals a row has: one, unless the forward fixes another number. */
  readonly batch: number;
  /** The inputs that stay the same, for rows that are opened without their own. */
  readonly fixed: RowFixed;
}

/** The parts of a stream whose batch goes on in step. */
export function makeStreamParts(network: StreamedNetwork, settings: StreamSettings): StreamParts {
  const { call } = settings;
  requireDirect(network.built, call);
  const own = along(network, settings);
  const { kind, rows } = rowsOfBatch(own, settings);
  const { body, traits } = makeBody(own, settings, kind);
  if (!Number.isInteger(rows) || (rows > 1 && !traits.canJoin)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${call}: the forward fixes the batch, so that batch must be ${kind.batch}, but got ${settings.batch}; network.streams() has rows for other signals`,
    );
  }
  const nothing = body.fixed.read(new Map(), 1, call)[0]!;
  const fixed = body.fixed.read(settings.fixed, rows, call).map((each) => body.fixed.complete(each, nothing, call, ''));
  return { body, traits, batch: kind.batch * rows, fixed };
}

/** The rows of many streams. */
export function makeRowsParts(network: StreamedNetwork, settings: StreamSettings, capacity: number): RowsParts {
  const { call } = settings;
  requireDirect(network.built, call);
  const own = along(network, settings);
  const kind = rowKindOf(own, settings);
  const { body, traits } = makeBody(own, settings, kind);
  const [fixed] = body.fixed.read(settings.fixed, 1, call) as readonly [RowFixed];
  return { body, traits, capacity, batch: kind.batch, fixed };
}

function makeBody(network: StreamedNetwork, settings: StreamSettings, kind: RowKind) {
  return hasChunks(settings)
    ? ofChunks(network, settings, kind)
    : ofSignals(network, requirePlan(network.built, settings.call), kind, settings.call);
}

/** The same network, with the length of its signals as the length that varies. */
function along(network: StreamedNetwork, settings: StreamSettings): StreamedNetwork {
  return hasChunks(settings) ? network : { ...network, built: { ...network.built, axes: oriented(network.built) } };
}

/** Refuses fast algorithms, whose tiles have absolute positions and other bits. */
function requireDirect(built: Built, call: string): void {
  const layerOf = (node: Node) =>
    (node.attributes.at({ shapes: node.inputs.map(({ metas }) => metas[0]!.shape), variables: [0, 0] }) as Layered)
      .layer;
  const fast = graphsOf(built)
    .flatMap(({ nodes }) => nodes)
    .find((node) => hasLayer(node) && layerOf(node).parameters.algorithm !== 'direct');
  if (fast === undefined) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${call} keeps the order of the sums, which the algorithm 'fast'${fast.name === '' ? '' : ` of '${fast.name}'`} does not; compile the network with ` +
      "algorithm: 'direct'",
  );
}

interface Layered {
  readonly layer: { readonly parameters: { readonly algorithm: string } };
}

/** The graph of a wholly native network; the host's operations cannot stream. */
function requirePlan({ plan, mixed }: Built, call: string): Plan {
  if (plan !== null) return plan;
  const host = mixed.segments.flatMap((segment) => segment.host?.nodes ?? [])[0];
  const place = host === undefined || host.line === '' ? '' : ` (at ${host.line})`;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${call}: ${host === undefined ? 'an input or output of another dtype' : host.operation.name} has no native step, and cannot go on with the signal; give whole signals to ` +
      `forward(), or chunks of one length: ${call.replace('()', '({ chunk: 512 })')}${place}`,
  );
}
