import { NETWORKS, type NetworkCase } from '../networks/cases.ts';
import { LAYERS, type Problem } from '../problems.ts';

/** A network of the benchmark of networks, to be trained. */
export interface TrainingCase extends NetworkCase {
  /** Why its inputs are not those of that benchmark. */
  readonly note?: string;
}

/** Inputs of other shapes than for a forward, and why. */
const SHAPES: Readonly<Record<string, Pick<TrainingCase, 'shapes' | 'note'>>> = {
  snac: { shapes: [[1, 768, 16]], note: '16 frames in place of 47, of which a step takes PyTorch more than 3 s' },
  hifigan: { shapes: [[1, 80, 32]], note: '32 frames in place of 86: as many as it was trained on' },
};

/** The narrow HiFi-GAN is the wide one again. */
const UNTRAINED = 'hifigan128';

/** The six networks of examples/networks. */
export const TRAINED: readonly TrainingCase[] = NETWORKS.filter(({ id }) => id !== UNTRAINED).map((network) => ({
  ...network,
  ...SHAPES[network.id],
}));

/** What to measure: the layers and networks whose names match, all where there is no pattern. */
export function chooseCases(only: RegExp | undefined): {
  readonly layers: readonly Problem[];
  readonly networks: readonly TrainingCase[];
} {
  const layers = LAYERS.filter(({ name }) => only?.test(name) ?? true);
  const networks = TRAINED.filter(({ id, name }) => only === undefined || only.test(id) || only.test(name));
  if (layers.length + networks.length === 0)
    throw new Error(
      `--only: neither a layer nor a network matches ${only}; there are ${[...LAYERS, ...TRAINED].map(({ name }) => name).join(', ')}`,
    );
  return { layers, networks };
}
