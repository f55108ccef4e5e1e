import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../cli/folder.ts';
import { readSignal } from '../cli/signal.ts';
import { rangeError } from '../errors.ts';
import { saveNpy } from '../io/npy.ts';
import type { FileJob } from './fileJob.ts';
import type { LayerCache } from './layerCache.ts';

/** Reads, convolves and writes the file of a job. Whatever happens, its output is complete or as it was before. */
export async function convolveJob({ input, output, layer: wanted }: FileJob, layers: LayerCache): Promise<void> {
  const layer = await layers.get(wanted);
  const { inChannels, dtype } = layer.parameters;
  await refuseSameFile(input, output);
  const { samples } = await readSignal(input, inChannels, dtype);
  const features = layer.conv.forward(samples);
  await makeFolder(dirname(output));
  await saveNpy(output, features);
}

async function refuseSameFile(input: string, output: string): Promise<void> {
  const [read, written] = await Promise.all([stat(input), stat(output).catch(() => undefined)]);
  if (written !== undefined && written.ino === read.ino && written.dev === read.dev) {
    throw rangeError('ERR_CONV1D_VALUE', `the features in ${output} would replace it; choose another --out`);
  }
}
