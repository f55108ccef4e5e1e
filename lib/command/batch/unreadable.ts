import { readlink } from 'node:fs/promises';
import { explainFile } from '../explain.ts';

/** Why a file or a folder cannot be read, and what helps. Of a link that leads nowhere it says where that is. */
export async function explainUnreadable(path: string, error: unknown): Promise<string> {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const target = isMissing ? await readlink(path).catch(() => undefined) : undefined;
  if (target === undefined) return explainFile(path, error);
  const remedy = /[\\/]annex[\\/]objects[\\/]/.test(target)
    ? 'git annex get fetches it'
    : 'put the file there, or remove the link';
  return `a link to ${target}, which is not there; ${remedy}`;
}
