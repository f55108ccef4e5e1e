import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Algorithm } from '../convolution/algorithm.ts';
import { HEAD_BYTES, isOnnx } from '../io/recognize.ts';
import { readSafetensors } from '../io/safetensors.ts';
import { sha256 } from '../io/sha256.ts';
import { METADATA_KEY } from '../network/file/format.ts';
import { decode, type LoadedNetwork, readStored } from '../network/file/networkFile.ts';
import { externalFiles, loadOnnx } from '../onnx/load.ts';

/** A network, the metadata of its file, and the digest of all that it was loaded from. */
export interface NetworkFile extends LoadedNetwork {
  readonly digest: string;
}

/** A kind of files that networks are in. */
interface NetworkFormat {
  /** Whether a file is of this kind, by its content; may throw for one that cannot be read. */
  recognizes(path: string): Promise<boolean>;
  /** `algorithm`: in place of the one that the file says. */
  load(path: string, algorithm: Algorithm | undefined): Promise<LoadedNetwork>;
  /** Other files that have a part of the network. */
  others(path: string): Promise<readonly string[]>;
}

const SAFETENSORS: NetworkFormat = {
  recognizes: async (path) => METADATA_KEY in (await readSafetensors(path, () => [])).metadata,
  load: async (path, algorithm) => decode(path, await readStored(path), algorithm),
  others: async () => [],
};

const ONNX: NetworkFormat = {
  recognizes: async (path) => isOnnx(await headOf(path), path),
  load: async (path, algorithm) => {
    const network = await loadOnnx(path, algorithm === undefined ? undefined : { algorithm });
    return { network: network as unknown as LoadedNetwork['network'], metadata: {} };
  },
  others: externalFiles,
};

const FORMATS: readonly NetworkFormat[] = [SAFETENSORS, ONNX];

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function formatOf(path: string): Promise<NetworkFormat | undefined> {
  for (const format of FORMATS) {
    try {
      if (await format.recognizes(path)) return format;
    } catch {
      // Whoever takes it for something else says best what is wrong with it.
    }
  }
  return undefined;
}

/** Whether a file holds a network, by its content; not where it cannot be read. */
export async function isNetworkFile(path: string): Promise<boolean> {
  return (await formatOf(path)) !== undefined;
}

/**
 * Loads a network from a file of any kind that has some.
 *
 * @param algorithm  in place of the one that the file says
 * @throws RangeError ERR_CONV1D_FORMAT  when the file holds no network, or one that cannot be read
 */
export async function loadNetworkFile(path: string, algorithm?: Algorithm): Promise<NetworkFile> {
  const { load } = (await formatOf(path)) ?? SAFETENSORS;
  return { ...(await load(path, algorithm)), digest: await digestOfWeights(path) };
}

/** The files that a layer or a network is in: its own, and those beside it that have external data of an ONNX model. */
export async function filesOfWeights(path: string): Promise<readonly string[]> {
  const format = await formatOf(path);
  return [path, ...(format === undefined ? [] : await format.others(path))];
}

/**
 * What tells the weights at a path from others: the SHA-256 of the file, or where they are in several, that of the digests of all, in
 * hexadecimal digits.
 *
 * @throws RangeError ERR_CONV1D_ONNX  when the file is a model that cannot be read, or has its data outside of its folder
 */
export async function digestOfWeights(path: string): Promise<string> {
  const [own, ...others] = await filesOfWeights(path);
  const digest = await sha256(own!);
  if (others.length === 0) return digest;
  const hash = createHash('sha256').update(digest);
  for (const other of others) hash.update(await sha256(other));
  return hash.digest('hex');
}
