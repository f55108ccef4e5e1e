import { type Network, parseNetwork, rand, serializeNetwork, type Tensor } from '../../../lib/index.ts';
import { readSafetensorsBytesAsStored, serializeSafetensors } from '../../../lib/io/safetensors.ts';
import { METADATA_KEY } from '../../../lib/network/file/format.ts';
import type { Dtype } from '../../../lib/tensor/dtype.ts';
import { mutate, randomIntegers } from '../mutate.ts';

// Damaged network files: what they say is changed part by part, or their bytes are.

/** Choices that a seed decides, many of them. */
class Dice {
  readonly below: (limit: number) => number;
  constructor(seed: number) {
    this.below = randomIntegers(seed * 2654435761);
  }
  integer(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
  pick<const T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NUMBERS = [0, -1, 1, 2, 3, 0.5, 64, 65, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e308];
const TEXTS = [
  '',
  'leaf',
  'NaN',
  'Infinity',
  '-0',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
  'lstm',
  'expand',
  'convolution',
];
const VALUES: readonly Json[] = [null, true, false, [], {}, [[]], { of: 'length', factor: 1, added: 0, divisor: 1 }];

/** Beyond this a call is not made: it would be right, and slow. */
const MOST_BYTES = 2 ** 26;
const MOST_FLOPS = 1e8;

/** What became of a damaged file. */
export interface Survey {
  refused: number;
  ran: number;
  /** The longest that a file took, in ms. */
  slowest: number;
}

/** Damages a file `count` times; throws, with what repeats it, for one that fails otherwise than by an error with a code. */
export function surveyDamages(network: Network<never, unknown>, seed: number, count: number): Survey {
  const bytes = serializeNetwork(network);
  const survey: Survey = { refused: 0, ran: 0, slowest: 0 };
  for (let i = 0; i < count; i++) {
    const dice = new Dice(seed + i);
    const damaged = dice.integer(0, 3) === 0 ? damagedBytes(bytes, dice) : damagedJson(bytes, dice);
    const begun = performance.now();
    try {
      play(damaged, survey);
    } catch (error) {
      throw new Error(`damage ${seed + i}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    survey.slowest = Math.max(survey.slowest, performance.now() - begun);
  }
  return survey;
}

function play(bytes: Uint8Array, survey: Survey): void {
  let network: Network<readonly Tensor[], unknown>;
  try {
    network = parseNetwork<readonly Tensor[], unknown>(bytes);
  } catch (error) {
    requireCode(error, ['ERR_CONV1D_FORMAT', 'ERR_CONV1D_MEMORY']);
    survey.refused++;
    return;
  }
  for (const longer of [0, 1, 17]) {
    try {
      const { shapes, dtypes } = inputsOf(bytes, longer);
      const { workingBytes, flops } = network.summary(...shapes);
      if (workingBytes > MOST_BYTES || flops > MOST_FLOPS || sizeOf(shapes) > MOST_BYTES) continue;
      network.forward(...shapes.map((shape, i) => valuesOf(shape, dtypes[i]!)));
      survey.ran++;
    } catch (error) {
      requireCode(error, []);
    }
  }
}

function requireCode(error: unknown, codes: readonly string[]): void {
  const { code, message } = error as { code?: string; message: string };
  if (code?.startsWith('ERR_CONV1D_') !== true) throw error;
  if (codes.length > 0 && !codes.includes(code)) throw new Error(`refused with ${code}: ${message}`);
}

function sizeOf(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
}

/** The shapes of the example, or of longer signals. */
function inputsOf(bytes: Uint8Array, longer: number) {
  const { inputs } = JSON.parse(descriptionOf(bytes).text) as {
    inputs: { dtype: Dtype; shape: number[]; length: { dim: number; times: number } | null }[];
  };
  const shapes = inputs.map(({ shape, length }) =>
    length === null ? shape : shape.with(length.dim, shape[length.dim]! + longer * length.times),
  );
  return { shapes, dtypes: inputs.map(({ dtype }) => dtype) };
}

/** Numbers from 0 to 3: indices that may be there. */
function valuesOf(shape: readonly number[], dtype: Dtype): Tensor {
  return rand(...shape)
    .mul(3)
    .to(dtype) as unknown as Tensor;
}

function descriptionOf(bytes: Uint8Array) {
  const { tensors, metadata } = readSafetensorsBytesAsStored(bytes, 'file');
  return { tensors, text: metadata[METADATA_KEY]! };
}

function damagedBytes(bytes: Uint8Array, dice: Dice): Uint8Array {
  return mutate(bytes, dice.below);
}

function damagedJson(bytes: Uint8Array, dice: Dice): Uint8Array {
  const { tensors, text } = descriptionOf(bytes);
  const network = JSON.parse(text) as Json;
  for (let damages = dice.integer(1, 3); damages > 0; damages--) damage(network, dice);
  return serializeSafetensors(tensors, { [METADATA_KEY]: JSON.stringify(network) });
}

/** Changes one part of a tree. */
function damage(root: Json, dice: Dice): void {
  const places: { holder: Json[] | { [key: string]: Json }; key: string }[] = [];
  const collect = (json: Json): void => {
    if (typeof json !== 'object' || json === null) return;
    for (const key of Object.keys(json)) {
      places.push({ holder: json, key });
      collect((json as { [key: string]: Json })[key]!);
    }
  };
  collect(root);
  if (places.length === 0) return;
  const pick = () => places[dice.integer(0, places.length - 1)]!;
  const { holder, key } = pick();
  const whole = holder as { [key: string]: Json };
  const other = pick();
  const copy = structuredClone((other.holder as { [key: string]: Json })[other.key]!);
  switch (dice.integer(0, 7)) {
    case 0:
      whole[key] = structuredClone(dice.pick(...VALUES)) as Json;
      break;
    case 1:
      whole[key] = typeof whole[key] === 'string' ? dice.pick(...TEXTS) : dice.pick(...NUMBERS);
      break;
    case 2:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 3:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(holder[Number(key)]!));
      else whole[dice.pick(...TEXTS, 'other')] = copy;
      break;
    case 4:
    case 5:
      whole[key] = typeof whole[key] === 'number' ? (whole[key] as number) + dice.pick(-2, -1, 1, 2, 7) : copy;
      break;
    case 6: {
      // Of the same kind, so that more than the kind has to be looked at.
      const alike = places.filter(
        (each) => typeof (each.holder as { [key: string]: Json })[each.key] === typeof whole[key],
      );
      const { holder: from, key: at } = alike[dice.integer(0, alike.length - 1)]!;
      whole[key] = structuredClone((from as { [key: string]: Json })[at]!);
      break;
    }
    default:
      whole[key] = {
        of: { input: dice.integer(0, 2), begin: 0, end: dice.integer(0, 3) },
        factor: dice.pick(...NUMBERS),
        added: dice.pick(...NUMBERS),
        divisor: dice.pick(...NUMBERS),
      };
  }
}
