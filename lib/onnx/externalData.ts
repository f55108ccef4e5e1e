import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { typeError } from '../check/errors.ts';
import { isBytes, plainBytes } from '../check/typedArray.ts';
import { isPlainObject } from '../check/unknownOption.ts';
import { describe } from '../check/validate.ts';
import type { Attribute, GraphData, ModelData, NodeData, TensorData } from './file/model.ts';
import { byteLengthOf, type External } from './file/readTensor.ts';
import { onnxError } from './onnxError.ts';

// Tensors outside the model's file: in files of its folder, and nowhere else.

/** A stretch of another file. */
interface Place {
  readonly location: string;
  readonly offset: number;
  /** Null if it goes to the end. */
  readonly length: number | null;
}

/** All tensors of a model that lie in other files. */
export function externalTensors(model: ModelData): TensorData[] {
  const found: TensorData[] = [];
  const open: (GraphData | { readonly nodes: readonly NodeData[] })[] = [model.graph, ...model.functions];
  const look = (tensor: TensorData) => {
    if (tensor.external !== null) found.push(tensor);
  };
  const lookInto = ({ kind, value }: Attribute) => {
    if (kind === 'tensor') look(value);
    if (kind === 'graph') open.push(value);
  };
  for (let graph = open.pop(); graph !== undefined; graph = open.pop()) {
    if ('initializers' in graph) graph.initializers.forEach(look);
    for (const node of graph.nodes) for (const attribute of node.attributes.values()) lookInto(attribute);
  }
  return found;
}

/** Bytes that a caller gave by the names of files. */
export function readGiven(given: unknown): ReadonlyMap<string, Uint8Array> | null {
  if (given === undefined) return null;
  if (!isPlainObject(given)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `loadOnnx(): externalData must be an object such as { 'model.onnx.data': bytes }, but got ${describe(given)}`,
    );
  }
  return new Map(
    Object.entries(given).map(([name, bytes]): [string, Uint8Array] => {
      if (isBytes(bytes)) return [name, plainBytes(bytes)];
      throw typeError(
        'ERR_CONV1D_TYPE',
        `loadOnnx(): externalData '${name}' must be a Uint8Array, but got ${describe(bytes)}`,
      );
    }),
  );
}

/** Reads tensors from bytes that the caller gave, and from nowhere else. */
export function givenData(given: ReadonlyMap<string, Uint8Array> | null): External {
  return (tensor, byteLength) => {
    const place = placeOf(tensor);
    const bytes = given?.get(place.location);
    if (bytes === undefined) {
      throw onnxError(
        `the tensor '${tensor.name}' lies in the file '${place.location}', which is not at hand: load the model by its path, or give the option externalData`,
      );
    }
    requireInside(tensor, place, bytes.byteLength, byteLength);
    return bytes.subarray(place.offset, place.offset + (place.length ?? byteLength));
  };
}

/** The files in the folder of a model that have these tensors, each once, in the order of the tensors. */
export async function filesOf(path: string, tensors: readonly TensorData[]): Promise<string[]> {
  const folder = await realpath(dirname(path));
  const locations = new Set(tensors.map((tensor) => placeOf(tensor).location));
  return Promise.all([...locations].map((location) => insideOf(folder, location)));
}

/** Reads tensors from files in the folder of a model. `most` bounds their bytes. */
export async function readExternal(path: string, tensors: readonly TensorData[], most: number): Promise<External> {
  const found = new Map<TensorData, Uint8Array>();
  const folder = await realpath(dirname(path));
  let left = most;
  const byLocation = new Map<string, TensorData[]>();
  for (const tensor of tensors) {
    const { location } = placeOf(tensor);
    byLocation.set(location, [...(byLocation.get(location) ?? []), tensor]);
  }
  for (const [location, all] of byLocation) {
    const file = await insideOf(folder, location);
    // A link that takes its place now is not followed.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
    const handle = await open(file, flags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw onnxError(`the external data '${location}' are no regular file`);
      for (const tensor of all) {
        const place = placeOf(tensor);
        const length = place.length ?? byteLengthOf(tensor);
        requireInside(tensor, place, stats.size, length);
        left -= length;
        if (left < 0)
          throw onnxError(`the external data are more than ${most} bytes; the option limits.bytes allows more`);
        found.set(tensor, await readAll(handle, place.offset, length, location));
      }
    } finally {
      await handle.close();
    }
  }
  return (tensor) => found.get(tensor)!;
}

/** One read has at most 2 GiB. */
const MOST_AT_ONCE = 2 ** 30;

async function readAll(
  handle: Awaited<ReturnType<typeof open>>,
  offset: number,
  length: number,
  location: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, MOST_AT_ONCE), offset + at);
    if (bytesRead === 0) throw onnxError(`the external data '${location}' became shorter while they were read`);
    at += bytesRead;
  }
  return bytes;
}

/** A file in a folder, links followed; refuses one that is elsewhere. */
async function insideOf(folder: string, location: string): Promise<string> {
  const outside = () => onnxError(`the external data '${location}' lie outside of the model's folder`);
  const parts = location.split(/[\\/]/);
  if (
    location === '' ||
    location.includes('\0') ||
    isAbsolute(location) ||
    /^[a-zA-Z]:/.test(location) ||
    parts.includes('..')
  )
    throw outside();
  const real = await realpath(join(folder, location));
  const inner = relative(folder, real);
  if (inner === '' || inner === '..' || inner.startsWith(`..${sep}`) || isAbsolute(inner)) throw outside();
  return real;
}

function placeOf(tensor: TensorData): Place {
  const { external, name } = tensor;
  const number = (key: string) => {
    const text = external!.get(key);
    if (text === undefined) return null;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw onnxError(`the tensor '${name}' lies at '${text}' (${key}) of a file, which is no number of bytes`);
  };
  return { location: external!.get('location') ?? '', offset: number('offset') ?? 0, length: number('length') };
}

function requireInside(
  { name }: TensorData,
  { location, offset, length }: Place,
  size: number,
  byteLength: number,
): void {
  const end = offset + (length ?? byteLength);
  if (end <= size) return;
  throw onnxError(`the tensor '${name}' ends at byte ${end} of the file '${location}', which has ${size}`);
}
