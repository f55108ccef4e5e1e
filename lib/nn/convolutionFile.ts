import { rangeError } from '../check/errors.ts';
import { malformed } from '../io/malformed.ts';
import { readSafetensors } from '../io/safetensors.ts';
import type { SafetensorsEntry } from '../io/safetensorsHeader.ts';
import { viewArgument } from '../tensor/arguments.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type FoundWeight, findStored, findWeights, keysOf } from './storedWeight.ts';
import { foldedFrom } from './weightNorm.ts';

/** One convolution of a .safetensors file. The tensors are nobody else's. */
export interface ConvolutionFile {
  /** What the names of its tensors begin with. */
  readonly prefix: string;
  /** (outChannels, inChannels / groups, kernelSize); one under weight norm is folded. */
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  /** All the file's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Which convolution is read, and how. */
export interface ReadConvolutionOptions {
  /** What the names of its tensors begin with, with or without the last dot. Undefined for the only one of the file. */
  readonly prefix: string | undefined;
  /** What the message says chooses one: `--key`. */
  readonly chosenBy: string;
  /** Is shown the weight's shape before any number is read, so that it may refuse. */
  readonly inspect?: (shape: readonly [number, number, number]) => void;
}

/** How many names a message lists at most. */
const LISTED = 12;
/** A weight of other numbers is quantised: without its scale it means something else. */
const FLOATS = ['F64', 'F32', 'F16', 'BF16'];

/**
 * Reads one convolution of a .safetensors file, and nothing else of it: the file may be a whole model.
 *
 * @throws RangeError ERR_CONV1D_VALUE   when the prefix names no weight of three dimensions, or is needed and missing
 * @throws RangeError ERR_CONV1D_FORMAT  when the file cannot be read, or the weight is quantised
 */
export async function readConvolution(path: string, options: ReadConvolutionOptions): Promise<ConvolutionFile> {
  const { prefix, chosenBy, inspect } = options;
  let found: FoundWeight | undefined;
  const { tensors, metadata } = await readSafetensors(path, (entries) => {
    found = chooseWeight(path, entries, prefix, chosenBy);
    inspect?.(found.shape as [number, number, number]);
    const names = [...keysOf(found.stored), `${found.prefix}bias`];
    const chosen = entries.filter(({ name }) => names.includes(name));
    requireFloats(path, chosen);
    return chosen;
  });
  const { stored, prefix: foundPrefix } = found!;
  const direction = tensors[stored.key]!;
  const weight =
    stored.magnitude === undefined ? direction : folded(path, stored.magnitude, tensors[stored.magnitude]!, direction);
  return { prefix: foundPrefix, weight, bias: tensors[`${foundPrefix}bias`] ?? null, metadata };
}

function folded(path: string, name: string, magnitude: Tensor, direction: Tensor): Tensor {
  const elements = foldedFrom(viewArgument(magnitude, 'the magnitude'), viewArgument(direction, 'the direction'));
  if (elements !== undefined) return new Tensor(elements, direction.shape);
  const [has, expected] = [formatShape(magnitude.shape), `[${direction.shape[0]}, 1, 1]`];
  throw malformed(path, `'${name}' has shape ${has}, and weight norm of its weight takes ${expected}`);
}

function requireFloats(path: string, entries: readonly SafetensorsEntry[]): void {
  for (const { name, dtype } of entries) {
    if (FLOATS.includes(dtype)) continue;
    throw malformed(
      path,
      `'${name}' is ${dtype}: quantised numbers mean nothing without their scale, which is not read; save it as F32, F16 or BF16`,
    );
  }
}

function chooseWeight(
  path: string,
  entries: readonly SafetensorsEntry[],
  prefix: string | undefined,
  chosenBy: string,
): FoundWeight {
  const shapes = new Map(entries.map(({ name, shape }) => [name, shape]));
  const convolutions = findWeights(shapes).filter(({ shape }) => shape.length === 3);
  const choices = listPrefixes(
    convolutions.map((weight) => weight.prefix),
    chosenBy,
  );
  const refuse = (sentence: string) => rangeError('ERR_CONV1D_VALUE', `${path}: ${sentence}`);
  if (prefix !== undefined) {
    for (const each of [prefix, `${prefix}.`]) {
      const stored = findStored(each, 'weight', (key) => shapes.has(key));
      if (stored === undefined) continue;
      const shape = shapes.get(stored.key)!;
      if (shape.length === 3) return { prefix: each, stored, shape };
      throw refuse(
        `'${stored.key}' has shape ${formatShape(shape)}, not (outChannels, inChannels / groups, kernelSize); ${choices}`,
      );
    }
    throw refuse(`has no tensor '${prefix}weight'; ${choices}`);
  }
  const [only, ...others] = convolutions;
  if (only === undefined) {
    const names = list(entries.map(({ name, shape }) => `${name} ${formatShape(shape)}`));
    throw refuse(
      `has no weight of a convolution, a tensor 'weight' or '*.weight' of three dimensions; it has ${names || 'no tensors'}`,
    );
  }
  if (others.length > 0) throw refuse(`has ${convolutions.length} convolutions; ${choices}`);
  return only;
}

function listPrefixes(prefixes: readonly string[], chosenBy: string): string {
  if (prefixes.length === 0) return 'the file has no weight of three dimensions';
  return `choose one with ${chosenBy}: ${list(prefixes.map((prefix) => (prefix === '' ? "''" : prefix)))}`;
}

function list(names: readonly string[]): string {
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).join(', ') + more;
}
