import { type Network, parseNetwork, rand, serializeNetwork, type Tensor, zeros } from '../../../../lib/index.ts';
import { readGolden } from '../../../golden/calls.ts';
import { randomIntegers } from '../../mutate.ts';
import { fileOf } from '../cases/case.ts';
import { cases } from '../cases/list.ts';
import { type Loaded, load, type Named } from '../load.ts';
import { ELEMENTS } from '../model.ts';
import { type TorchCase, weightsOf, withWeights } from '../torchFile.ts';
import { damaged } from './mutations.ts';
import { type Field, parse } from './tree.ts';

/** What became of a file. */
export type Outcome = 'refused' | 'refused by the call' | 'not called' | 'computed' | 'computed, saved too';

/** The files that are damaged: of single operators, and those of torch that are small. */
export function soundFiles(): Uint8Array[] {
  const exported = ['onnx-layers.json.gz', 'onnx-random.json.gz'].flatMap((name) => readGolden<TorchCase>(name));
  const files = [
    ...cases.flatMap((each) => [fileOf(each), fileOf(each, true)]),
    ...exported.map((each) => withWeights(Buffer.from(each.model, 'base64'), weightsOf(each))),
  ];
  return files.filter(({ length }) => length < 40_000);
}

/** The file that a number stands for. */
export function fileOfNumber(files: readonly Uint8Array[], number: number): Uint8Array {
  const random = randomIntegers(Math.imul(number + 1, 0x9e3779b1));
  for (let i = 0; i < 8; i++) random(2);
  return damaged(files, random);
}

/** Loads a file and computes with it; throws what has no code of this library. */
export async function play(file: Uint8Array): Promise<Outcome> {
  let network: Loaded;
  try {
    network = await load(file, { limits: { callBytes: MOST_CALL_BYTES } });
  } catch (error) {
    return coded(error, 'refused');
  }
  const inputs = inputsOf(file);
  if (inputs === null) return 'not called';
  try {
    const results = network.forward(inputs);
    for (const tensor of Object.values(results)) {
      if ((tensor.data as ArrayLike<unknown>).length !== tensor.numel) throw new Error('a result has another size');
    }
    return isSampled(file) && isSavedAlike(network, inputs, results) ? 'computed, saved too' : 'computed';
  } catch (error) {
    return coded(error, 'refused by the call');
  }
}

/** One file in four. */
function isSampled(file: Uint8Array): boolean {
  return file.length % 4 === 0;
}

/**
 * Whether the network, saved and loaded, takes the call, which gives the same bits then: a graph that was read wrongly, as attributes that only
 * this load has, shows itself. False where files cannot have it.
 */
function isSavedAlike(network: Loaded, inputs: Named, results: Named): boolean {
  let again: Named;
  try {
    const saved = parseNetwork(serializeNetwork(network as unknown as Network)) as unknown as Loaded;
    again = saved.forward(inputs);
  } catch (error) {
    coded(error, 'refused');
    return false;
  }
  for (const [name, tensor] of Object.entries(results)) {
    if (bitsOf(tensor) !== bitsOf(again[name]!)) throw new Error(`${name} is another one once the network was saved`);
  }
  return true;
}

function bitsOf({ shape, dtype, data }: Named[string]): string {
  const { buffer, byteOffset, byteLength } = data as ArrayBufferView;
  return `${dtype} ${shape} ${Buffer.from(buffer, byteOffset, byteLength).toString('latin1')}`;
}

function coded(error: unknown, outcome: Outcome): Outcome {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('ERR_CONV1D_')) return outcome;
  throw error;
}

/** A call that takes more is for the network to refuse: what computes this much takes most of a second. */
const MOST_CALL_BYTES = 2 ** 27;

/** More elements than this an input does not get. */
const MOST_ELEMENTS = 100_000;

/** Inputs as a file asks for them; null where it is unclear, or they are large. */
export function inputsOf(file: Uint8Array): Named | null {
  try {
    const graph = parse(file).find(({ number }) => number === 7)!;
    const values = (graph.value as Field[]).filter(({ number }) => number === 11);
    const stored = new Set(
      (graph.value as Field[]).filter(({ number }) => number === 5).map((each) => nameOf(each, 8)),
    );
    const named = values
      .filter((each) => !stored.has(nameOf(each, 1)))
      .map((each) => [nameOf(each, 1), inputOf(each)] as const);
    return named.every(([, tensor]) => tensor !== null) ? (Object.fromEntries(named) as Named) : null;
  } catch {
    return null;
  }
}

function nameOf({ value }: Field, number: number): string {
  const name = (value as Field[]).find((each) => each.number === number)!;
  return Buffer.from(name.value as Uint8Array).toString();
}

function inputOf({ value }: Field): Tensor | null {
  const find = (fields: Field[], number: number) => fields.find((each) => each.number === number)?.value;
  const type = find(find(value as Field[], 2) as Field[], 1) as Field[];
  const sizes = (find(type, 2) as Field[]).map(({ value: dim }) => {
    const size = find(dim as Field[], 1);
    return typeof size === 'bigint' ? Number(size) : 10;
  });
  const numel = sizes.reduce((product, size) => product * size, 1);
  if (!(numel <= MOST_ELEMENTS)) return null;
  const dtype = Object.entries(ELEMENTS).find(([, number]) => BigInt(number) === find(type, 1))?.[0];
  if (dtype === 'float32' || dtype === 'float64') return rand(...sizes, { dtype }) as Tensor;
  return zeros(...sizes, { dtype: dtype as 'int64' }) as unknown as Tensor;
}
