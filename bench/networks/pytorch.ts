import { converse } from '../conversation.ts';
import { readOutputs } from './files.ts';
import type { Way } from './ways.ts';

/** PyTorch, layer by layer, in a process of its own: it times a turn for each line that it is sent. */
export async function pytorchWay(folder: string, id: string, threads: number): Promise<Way> {
  const pytorch = await converse('bench/networks/pytorch.py', [folder, id, String(threads)], threads);
  return {
    id: 'pytorch',
    version: pytorch.version,
    outputs: await readOutputs(folder, id, 'pytorch'),
    turn: (ms) => pytorch.ask(ms),
    close: () => pytorch.close(),
  };
}
