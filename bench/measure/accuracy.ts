import Table from 'cli-table3';
import { loadLibrary } from '../library.ts';

// `npx tsx bench/measure/accuracy.ts`: how far fast algorithms are from float64, beside the direct sum, on signals of several kinds.
// docs/accuracy.md has the table.

const EPSILON = 2 ** -23;
const { Conv1d, manualSeed, randn, tensor } = await loadLibrary();

/** What the values of a signal (channels, length) look like, made of standard normal ones. */
const SIGNALS: Record<
  string,
  (value: number, channel: number, at: number, channels: number, length: number) => number
> = {
  random: (value) => value,
  'all positive': (value) => Math.abs(value),
  'offset 1000': (value) => 1000 + value,
  '60 dB along time': (value, _, at, __, length) => value * 10 ** ((-3 * at) / length),
  '60 dB across channels': (value, channel, _, channels) => value * 10 ** ((-3 * channel) / channels),
};

/** Layers for which a call takes each of the algorithms. */
const LAYERS: readonly (readonly [channels: number, kernelSize: number, length: number])[] = [
  [256, 3, 64],
  [64, 3, 6400],
  [256, 3, 1600],
  [64, 9, 100],
  [64, 5, 3200],
  [64, 11, 3200],
  [64, 63, 3200],
  [48, 127, 3200],
];

interface Errors {
  /** The largest. */
  readonly max: number;
  /** The root of the mean of squares. */
  readonly rms: number;
  /** The largest in units of eps * (the largest input that any tile of the output could have) * sum of |w|. */
  readonly units: number;
}

function errorsOf(actual: ArrayLike<number>, exact: ArrayLike<number>, scale: (at: number) => number): Errors {
  let max = 0;
  let squares = 0;
  let units = 0;
  for (let i = 0; i < exact.length; i++) {
    const error = Math.abs(actual[i]! - exact[i]!);
    max = Math.max(max, error);
    squares += error * error;
    units = Math.max(units, error / (EPSILON * scale(i)));
  }
  return { max, rms: Math.sqrt(squares / exact.length), units };
}

const table = new Table({
  head: ['algorithm', 'layer', 'signal', 'max / direct', 'rms / direct', 'eps * max|x| * sum|w|', '(direct)'],
  style: { head: [], border: [] },
});
manualSeed(1);
for (const [channels, kernelSize, length] of LAYERS) {
  const padding = (kernelSize - 1) / 2;
  const fast = new Conv1d(channels, channels, kernelSize, { padding, algorithm: 'fast' }).eval();
  const { algorithm } = fast.explain(length);
  const options = { padding };
  const direct = Conv1d.fromWeights(fast.weight, fast.bias, options).eval();
  const wide = (values: ArrayLike<number>, shape: readonly number[]) => tensor(Float64Array.from(values), shape);
  const exact = Conv1d.fromWeights(
    wide(fast.weight.data, fast.weight.shape),
    wide(fast.bias!.data, fast.bias!.shape),
    options,
  ).eval();
  const weights = fast.weight.data;
  const sums = Array.from({ length: channels }, (_, o) => {
    const row = weights.subarray(o * channels * kernelSize, (o + 1) * channels * kernelSize);
    return Array.from(row).reduce((sum, w) => sum + Math.abs(w), 0);
  });
  for (const [name, value] of Object.entries(SIGNALS)) {
    const x = randn(channels, length);
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < length; t++) {
        x.data[c * length + t] = value(x.data[c * length + t]!, c, t, channels, length);
      }
    }
    // The largest input near an output: no tile reaches further than 128.
    const largest = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      for (let c = 0; c < channels; c++) {
        largest[t] = Math.max(largest[t]!, Math.abs(x.data[c * length + t]!));
      }
    }
    const around = largest.map((_, t) => Math.max(...largest.subarray(Math.max(0, t - 128), t + 129)));
    const y = exact.forward(wide(x.data, x.shape)).data;
    const scale = (i: number) => sums[Math.floor(i / length)]! * around[i % length]!;
    const ours = errorsOf(fast.forward(x).data, y, scale);
    const theirs = errorsOf(direct.forward(x).data, y, scale);
    table.push([
      algorithm,
      `${channels}->${channels} k${kernelSize}`,
      name,
      (ours.max / theirs.max).toFixed(2),
      (ours.rms / theirs.rms).toFixed(2),
      ours.units.toFixed(3),
      theirs.units.toFixed(3),
    ]);
  }
}
console.log(table.toString());
