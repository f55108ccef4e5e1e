import { describe, expect, test } from 'vitest';
import * as encodec from '../examples/networks/encodec.ts';
import * as hifigan from '../examples/networks/hifigan.ts';
import * as inceptionTime from '../examples/networks/inceptionTime.ts';
import * as snac from '../examples/networks/snac.ts';
import * as snacCodes from '../examples/networks/snacCodes.ts';
import * as tcn from '../examples/networks/tcn.ts';
import * as voiceDetector from '../examples/networks/voiceDetector.ts';
import { manualSeed } from '../lib/index.ts';
import {
  decode,
  type Input,
  type Layer,
  largestDistance,
  largestOf,
  makeInput,
  pairs,
  type Result,
  readGolden,
  type StateEntry,
  stateOf,
} from './golden/calls.ts';

/** From generate_networks.py, whose sources are in golden/networks. */
interface Case {
  readonly file: string;
  readonly network: string;
  readonly arguments: readonly number[];
  readonly seed: number;
  readonly state: readonly StateEntry[];
  readonly repr: string;
  readonly calls: readonly {
    readonly training: boolean;
    readonly arguments: readonly unknown[];
    readonly inputs: readonly Input[];
    /** Of each tensor of the result, how far PyTorch's float32 is from the network in float64. */
    readonly deviation: readonly number[];
    readonly result: Result;
  }[];
}

const golden = readGolden<Case>('networks.json.gz');
const files = { encodec, hifigan, inceptionTime, snac, snacCodes, tcn, voiceDetector } as Readonly<
  Record<string, Readonly<Record<string, unknown>>>
>;

/** Two float32 networks differ by a few times what one of them is off; an element alone may be right by chance. */
const DEVIATIONS = 8;
const EPSILON = 2 ** -24;

function made({ file, network, arguments: args, seed }: Case): Layer {
  const Network = files[file]![network] as new (...args: readonly number[]) => Layer;
  manualSeed(seed);
  return new Network(...args);
}

/** A printed network, without what our twins write in another way: padding by a layer or by the convolution, two names for a wrapper. */
function plain(text: string): string {
  return text
    .replaceAll(', padding=causal', '')
    .replaceAll(', padding_mode=reflect', '')
    .replaceAll(/\bNorm(?=Conv\w*\()/g, 'S');
}

describe.each(golden)('$network of examples/networks/$file, made with $arguments', (drawn) => {
  test("has PyTorch's keys, initial values and text", () => {
    const network = made(drawn);
    expect(stateOf(network, drawn.state)).toEqual(drawn.state);
    expect(plain(String(network))).toBe(plain(drawn.repr));
  });

  test('computes what PyTorch computes', () => {
    const network = made(drawn);
    for (const call of drawn.calls) {
      network.train(call.training);
      const tensors = call.inputs.map(makeInput);
      const results = network.forward(...call.arguments.map((each) => decode(each, tensors)));
      pairs(results, call.result).forEach(({ name, got, expected }, i) => {
        expect([got.dtype, ...got.shape], name).toEqual([expected.dtype, ...expected.shape]);
        // An element is compared in units of the largest one: a unit is 2 to 4 epsilon of it.
        const largest = largestOf(expected);
        const allowed = DEVIATIONS * Math.max(call.deviation[i]!, EPSILON * largest);
        expect(largestDistance(got, expected, largest) * unitOf(largest), name).toBeLessThanOrEqual(allowed);
      });
    }
  });
});

function unitOf(value: number): number {
  return 2 ** (Math.floor(Math.log2(value)) - 23);
}
