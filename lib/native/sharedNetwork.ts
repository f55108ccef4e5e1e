import type * as Binding from '../../binding.d.ts';
import { loadAddon } from './loadAddon.ts';

/** A network's packed layers where all threads of the process find them; as long as somebody holds it. */
export type SharedNetwork = Binding.SharedNetwork;

/** A layer with packed weights. */
export type NativeLayer = Binding.Convolution | Binding.Recurrent;

/** Lists layers, with the snapshots that they have now, and bytes that describe what is made of them. */
export function listNetwork(id: string, description: Uint8Array, layers: readonly NativeLayer[]): SharedNetwork {
  return new (loadAddon().SharedNetwork)(id, description, layers);
}

/** What was listed under an id; RangeError ERR_CONV1D_VALUE where there is none, or nobody holds it any more. */
export function findNetwork(id: string): SharedNetwork {
  return new (loadAddon().SharedNetwork)(id);
}
