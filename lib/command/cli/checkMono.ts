import type { Engine } from '../batch/engine.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** Whether --mono makes sense for what files go through; says so when it does not. */
export function checkMono(mono: boolean, { input }: Pick<Engine, 'input'>, terminal: Terminal): boolean {
  const channels = input.kind === 'signal' ? input.channels : null;
  if (!mono || channels === 1) return true;
  const what = channels === null ? 'the network takes no recordings' : `the weights take ${channels}`;
  terminal.fail(`--mono is for layers of one channel, but ${what}; leave it out`, EXIT.usage);
  return false;
}
