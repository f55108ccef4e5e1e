import { hash } from '../inputs.ts';
import { bytes, nominalFlops, outLength, type Problem, sizes } from '../problems.ts';

/** Bounds that keep a call of one thread at some milliseconds, and a layer's memory small. */
const MAX_FLOPS = 400e6;
const MAX_BYTES = 32 * 2 ** 20;
const MAX_WEIGHTS = 2 ** 21;

/** A layer at random, and which kind of layer it is. */
export interface RandomLayer {
  readonly family: string;
  readonly problem: Problem;
}

/** Random numbers that depend on the seed, the layer and how many were drawn before only. */
class Dice {
  readonly #seed: number;
  #drawn = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In [0, 1). */
  unit(): number {
    return hash(this.#drawn++, this.#seed) / 2 ** 32;
  }

  /** An integer of these bounds, the same chance for each doubling. */
  log(least: number, most: number): number {
    return Math.floor(least * ((most + 1) / least) ** this.unit());
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.unit() * values.length)]!;
  }
}

type Draft = Omit<Problem, 'name' | 'padLeft' | 'padRight'>;

const draft = (fields: Partial<Draft>): Draft => ({
  inChannels: 1,
  outChannels: 1,
  kernelSize: 1,
  stride: 1,
  dilation: 1,
  groups: 1,
  batch: 1,
  length: 1,
  ...fields,
});

const kernel = (dice: Dice) => dice.pick([1, 2, 3, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 11, 13, 16]);

function dense(dice: Dice, fields: Partial<Draft> = {}): Draft {
  const [inChannels, outChannels] = [dice.log(8, 512), dice.log(8, 512)];
  return draft({ inChannels, outChannels, kernelSize: kernel(dice), length: dice.log(64, 20_000), ...fields });
}

/** Every kind of layer that we know networks of. */
export const FAMILIES: Readonly<Record<string, (dice: Dice) => Draft>> = {
  dense: (dice) => dense(dice),
  'long kernel': (dice) =>
    draft({
      inChannels: dice.log(1, 64),
      outChannels: dice.log(4, 128),
      kernelSize: dice.log(17, 512),
      length: dice.log(1000, 40_000),
    }),
  grouped: (dice) => {
    const groups = dice.log(2, 16);
    const [inChannels, outChannels] = [groups * dice.log(2, 64), groups * dice.log(2, 64)];
    return dense(dice, { inChannels, outChannels, groups });
  },
  depthwise: (dice) => {
    const channels = dice.log(16, 1024);
    const outChannels = channels * dice.pick([1, 1, 1, 2]);
    return dense(dice, { inChannels: channels, outChannels, groups: channels, kernelSize: dice.log(2, 64) });
  },
  dilated: (dice) => dense(dice, { dilation: dice.pick([2, 3, 4, 5, 8, 9, 16, 27, 32, 64, 128]) }),
  strided: (dice) => dense(dice, { stride: dice.log(2, 8), kernelSize: dice.log(2, 32) }),
  short: (dice) => dense(dice, { length: dice.log(1, 64), batch: dice.log(1, 4) }),
  long: (dice) =>
    dense(dice, { inChannels: dice.log(1, 32), outChannels: dice.log(1, 32), length: dice.log(20_000, 400_000) }),
  batches: (dice) => dense(dice, { batch: dice.log(4, 128), length: dice.log(16, 1000) }),
  'windowed DFT': (dice) => {
    const kernelSize = dice.pick([256, 320, 400, 480, 512, 1024]);
    const outChannels = kernelSize + 2;
    const stride = Math.round(kernelSize / dice.pick([2, 2.5, 4]));
    return draft({ outChannels, kernelSize, stride, length: dice.log(8000, 160_000), weights: 'dft' });
  },
};

/** Layers of all families in turns, the same for the same seed, however many are asked for. */
export function randomLayers(count: number, seed: number): RandomLayer[] {
  const names = Object.keys(FAMILIES);
  return Array.from({ length: count }, (_, i) => {
    const family = names[i % names.length]!;
    const dice = new Dice(hash(i, seed));
    return { family, problem: { name: `${i}`, ...bounded(padded(FAMILIES[family]!(dice), dice)) } };
  });
}

type Padded = Omit<Problem, 'name'>;

/** Without padding, the same length, causal, or more than anybody needs; the signal at least as long as the kernel. */
function padded(layer: Draft, dice: Dice): Padded {
  const reach = layer.dilation * (layer.kernelSize - 1);
  const half = Math.floor(reach / 2);
  const [padLeft, padRight] = dice.pick([
    [0, 0],
    [half, half],
    [half, half],
    [reach, 0],
    [dice.log(1, 20), 0],
  ]) as [number, number];
  return { ...layer, padLeft, padRight, length: Math.max(layer.length, reach + 1 - padLeft - padRight) };
}

/** Fewer channels, then fewer items, then a shorter signal, until the work and the memory keep to the bounds. */
function bounded(layer: Padded): Padded {
  const problem = { name: '', ...layer };
  const { groups, kernelSize, dilation, padLeft, padRight, weights } = layer;
  const isTooMuch = nominalFlops(problem) > MAX_FLOPS || bytes(problem) > MAX_BYTES;
  if (sizes(problem).weight > MAX_WEIGHTS && weights === undefined) {
    const halved = (channels: number) => Math.max(groups, Math.ceil(channels / groups / 2) * groups);
    return bounded({ ...layer, inChannels: halved(layer.inChannels), outChannels: halved(layer.outChannels) });
  }
  if (!isTooMuch) return layer;
  if (layer.batch > 1) return bounded({ ...layer, batch: Math.ceil(layer.batch / 2) });
  const shortest = Math.max(1, dilation * (kernelSize - 1) + 1 - padLeft - padRight);
  const length = Math.max(shortest, Math.ceil(layer.length / 2));
  // A signal of one window cannot be shorter.
  if (length === layer.length || outLength({ ...problem, length }) < 1) return layer;
  return bounded({ ...layer, length });
}
