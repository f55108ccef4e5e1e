import { stat } from 'node:fs/promises';
import { malformed } from '../../io/malformed.ts';
import type { Engine } from '../batch/engine.ts';
import { loadLayer } from '../batch/layer.ts';
import { loadNetworkEngine } from '../batch/network.ts';
import { digestOfWeights, filesOfWeights } from '../networkFile.ts';
import type { JobLayer } from './fileJob.ts';

/** How many layers and networks a worker keeps ready at most. */
const KEPT = 8;

/** The layers and networks of the jobs a worker met lately, each loaded once. */
export class LayerCache {
  readonly #layers = new Map<string, Promise<Engine>>();

  /**
   * The layer of a job, from memory or from its file.
   *
   * @throws RangeError ERR_CONV1D_FORMAT  when the file is not the one that was submitted
   */
  get(wanted: JobLayer): Promise<Engine> {
    const { sha256, key, parameters, isNetwork = false } = wanted;
    const name = JSON.stringify([sha256, key, parameters, isNetwork]);
    const layer = this.#layers.get(name) ?? load(wanted);
    // The most recently used come last, and one that failed is tried again by the next job.
    this.#layers.delete(name);
    this.#layers.set(name, layer);
    layer.catch(() => this.#layers.delete(name));
    for (const oldest of this.#layers.keys()) {
      if (this.#layers.size <= KEPT) break;
      this.#layers.delete(oldest);
    }
    return layer;
  }
}

async function load({ path, sha256: wanted, key, parameters, isNetwork }: JobLayer): Promise<Engine> {
  const files = await filesOfWeights(path);
  const before = await statesOf(files);
  const found = await digestOfWeights(path);
  if (found !== wanted) {
    throw malformed(
      path,
      `these weights are not those that were submitted (SHA-256 ${found.slice(0, 12)}..., submitted ${wanted.slice(0, 12)}...); submit again`,
    );
  }
  const layer = await (isNetwork ? loadNetworkEngine(path, parameters) : loadLayer(path, key ?? undefined, parameters));
  if ((await statesOf(files)) !== before) {
    throw malformed(path, 'the weights changed while they were read; submit again');
  }
  return layer;
}

/** What changes when somebody writes to one of some files. */
async function statesOf(files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file)));
  return JSON.stringify(stats.map(({ mtimeMs, size, ino }) => [mtimeMs, size, ino]));
}
