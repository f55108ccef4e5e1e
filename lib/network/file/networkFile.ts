import { codeOf, messageOf } from '../../check/caught.ts';
import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import type { Algorithm } from '../../convolution/algorithm.ts';
import { concatenate, withFile, writeFileAtomic } from '../../io/files.ts';
import { malformed } from '../../io/malformed.ts';
import {
  encodeSafetensors,
  readSafetensorsAsStored,
  readSafetensorsBytesAsStored,
  type Safetensors,
} from '../../io/safetensors.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Network, networkOf } from '../network.ts';
import { METADATA_KEY, MOST_JSON, MOST_NODES } from './format.ts';
import { faultOf } from './graphReader.ts';
import { readNetwork } from './read.ts';
import { writeNetwork } from './write.ts';

/**
 * The options of {@link parseNetwork}.
 *
 * @category Networks
 */
export interface ParseNetworkOptions {
  /** The name of the bytes in messages: a file's name, a URL. Default `'network'`. */
  source?: string | undefined;
}

/**
 * Saves a compiled network as one .safetensors file. The file has its weights as tensors, under the names of the state dict if they have some, and
 * a description of the computation as JSON in its metadata. {@link loadNetwork} makes a network of it that gives the same bits; other programs
 * read the tensors as in any such file. Batch norms that `compile` folded into weights stay folded.
 *
 * It writes the file under another name and then renames it, so it replaces an existing file as a whole or not at all.
 *
 * @param path      the path of the file
 * @param network   one that `compile` or `loadOnnx` made, or that you loaded or opened from a handle
 * @param metadata  texts to store in the file; `conv1d run` looks for `{ sample_rate: '16000' }`. Default: none
 * @throws TypeError ERR_CONV1D_TYPE    when the value is not a network or has been disposed, when a value of the metadata is not a string, or when
 *                                      the network has an operation that files cannot describe
 * @throws RangeError ERR_CONV1D_VALUE  when the metadata has the key `conv1d_network`, or something at the path is not a regular file
 * @throws RangeError ERR_CONV1D_MEMORY when there is no memory for the weights
 * @throws Error ENOENT, EACCES         when Node cannot write the file: its own error
 * @example
 * const network = compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval(), { input: rand(1, 2, 100) });
 * await saveNetwork('network.safetensors', network);
 * Object.keys(await loadSafetensors('network.safetensors'));   // ['0.bias', '0.weight']
 * @category Networks
 */
export async function saveNetwork(
  path: string,
  network: Network<never, unknown, unknown>,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeFileAtomic(path, encode(network, metadata, 'saveNetwork()'));
}

/**
 * Returns the bytes of the file that {@link saveNetwork} writes.
 *
 * @param network   as of {@link saveNetwork}
 * @param metadata  as of {@link saveNetwork}
 * @throws TypeError ERR_CONV1D_TYPE, RangeError ERR_CONV1D_VALUE  as {@link saveNetwork}
 * @example
 * const network = compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) });
 * parseNetwork(serializeNetwork(network)).forward(rand(4, 2, 6)).shape;   // [4, 3, 2]
 * @category Networks
 */
export function serializeNetwork(
  network: Network<never, unknown, unknown>,
  metadata?: Record<string, string>,
): Uint8Array {
  return concatenate(encode(network, metadata, 'serializeNetwork()'));
}

/**
 * Loads a network from a file that {@link saveNetwork} wrote. It gives the same bits as the saved network, for all inputs that this took. It has
 * no module, so its {@link Network.update} throws.
 *
 * `loadNetwork` does not trust the file: it checks every part, and nothing in the file can run code. A file can still describe a network that takes
 * much memory or time to run; see {@link Network.summary} before you run it.
 *
 * @param path  the path of the file
 * @returns     the network, with the types that you give: `loadNetwork<[Tensor], Tensor>('vocoder.safetensors')`
 * @throws RangeError ERR_CONV1D_FORMAT  when the file has no network, or its parts do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY  when there is no memory for the weights
 * @throws Error ENOENT, EACCES          when Node cannot open the file: its own error
 * @example
 * await saveNetwork('network.safetensors', compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) }));
 * const network = await loadNetwork('network.safetensors');
 * network.forward(rand(4, 2, 6)).shape;   // [4, 3, 2]
 * @category Networks
 */
