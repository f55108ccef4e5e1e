import { SEANetDecoder } from '../../../examples/networks/encodec.ts';
import { Generator } from '../../../examples/networks/hifigan.ts';
import { Decoder } from '../../../examples/networks/snac.ts';
import { TCN } from '../../../examples/networks/tcn.ts';
import {
  cat,
  compile,
  cpuInfo,
  type Network,
  type NetworkStream,
  nn,
  randn,
  setNumThreads,
  type Tensor,
} from '../../../lib/index.ts';
import { Dice } from '../dice.ts';

// Networks that people have, whole and in chunks. Weights are random.

/** SNAC with its noises, which come with the signal at their own rates. */
class Noisy extends nn.Module {
  readonly decoder = new Decoder();
  override forward(x: Tensor, ...noises: Tensor[]): Tensor {
    return this.decoder.forward(x, noises);
  }
}

interface Known {
  readonly name: string;
  make(): nn.Module;
  /** Of each input, channels and elements for each frame. */
  readonly inputs: readonly (readonly [channels: number, times: number])[];
  /** Frames of a signal, and of a chunk at most. */
  readonly least: number;
  readonly most: number;
  readonly chunk: number;
}

export const KNOWN: readonly Known[] = [
  { name: 'TCN', make: () => new TCN(1, 10), inputs: [[1, 1]], least: 1, most: 400, chunk: 90 },
  { name: 'HiFi-GAN', make: () => new Generator(32), inputs: [[80, 1]], least: 1, most: 30, chunk: 7 },
  { name: 'EnCodec', make: () => new SEANetDecoder(), inputs: [[128, 1]], least: 7, most: 14, chunk: 5 },
  { name: 'SNAC', make: () => new Decoder(), inputs: [[768, 1]], least: 1, most: 5, chunk: 2 },
  {
    name: 'SNAC with noise',
    make: () => new Noisy(),
    inputs: [
      [768, 1],
      [1, 8],
      [1, 64],
      [1, 256],
      [1, 512],
    ],
    least: 1,
    most: 5,
    chunk: 2,
  },
];

const modules = new Map<Known, nn.Module>();
const compiled = new Map<string, Network>();

/** Compiled for the implementation in use; the weights are the same for all. */
function networkOf(known: Known): Network {
  const module = modules.get(known) ?? known.make().eval();
  modules.set(known, module);
  const key = `${known.name} ${cpuInfo().isa}`;
  const inputs = known.inputs.map(([channels, times]) => randn(1, channels, 16 * times) as Tensor);
  const network = compiled.get(key) ?? (compile(module as never, { inputs }) as unknown as Network);
  compiled.set(key, network);
  return network;
}

/** One random signal in random chunks, of a random length if none is given, on random numbers of threads. */
export function checkKnown(
  known: Known,
  { seed, length: given, chunk = known.chunk }: { seed: number; length?: number; chunk?: number },
): void {
  const dice = new Dice(seed);
  const network = networkOf(known);
  const length = given ?? dice.integer(known.least, known.most);
  const signals = known.inputs.map(([channels, times]) => randn(1, channels, length * times) as Tensor);
  setNumThreads(dice.pick(1, 2, 7));
  const whole = network.forward(...signals);
  setNumThreads(dice.pick(1, 2, 7));
  const stream = network.stream() as NetworkStream<Tensor>;
  const pieces: Tensor[] = [];
  const chunks: number[] = [];
  for (let at = 0; at < length; at += chunks.at(-1)!) {
    const count = Math.min(dice.integer(0, chunk), length - at);
    chunks.push(count);
    pieces.push(
      stream.push(signals.map((x, i) => x.narrow(2, at * known.inputs[i]![1], count * known.inputs[i]![1]) as Tensor)),
    );
  }
  const all = cat([...pieces, stream.flush()], 2) as Tensor;
  const other = all.numel === whole.numel ? all.data.findIndex((value, i) => !Object.is(value, whole.data[i])) : 0;
  if (other >= 0)
    throw new Error(
      `${known.name}, seed ${seed}, chunks ${chunks}: element ${other} of [${all.shape}], not [${whole.shape}]`,
    );
}
