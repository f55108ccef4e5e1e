import { parseCheckpoint } from '../../lib/index.ts';
import { bytesOf, checkpointsGolden as golden } from '../golden/files.ts';
import { mutate, randomIntegers } from './mutate.ts';

/** A damaged file that was neither read nor refused as it should be. */
export class WrongCheckpoint extends Error {}

const CODES = ['ERR_CONV1D_FORMAT', 'ERR_CONV1D_VALUE', 'ERR_CONV1D_MEMORY'];
/** Milliseconds of the processor that one file may take. */
const MOST_TIME = 1000;
/** Bytes of tensors that a small file may become. */
const MOST_BYTES = 2 ** 28;

const FILES: readonly Uint8Array[] = [...golden.cases, ...golden.archives, ...golden.refused].map(({ file }) =>
  bytesOf(file),
);

/** What became of some damaged files. */
export type Outcome = { read: number; refused: number; slowest: number; largest: number };

/**
 * Reads damaged copies of the golden files, those from number `first` on. Each is read as a whole, with the key '', so that every tensor is.
 *
 * @throws WrongCheckpoint  for one that fails without a code, takes too long or too much memory, with what repeats it
 */
export async function readDamaged(first: number, count: number): Promise<Outcome> {
  const outcome = { read: 0, refused: 0, slowest: 0, largest: 0 };
  for (let i = first; i < first + count; i++) {
    const random = randomIntegers(i * 2654435761);
    for (let warm = 0; warm < 8; warm++) random(2);
    const bytes = damaged(FILES[random(FILES.length)]!, random);
    const repeat = `file ${i}: Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64')`;
    const begun = process.cpuUsage();
    try {
      const tensors = await parseCheckpoint(bytes, { key: '' });
      const sizes = Object.values(tensors).map(({ data }) => data.byteLength);
      outcome.largest = Math.max(
        outcome.largest,
        sizes.reduce((sum, size) => sum + size, 0),
      );
      outcome.read++;
    } catch (error) {
      if (!CODES.includes((error as { code: string }).code)) {
        throw new WrongCheckpoint(`an error without a code; ${repeat}`, { cause: error });
      }
      outcome.refused++;
    }
    const { user, system } = process.cpuUsage(begun);
    const time = (user + system) / 1000;
    outcome.slowest = Math.max(outcome.slowest, time);
    if (time > MOST_TIME) throw new WrongCheckpoint(`${Math.round(time)} ms; ${repeat}`);
    if (outcome.largest > MOST_BYTES) throw new WrongCheckpoint(`${outcome.largest} bytes of tensors; ${repeat}`);
  }
  return outcome;
}

/** A damaged copy: half of them within the pickle or near the end, where the directory of a zip archive is. */
function damaged(file: Uint8Array, random: (limit: number) => number): Uint8Array {
  const bytes = Buffer.from(file);
  const pickle = bytes.indexOf(Buffer.from([0x80, 2]));
  switch (random(4)) {
    case 0: {
      const begin = Math.max(0, pickle);
      const end = Math.min(bytes.length, begin + 700);
      return Buffer.concat([bytes.subarray(0, begin), mutate(bytes.subarray(begin, end), random), bytes.subarray(end)]);
    }
    case 1: {
      const begin = Math.max(0, bytes.length - 600);
      return Buffer.concat([bytes.subarray(0, begin), mutate(bytes.subarray(begin), random)]);
    }
    case 2: {
      // An opcode or a length in the pickle, without moving anything.
      for (let changes = 1 + random(4); changes > 0; changes--) {
        bytes[Math.min(bytes.length - 1, Math.max(0, pickle) + random(700))] = random(256);
      }
      return bytes;
    }
    default:
      return mutate(bytes, random);
  }
}