export async function loadNetwork<
  Inputs extends readonly unknown[] = readonly Tensor[],
  Result = Tensor,
  Named = Result,
>(path: string): Promise<Network<Inputs, Result, Named>> {
  return decode(path, await readStored(path)).network as unknown as Network<Inputs, Result, Named>;
}

/**
 * Makes a network of bytes in memory, as {@link loadNetwork} does of a file, but synchronously.
 *
 * @param bytes    a whole file
 * @param options  `source`: the name of the bytes in messages, by default `'network'`
 * @returns        the network, with the types that you give
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are not a Uint8Array, or the option is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_FORMAT  when the bytes have no network, or its parts do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY  when there is no memory for the weights
 * @example
 * const bytes = serializeNetwork(compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) }));
 * parseNetwork(bytes).forward(rand(4, 2, 6)).shape;                   // [4, 3, 2]
 * parseNetwork(new Uint8Array(3), { source: 'body of a request' });   // ERR_CONV1D_FORMAT
 * @category Networks
 */
export function parseNetwork<Inputs extends readonly unknown[] = readonly Tensor[], Result = Tensor, Named = Result>(
  bytes: Uint8Array,
  options?: ParseNetworkOptions,
): Network<Inputs, Result, Named> {
  const source = readSource(options);
  return decode(source, readSafetensorsBytesAsStored(bytes, source)).network as unknown as Network<
    Inputs,
    Result,
    Named
  >;
}

function readSource(options: unknown): string {
  if (options !== undefined) refuseUnknownOptions(options as object, ['source'], 'parseNetwork');
  const { source = 'network' } = (options ?? {}) as { source?: unknown };
  if (typeof source === 'string') return source;
  throw typeError('ERR_CONV1D_TYPE', `the option source must be a string, but got ${describe(source)}`);
}

function encode(network: unknown, metadata: unknown, what: string): Uint8Array[] {
  const { traits, built } = Network.partsOf(network, what);
  if (metadata !== undefined && !isPlainObject(metadata)) {
    throw typeError('ERR_CONV1D_TYPE', `the metadata must be a plain object of strings, but got ${describe(metadata)}`);
  }
  if (metadata !== undefined && Object.hasOwn(metadata, METADATA_KEY)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${what}: the metadata's key ${METADATA_KEY} is the network's own; choose another`,
    );
  }
  const written = writeNetwork(traits, built);
  if (written.network.nodes.length > MOST_NODES) {
    throw rangeError('ERR_CONV1D_VALUE', `${what}: a file holds a network of at most ${MOST_NODES} nodes`);
  }
  const json = JSON.stringify(written.network);
  if (json.length > MOST_JSON) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${what}: the network has too many nodes for a file: ${json.length} characters`,
    );
  }
  return encodeSafetensors(written.tensors, { ...(metadata as Record<string, string>), [METADATA_KEY]: json });
}

/** @internal A network, and the rest of its file's metadata. */
export interface LoadedNetwork {
  readonly network: Network<never, unknown, unknown>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @internal All of a file, integers as integers. */
export function readStored(path: string): Promise<Safetensors<Dtype>> {
  return withFile(path, (file) => readSafetensorsAsStored(file, ''));
}

/** @internal The network in a file's content; `algorithm` replaces the algorithms of its layers. */
export function decode(
  source: string,
  { tensors, metadata }: Safetensors<Dtype>,
  algorithm?: Algorithm,
): LoadedNetwork {
  const { [METADATA_KEY]: json, ...others } = metadata;
  if (json === undefined) {
    throw malformed(
      source,
      `this safetensors file has no network in it: its metadata has no ${METADATA_KEY}; saveNetwork() writes one`,
    );
  }
  if (json.length > MOST_JSON) throw malformed(source, `its network is described by more than ${MOST_JSON} characters`);
  try {
    const { traits, built } = readNetwork(parse(json), tensors, algorithm);
    const network = networkOf(traits, built);
    network.summary(); // makes the native steps, which check what no schema can
    return { network, metadata: others };
  } catch (error) {
    const fault = faultOf(error, 'the network');
    throw codeOf(fault) === 'ERR_CONV1D_FORMAT' ? malformed(source, messageOf(fault)) : fault;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw rangeError('ERR_CONV1D_FORMAT', `the network is not valid JSON: ${messageOf(error)}`);
  }
}
