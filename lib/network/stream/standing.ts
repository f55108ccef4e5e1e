import { createHash } from 'node:crypto';
import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, describe, integer, isArray } from '../../check/validate.ts';
import { decode, encode } from '../../streaming/state.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Graph, Node } from '../graph.ts';
import { nameOf } from '../share/operations.ts';
import { isLayerLike } from '../trace/attributes.ts';

const VERSION = 1;

/**
 * The state of a network's stream: a plain object that survives `JSON.stringify` and `structuredClone`. It does not have the weights.
 *
 * @category Networks
 */
export interface NetworkStreamState {
  readonly version: typeof VERSION;
  /** A digest of the network's operations and sizes: a state fits any network with the same ones. */
  readonly network: string;
  readonly dtype: FloatDtype;
  readonly batch: number;
  /** How many inputs of each signal have come. */
  readonly received: number;
  /** How many of these the stream has computed. */
  readonly computed: number;
  /** Whether `flush` was called. */
  readonly ended: boolean;
  /** The values that the stream keeps of all signals within the network, as little-endian numbers in base64; exact for NaN too. */
  readonly kept: string;
  /** For each input, those that have come and wait for more, in the same form. */
  readonly pending: readonly string[];
}

/** The part of a state that does not follow from its network and batch. */
export interface NetworkStanding {
  readonly received: number;
  readonly computed: number;
  readonly ended: boolean;
  readonly kept: FloatArray;
  readonly pending: readonly FloatArray[];
}

/** The stream to which a state must fit. */
export interface StandingOwner {
  readonly network: string;
  readonly dtype: FloatDtype;
  readonly batch: number;
  /** The number of elements that are kept, and those of each input with that many positions. */
  keptAt(computed: number): number;
  inputsOf(positions: number): number[];
}

export function makeNetworkState(owner: StandingOwner, standing: NetworkStanding): NetworkStreamState {
  const { network, dtype, batch } = owner;
  const { received, computed, ended, kept, pending } = standing;
  return {
    version: VERSION,
    network,
    dtype,
    batch,
    received,
    computed,
    ended,
    kept: encode(kept),
    pending: pending.map(encode),
  };
}

const NAMES = ['version', 'network', 'dtype', 'batch', 'received', 'computed', 'ended', 'kept', 'pending'] as const;

/** Checks the argument of `setState`; reads every property once. */
export function readNetworkState(owner: StandingOwner, state: unknown): NetworkStanding {
  if (!isPlainObject(state)) {
    throw typeError('ERR_CONV1D_TYPE', `setState(): the state must be a plain object, but got ${describe(state)}`);
  }
  refuseUnknownOptions(state, NAMES, 'setState');
  const { version, network, dtype, batch, received, computed, ended, kept, pending } = state as Record<
    (typeof NAMES)[number],
    unknown
  >;
  requireSame('version', version, VERSION, 'this library reads');
  requireSame('network', network, owner.network, 'the state is of another network: this one has');
  requireSame('dtype', dtype, owner.dtype, 'the network has');
  requireSame('batch', batch, owner.batch, 'this stream has');
  const come = integer(received, 'setState(): received');
  const done = integer(computed, 'setState(): computed');
  if (done < 0 || come < done || come > MOST_RECEIVED) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `setState(): computed and received must be in order, and below 2^48, but are ${done} and ${come}`,
    );
  }
  const isEnded = boolean(ended, 'setState(): ended');
  const lengths = owner.inputsOf(come - done);
  if (!isArray(pending) || pending.length !== lengths.length) {
    throw typeError('ERR_CONV1D_TYPE', `setState(): pending must be an array of ${lengths.length} strings`);
  }
  return {
    received: come,
    computed: done,
    ended: isEnded,
    kept: decode('kept', kept, owner.dtype, owner.keptAt(done)),
    pending: lengths.map((length, i) => decode(`pending[${i}]`, pending[i], owner.dtype, length)),
  };
}

/** More inputs than any stream has; positions within a network stay below 2^53. */
export const MOST_RECEIVED = 2 ** 48;

function requireSame(name: string, given: unknown, expected: unknown, what: string): void {
  if (given === expected) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `setState(): ${what} ${name} ${expected}, but the state has ${describe(given)}; make the stream as it was made then`,
  );
}

/** A name for all networks of the same operations and sizes, whatever their weights are. */
export function kindOf({ inputs, nodes, outputs }: Graph): string {
  const hash = createHash('sha256');
  const numbers = new Map([...inputs].map((value, i) => [value, i]));
  const visit = (node: Node): void => {
    for (const value of node.results) numbers.set(value, numbers.size);
    const places = node.inputs.map((value) => numbers.get(value) ?? value.known?.shape.join('x') ?? '');
    hash.update(`${nameOf(node.operation)} ${places} ${textOf(node.attributes.data)}\n`);
    for (const finish of node.finishes) visit(finish.node);
  };
  hash.update(`${inputs.map(({ metas }) => metas[0]!.dtype)}\n`);
  for (const node of nodes) visit(node);
  hash.update(`${outputs.map((value) => numbers.get(value) ?? '')}`);
  return hash.digest('hex').slice(0, 16);
}

/** Sizes and numbers of attributes; of weights only how many there are. */
function textOf(attributes: unknown): string {
  return JSON.stringify(attributes, (_, value) => {
    if (isLayerLike(value)) return value.parameters;
    if (ArrayBuffer.isView(value)) return value.byteLength;
    return typeof value === 'bigint' ? String(value) : value;
  });
}
