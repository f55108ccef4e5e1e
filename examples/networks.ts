// The six networks of examples/networks, each compiled and run: what comes out, what it takes, how long a call is.
//
//     npx tsx examples/networks.ts              all of them
//     npx tsx examples/networks.ts tcn snac     some
//
// Weights are random; with loadStateDict they are those of a checkpoint.
import { fileURLToPath } from 'node:url';
import { compile, type Network, type nn, rand, type Tensor } from 'conv1d';
import { SEANetDecoder } from './networks/encodec.ts';
import { Generator } from './networks/hifigan.ts';
import { InceptionTime } from './networks/inceptionTime.ts';
import { Decoder } from './networks/snac.ts';
import { TCN } from './networks/tcn.ts';
import { VoiceDetector } from './networks/voiceDetector.ts';

interface Example {
  readonly make: () => nn.Module;
  /** Of its inputs. Once compiled it takes any batch and any length. */
  readonly shapes: readonly (readonly number[])[];
}

export const EXAMPLES: Readonly<Record<string, Example>> = {
  snac: { make: () => new Decoder(), shapes: [[1, 768, 47]] }, // a second of speech
  hifigan: { make: () => new Generator(128), shapes: [[1, 80, 86]] }, // a second
  encodec: { make: () => new SEANetDecoder(), shapes: [[1, 128, 75]] }, // a second
  voiceDetector: {
    make: () => new VoiceDetector(),
    shapes: [
      [1, 1, 576], // 32 ms with 4 ms before them
      [1, 1, 128], // h
      [1, 1, 128], // c
    ],
  },
  inceptionTime: { make: () => new InceptionTime(12, 5), shapes: [[8, 12, 1000]] }, // eight recordings of twelve leads
  tcn: { make: () => new TCN(1, 10), shapes: [[32, 1, 784]] },
};

/** What there is to say about a network, and about a call: the second one, since the first one plans. */
export function describeCall(network: Network<readonly unknown[], unknown>, inputs: readonly Tensor[]): string {
  const outputs = [network.forward(...inputs)].flat(2) as Tensor[];
  const begin = performance.now();
  network.forward(...inputs);
  const ms = performance.now() - begin;
  const { steps, parameters, flops, workingBytes } = network.summary(...inputs.map(({ shape }) => shape));
  const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => `[${shape.join(', ')}]`).join(' ');
  return [
    `${shapes(inputs)} to ${shapes(outputs)}`,
    `${steps.length} steps`,
    `${(parameters / 1e6).toFixed(2)} M parameters`,
    `${(flops / 1e6).toFixed(0)} MFLOP`,
    `${(workingBytes / 2 ** 20).toFixed(1)} MiB`,
    `${ms.toFixed(2)} ms`,
  ].join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(EXAMPLES)) {
    const example = EXAMPLES[name];
    if (example === undefined) throw new Error(`there is no '${name}'; there are ${Object.keys(EXAMPLES).join(', ')}`);
    const inputs = example.shapes.map((shape) => rand(...shape));
    const network = compile(example.make().eval(), { inputs });
    console.log(`${name}: ${describeCall(network, inputs)}`);
  }
}
