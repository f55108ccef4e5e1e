import { stat } from 'node:fs/promises';
import { malformed } from '../../io/malformed.ts';
import { sha256 } from '../../io/sha256.ts';
import type { Engine } from '../batch/engine.ts';
import { loadLayer } from '../batch/layer.ts';
import { loadNetworkEngine } from '../batch/network.ts';
import { isNetworkFile } from '../networkFile.ts';
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
    const { sha256, key, parameters } = wanted;
    const name = JSON.stringify([sha256, key, parameters]);
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

async function load({ path, sha256: wanted, key, parameters }: JobLayer): Promise<Engine> {
  const before = await stat(path);
  const found = await sha256(path);
  if (found !== wanted) {
    throw malformed(
      path,
      `these weights are not those that were submitted (SHA-256 ${found.slice(0, 12)}..., submitted ${wanted.slice(0, 12)}...); submit again`,
    );
  }
  const isNetwork = await isNetworkFile(path);
  const layer = await (isNetwork ? loadNetworkEngine(path, parameters) : loadLayer(path, key ?? undefined, parameters));
  const after = await stat(path);
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || after.ino !== before.ino) {
    throw malformed(path, 'the weights changed while they were read; submit again');
  }
  return layer;
}
