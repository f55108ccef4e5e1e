import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { decodeBytes, type OpenFile } from '../files.ts';
import { readKept } from '../integers.ts';
import { npyDecoder } from '../npy.ts';
import type { Value } from '../pickle/values.ts';
import { type ArchiveEntry, unpackEntry } from '../zip.ts';
import type { Contents, StoredTensor } from './contents.ts';
import type { Meter } from './meter.ts';

const SUFFIX = '.npy';

interface NpzTensor extends StoredTensor {
  readonly entry: ArchiveEntry;
}

/** Whether the names in an archive are those of numpy.savez: arrays and nothing that says otherwise. */
export function isNpz(names: readonly string[]): boolean {
  return names.some((name) => name.endsWith(SUFFIX));
}

/** The arrays of an .npz file, each by the name that NumPy has for it. */
export function openNpz(file: OpenFile, entries: ReadonlyMap<string, ArchiveEntry>, meter: Meter): Contents {
  const arrays = [...entries.values()].filter(({ name }) => name.endsWith(SUFFIX));
  const top = new Map<Value, Value>(
    arrays.map((entry) => [entry.name.slice(0, -SUFFIX.length), { special: 'tensor', entry } as NpzTensor]),
  );
  return {
    top,
    isTorch: false,
    async load(tensor, name): Promise<Tensor<Dtype>> {
      const { entry } = tensor as NpzTensor;
      meter.take(entry.bytes);
      const bytes = await unpackEntry(file, entry);
      const decoder = npyDecoder<Dtype>((stored, numel, ...where) => {
        meter.takeNumbers(stored, numel);
        return readKept(stored, numel, ...where);
      });
      return decodeBytes(decoder, bytes, `${file.source}: ${name}`);
    },
  };
}
