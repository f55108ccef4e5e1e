import zlib from 'node:zlib';
import { rangeError } from '../check/errors.ts';

/** A file within an archive that is written: its name, and its bytes in pieces. */
export interface EntryToWrite {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

/** Beyond it, sizes and places need the fields of zip64. */
const MOST_BYTES = 2 ** 32 - 1;
const MOST_ENTRIES = 2 ** 16 - 1;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** 2.0: what stored entries need. */
const VERSION = 20;
/** Names are UTF-8. */
const UTF8 = 0x800;
/** 1 January 1980, the first day of DOS: equal entries, equal bytes. */
const DATE = 0x21;

/**
 * A zip archive in pieces to write one after the other. Entries are stored as they are.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when it would have more than 4 GiB, or more than 65,535 entries
 */
export function encodeZip(entries: readonly EntryToWrite[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, chunks } of entries) {
    const path = Buffer.from(name, 'utf8');
    const fields = fieldsOf(chunks, path.length);
    const local = Buffer.alloc(LOCAL_BYTES);
    local.write('PK\x03\x04', 'latin1');
    fields.copy(local, 4);
    const central = Buffer.alloc(CENTRAL_BYTES);
    central.write('PK\x01\x02', 'latin1');
    central.writeUInt16LE(VERSION, 4);
    fields.copy(central, 6);
    central.writeUInt32LE(Math.min(position, MOST_BYTES), 42);
    pieces.push(local, path, ...chunks);
    directory.push(central, path);
    position += LOCAL_BYTES + path.length + lengthOf(chunks);
  }
  const end = Buffer.alloc(END_BYTES);
  const directoryBytes = lengthOf(directory);
  if (position + directoryBytes > MOST_BYTES || entries.length > MOST_ENTRIES) {
    throw rangeError('ERR_CONV1D_VALUE', 'an .npz file has at most 4 GiB and 65,535 arrays; write safetensors instead');
  }
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(position, 16);
  return [...pieces, ...directory, end];
}

/** What the entry and the directory say alike, from the version that is needed to the length of the name. */
function fieldsOf(chunks: readonly Uint8Array[], nameBytes: number): Buffer {
  const fields = Buffer.alloc(24);
  // Larger ones are refused once all are known.
  const bytes = Math.min(lengthOf(chunks), MOST_BYTES);
  fields.writeUInt16LE(VERSION, 0);
  fields.writeUInt16LE(UTF8, 2);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(
    chunks.reduce((checksum, chunk) => zlib.crc32(chunk, checksum), 0),
    10,
  );
  fields.writeUInt32LE(bytes, 14);
  fields.writeUInt32LE(bytes, 18);
  fields.writeUInt16LE(nameBytes, 22);
  return fields;
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
