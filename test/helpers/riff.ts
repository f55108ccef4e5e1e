/** A chunk; its size is that of the content unless it is given. */
export function chunk(name: string, content: Uint8Array, size = content.length): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size);
  return Buffer.concat([Buffer.from(name, 'latin1'), length, content, Buffer.alloc(content.length % 2)]);
}

/** A WAV file of the chunks. */
export function riff(...chunks: readonly Uint8Array[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

/** The same as an RF64 or BW64 file, whose sizes are in a chunk 'ds64'. */
export function riff64(container: 'RF64' | 'BW64', ...chunks: readonly Uint8Array[]): Buffer {
  return chunk(container, Buffer.concat([Buffer.from('WAVE'), ...chunks]), 0xffffffff);
}

/** The chunk 'ds64': the size of the samples, and a table of other sizes. */
export function ds64(dataSize: bigint, table: Readonly<Record<string, bigint>> = {}): Buffer {
  const entries = Object.entries(table);
  const content = Buffer.alloc(28 + 12 * entries.length);
  content.writeBigUInt64LE(dataSize, 8);
  content.writeUInt32LE(entries.length, 24);
  for (const [i, [name, size]] of entries.entries()) {
    content.write(name, 28 + 12 * i, 'latin1');
    content.writeBigUInt64LE(size, 32 + 12 * i);
  }
  return chunk('ds64', content);
}

/** What a 'fmt ' chunk says; `frameBytes` is what it says, right or wrong. */
export type Fmt = {
  readonly tag?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly frameBytes?: number;
};

export function fmt({
  tag = 1,
  channels = 1,
  rate = 16000,
  bits = 16,
  frameBytes = Math.floor((channels * bits) / 8),
}: Fmt = {}): Buffer {
  const content = Buffer.alloc(16);
  content.writeUInt16LE(tag, 0);
  content.writeUInt16LE(channels, 2);
  content.writeUInt32LE(rate, 4);
  content.writeUInt32LE((rate * frameBytes) >>> 0, 8);
  content.writeUInt16LE(frameBytes, 12);
  content.writeUInt16LE(bits, 14);
  return chunk('fmt ', content);
}

const GUID_TAIL = '000000001000800000aa00389b71';

/** An extensible 'fmt ' chunk: `bits` of the container, of which `valid` are in use. */
export function extensible(tag: number, bits: number, guidTail = GUID_TAIL, valid = bits): Buffer {
  const extension = Buffer.alloc(10);
  extension.writeUInt16LE(22, 0);
  extension.writeUInt16LE(valid, 2);
  extension.writeUInt16LE(tag, 8);
  const base = fmt({ tag: 0xfffe, bits }).subarray(8);
  return chunk('fmt ', Buffer.concat([base, extension, Buffer.from(guidTail, 'hex')]));
}
