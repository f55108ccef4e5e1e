import type { Engine } from './engine.ts';

/** Files of one signal, which layers and most networks read. */
const OF_SIGNALS = ['wav', 'npy'] as const;
/** Files of tensors that have names. */
const OF_NAMES = ['npz', 'safetensors'] as const;

/** What directories are searched for, by what is read; a layer reads signals. */
export function extensionsFor(input: Engine['input'] | undefined): readonly string[] {
  return input?.kind === 'named' ? OF_NAMES : OF_SIGNALS;
}
