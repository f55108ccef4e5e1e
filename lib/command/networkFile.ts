import { open } from 'node:fs/promises';
import type { Algorithm } from '../convolution/algorithm.ts';
import { HEAD_BYTES, isOnnx } from '../io/recognize.ts';
import { readSafetensors } from '../io/safetensors.ts';
import { sha256 } from '../io/sha256.ts';
import { METADATA_KEY } from '../network/file/format.ts';
import { decode, type LoadedNetwork, readStored } from '../network/file/networkFile.ts';
import { loadOnnx } from '../onnx/load.ts';

/** A network, the metadata of its file, and the SHA-256 of that. */
export interface NetworkFile extends LoadedNetwork {
  readonly digest: string;
}

/** A kind of files that networks are in. */
interface NetworkFormat {
  /** Whether a file is of this kind, by its content; may throw for one that cannot be read. */
  recognizes(path: string): Promise<boolean>;
  /** `algorithm`: in place of the one that the file says. */
  load(path: string, algorithm: Algorithm | undefined): Promise<LoadedNetwork>;
}

const SAFETENSORS: NetworkFormat = {
  recognizes: async (path) => METADATA_KEY in (await readSafetensors(path, () => [])).metadata,
  load: async (path, algorithm) => decode(path, await readStored(path), algorithm),
};

const ONNX: NetworkFormat = {
  recognizes: async (path) => isOnnx(await headOf(path), path),
  load: async (path, algorithm) => {
    const network = await loadOnnx(path, algorithm === undefined ? undefined : { algorithm });
    return { network: network as unknown as LoadedNetwork['network'], metadata: {} };
  },
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
  return { ...(await load(path, algorithm)), digest: await sha256(path) };
}
