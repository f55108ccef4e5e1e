import { zipSync } from 'fflate';
import { rangeError } from '../check/errors.ts';

/** The largest archive without the fields of zip64, which fflate does not write. */
const MOST_BYTES = 2 ** 32 - 1;
const MOST_ENTRIES = 2 ** 16 - 1;
/** More than a header and its copy in the directory take beside the name. */
const BYTES_PER_ENTRY = 128;

/**
 * A zip archive of these entries, stored as they are. Equal entries give equal bytes.
 *
 * @param entries  the bytes of each file by its name
 * @throws RangeError ERR_CONV1D_VALUE  when it would have more than 4 GiB, or more than 65,535 entries
 */
export function encodeZip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const all = Object.entries(entries);
  // A name stands there twice, with up to three bytes per character.
  const bytes = all.reduce((sum, [name, data]) => sum + BYTES_PER_ENTRY + 6 * name.length + data.byteLength, 0);
  if (bytes > MOST_BYTES || all.length > MOST_ENTRIES) {
    throw rangeError('ERR_CONV1D_VALUE', 'an .npz file has at most 4 GiB and 65,535 arrays; write safetensors instead');
  }
  // The first day of DOS, wherever the machine is: fflate writes local time.
  return zipSync(entries, { level: 0, mtime: new Date(1980, 0, 1) });
}
