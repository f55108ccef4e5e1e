import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../check/caught.ts';

/**
 * Makes a folder and those above it where they are missing. Not with mkdir's `recursive`: below a folder that exists and
 * answers ENOENT, as /proc does, Node 20 tries for ever.
 *
 * A file in the folder's place is left to whoever writes into the folder: the system refuses that.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  let folder = resolve(path);
  while (!(await exists(folder))) {
    missing.unshift(folder);
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  for (const each of missing) {
    // Another process may have made it meanwhile.
    await mkdir(each).catch((error) => ignore(error, 'EEXIST'));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    ignore(error, 'ENOENT');
    return false;
  }
}

function ignore(error: unknown, code: string): void {
  if (codeOf(error) !== code) throw error;
}
