import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the recordings are. */
export interface RecordingOptions {
  readonly count: number;
  readonly seconds: number;
  readonly sampleRate: number;
}

const FILES_IN_A_FOLDER = 100;

/**
 * Writes 16-bit mono WAV files, always the same ones: each a chirp of its own in noise. A hundred in a folder.
 *
 * @returns their paths, in the order of their names
 */
export async function makeRecordings(
  folder: string,
  { count, seconds, sampleRate }: RecordingOptions,
): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const below = join(folder, String(Math.floor(i / FILES_IN_A_FOLDER)).padStart(3, '0'));
    if (i % FILES_IN_A_FOLDER === 0) await mkdir(below, { recursive: true });
    const path = join(below, `${String(i).padStart(6, '0')}.wav`);
    await writeFile(path, recording(i, seconds * sampleRate, sampleRate));
    paths.push(path);
  }
  return paths;
}

function recording(seed: number, length: number, sampleRate: number): Buffer {
  const bytes = Buffer.alloc(44 + 2 * length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(2 * sampleRate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * length, 40);
  let noise = seed + 1;
  for (let i = 0; i < length; i++) {
    // Park and Miller's generator.
    noise = (noise * 48271) % 2147483647;
    const sweep = Math.sin(((200 + seed) * i + (0.5 * 2000 * i * i) / length) * ((2 * Math.PI) / sampleRate));
    bytes.writeInt16LE(Math.round(12000 * sweep + 4000 * (noise / 2147483647 - 0.5)), 44 + 2 * i);
  }
  return bytes;
}
