import type { Layer } from '../batch/layer.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** Whether --mono makes sense for a layer; says so when it does not. */
export function checkMono(mono: boolean, { parameters: { inChannels } }: Layer, terminal: Terminal): boolean {
  if (!mono || inChannels === 1) return true;
  terminal.fail(`--mono is for layers of one channel, but the weights take ${inChannels}; leave it out`, EXIT.usage);
  return false;
}
