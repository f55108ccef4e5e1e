import type { Engine } from '../batch/engine.ts';
import { type Layer, loadLayer } from '../batch/layer.ts';
import { loadNetworkEngine } from '../batch/network.ts';
import type { LayerParameters } from '../batch/parameters.ts';
import { explainAbout } from '../explain.ts';
import { isNetworkFile } from '../networkFile.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** What `conv1d run` says about what files go through. */
export interface EngineFlags extends LayerParameters {
  readonly key?: string;
}

/** What a network's own file says. */
const OF_LAYERS = ['key', 'stride', 'padding', 'dilation', 'groups', 'paddingMode'] as const;

const OPTION_NAMES: Readonly<Record<string, string>> = { paddingMode: 'padding-mode' };

/** The network of a file; null where it holds none, so that it has to be a layer, and undefined, with a sentence, when it is refused. */
export async function openNetwork(
  path: string,
  flags: EngineFlags,
  terminal: Terminal,
): Promise<Engine | null | undefined> {
  if (!(await isNetworkFile(path))) return null;
  const unusable = OF_LAYERS.find((name) => flags[name] !== undefined);
  if (unusable !== undefined) {
    terminal.fail(`--${OPTION_NAMES[unusable] ?? unusable} is for layers, and ${path} is a network`, EXIT.usage);
    return undefined;
  }
  try {
    return await loadNetworkEngine(path, flags);
  } catch (error) {
    terminal.fail(explainAbout(path, error));
    return undefined;
  }
}

/** The layer of a file; undefined, with a sentence, when it is refused. */
export async function openLayer(path: string, flags: EngineFlags, terminal: Terminal): Promise<Layer | undefined> {
  try {
    return await loadLayer(path, flags.key, layerParameters(flags));
  } catch (error) {
    terminal.fail(explainAbout(path, error));
    return undefined;
  }
}

/** The command has whole signals: a layer may take fast algorithms unless somebody says otherwise. A network says it in its file. */
export function layerParameters<F extends LayerParameters>(flags: F): F & Required<Pick<LayerParameters, 'algorithm'>> {
  return { ...flags, algorithm: flags.algorithm ?? 'fast' };
}
