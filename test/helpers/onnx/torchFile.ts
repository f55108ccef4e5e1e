import { field } from '../../../bench/protobuf.ts';
import * as encodec from '../../../examples/networks/encodec.ts';
import * as hifigan from '../../../examples/networks/hifigan.ts';
import * as inceptionTime from '../../../examples/networks/inceptionTime.ts';
import * as snac from '../../../examples/networks/snac.ts';
import * as snacCodes from '../../../examples/networks/snacCodes.ts';
import * as tcn from '../../../examples/networks/tcn.ts';
import * as voiceDetector from '../../../examples/networks/voiceDetector.ts';
import { cat, type Dtype, manualSeed, rand, stack, type Tensor } from '../../../lib/index.ts';
import type { Input, Layer, Packed } from '../../golden/calls.ts';
import { rawTensorMessage } from './model.ts';

// Files that torch exported, without their weights, and the recipes of these (golden/generate_onnx_torch.py).

/** Of golden/onnx_files/recipes.py. */
type Recipe =
  | { readonly same: string }
  | { readonly transposed: string }
  | { readonly norm: readonly [g: string, v: string] }
  | { readonly gates: readonly (readonly string[])[]; readonly order: readonly number[] }
  | { readonly folded: readonly (string | null)[]; readonly eps: number; readonly part: 'weight' | 'bias' };

export interface TorchCase {
  readonly name: string;
  readonly opset: number;
  readonly isDynamic: boolean;
  readonly model: string;
  readonly weights: readonly (readonly [name: string, shape: readonly number[], recipe: Recipe])[];
  /** One of examples/networks, or values by their keys. */
  readonly network?: {
    readonly file: string;
    readonly network: string;
    readonly arguments: readonly number[];
    readonly seed: number;
  };
  readonly values?: readonly (readonly [
    key: string,
    shape: readonly number[],
    seed: number,
    scale: number,
    plus: number,
  ])[];
  readonly calls: readonly {
    readonly inputs: Readonly<Record<string, Input>>;
    readonly results: Readonly<Record<string, Packed>>;
    readonly deviation: Readonly<Record<string, number>>;
  }[];
}

export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

type State = Readonly<Record<string, Tensor>>;

const files = { encodec, hifigan, inceptionTime, snac, snacCodes, tcn, voiceDetector } as Readonly<
  Record<string, Readonly<Record<string, unknown>>>
>;

/** The weights that a file lacks, made again. */
export function weightsOf(each: TorchCase): Weight[] {
  const state = stateOf(each);
  return each.weights.map(([name, dims, recipe]) => {
    const { data } = madeOf(recipe, state).contiguous();
    return { name, dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  });
}

function stateOf({ network, values = [] }: TorchCase): State {
  if (network !== undefined) {
    const Network = files[network.file]![network.network] as new (...args: readonly number[]) => Layer;
    manualSeed(network.seed);
    return new Network(...network.arguments).stateDict() as State;
  }
  return Object.fromEntries(
    values.map(([key, shape, seed, scale, plus]) => {
      manualSeed(seed);
      return [key, rand(shape).sub(0.5).mul(scale).add(plus)];
    }),
  );
}

function madeOf(recipe: Recipe, state: State): Tensor {
  if ('same' in recipe) return state[recipe.same]!;
  if ('transposed' in recipe) return state[recipe.transposed]!.transpose(0, 1);
  if ('norm' in recipe) {
    const [g, v] = recipe.norm.map((key) => state[key]!);
    return v!.mul(
      g!.div(
        v!
          .flatten(1)
          .norm(1)
          .reshape(...g!.shape),
      ),
    );
  }
  if ('gates' in recipe) {
    const { gates, order } = recipe;
    return stack(gates.map((keys) => cat(keys.map((key) => ordered(state[key]!, order)))));
  }
  const [weight, bias, gamma, beta, mean, variance] = recipe.folded.map((key) => (key === null ? null : state[key]!));
  const scale = gamma!.div(variance!.add(recipe.eps).sqrt());
  if (recipe.part === 'bias') return (bias ?? mean!.mul(0)).sub(mean!).mul(scale).add(beta!);
  return weight!.mul(scale.reshape(-1, ...weight!.shape.slice(1).map(() => 1)));
}

/** Gates in another order. */
function ordered(weight: Tensor<Dtype>, order: readonly number[]): Tensor {
  const gates = (weight as Tensor).chunk(order.length);
  return cat(order.map((i) => gates[i]!));
}

/** The number that the graph has in a model, and the initializers in a graph. */
const [GRAPH, INITIALIZER] = [7, 5];

/** The file with its weights inside. */
export function withWeights(model: Uint8Array, weights: readonly Weight[]): Uint8Array {
  return withInitializers(
    model,
    weights.map(({ name, dims, bytes }) => rawTensorMessage(name, dims, bytes)),
  );
}

/** The file with initializers put into its graph. */
export function withInitializers(model: Uint8Array, initializers: readonly Uint8Array[]): Uint8Array {
  const added = initializers.map((each) => field(INITIALIZER, each));
  const pieces = fieldsOf(model).map(({ number, bytes, content }) =>
    number === GRAPH ? field(GRAPH, Buffer.concat([content, ...added])) : bytes,
  );
  return Buffer.concat(pieces);
}

interface Field {
  readonly number: number;
  /** With the tag. */
  readonly bytes: Uint8Array;
  /** Of a field of a length, what is in it. */
  readonly content: Uint8Array;
}

/** The fields of a message, numbers and fields of a length: a model has no others. */
export function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const begin = at;
    const tag = varint();
    const value = varint();
    const content = message.subarray(at, tag % 8 === 2 ? at + value : at);
    at += content.length;
    fields.push({ number: tag >> 3, bytes: message.subarray(begin, at), content });
  }
  return fields;
}
