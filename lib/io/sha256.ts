import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { malformed } from './malformed.ts';

/** The SHA-256 of a regular file, in hexadecimal digits. The errors of the file system are Node's own. */
export async function sha256(path: string): Promise<string> {
  // We would wait for a named pipe for ever.
  if (!(await stat(path)).isFile()) throw malformed(path, 'expected a regular file');
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
