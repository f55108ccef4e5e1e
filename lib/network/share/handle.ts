import { randomUUID } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import { findNetwork, listNetwork, type SharedNetwork } from '../../native/sharedNetwork.ts';
import type { Built } from '../build.ts';
import { describeBuilt } from './describe.ts';
import type { NetworkDescription } from './description.ts';
import { rebuild } from './rebuild.ts';

/**
 * The result of `network.share()`. You send it by `postMessage`, `workerData` or `structuredClone` to other threads of the process, where
 * `Network.open` makes a network of it. It is only a name, and keeps nothing alive.
 *
 * @category Networks
 */
export interface NetworkHandle {
  readonly conv1dNetwork: string;
}

/** The parts of a network beside its graph. */
export type NetworkTraits = Pick<NetworkDescription, 'name' | 'settings' | 'forms'>;

/** A network in the list of the process, and its name there. */
export interface Listed {
  readonly id: string;
  readonly network: SharedNetwork;
}

/** Lists a network under a name that is never used again, and that nobody can guess. */
export function share({ name, settings, forms }: NetworkTraits, built: Built): Listed {
  const { description, layers } = describeBuilt(built);
  const id = randomUUID();
  // The inputs are the example tensors of compile(), which nobody needs here.
  const whole: NetworkDescription = { ...description, name, settings: { ...settings, inputs: [] }, forms };
  return { id, network: listNetwork(id, serialize(whole), layers) };
}

/**
 * Finds the network of a handle, and builds it over the same packed weights.
 *
 * The description is not in the handle but in the list, to which only this library writes. So a forged handle finds
 * nothing, and the description can be trusted.
 */
export function open(handle: unknown): { traits: NetworkTraits; built: Built; listed: Listed } {
  const id = readHandle(handle);
  const network = findNetwork(id);
  const description = deserialize(network.description()) as NetworkDescription;
  return { traits: description, built: rebuild(description, network), listed: { id, network } };
}

function readHandle(handle: unknown): string {
  // Read the handle's own property, whatever somebody has added to Object.prototype.
  const id = isPlainObject(handle) ? Object.getOwnPropertyDescriptor(handle, 'conv1dNetwork')?.value : undefined;
  if (typeof id === 'string') return id;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `Network.open(): expected a handle, as network.share() gives one, but got ${describe(handle)}`,
  );
}
