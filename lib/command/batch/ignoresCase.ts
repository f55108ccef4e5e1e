import { rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { temporaryName } from '../../io/temporary.ts';

/**
 * Whether files in a folder, or in the nearest one above it that is there, have one name in small and capital letters. It is
 * a matter of the file system, and of some of single folders: it is tried with a file that is gone again at once. Where none can be
 * written, nothing can collide: false.
 */
export async function ignoresCase(folder: string): Promise<boolean> {
  const probe = join(await nearest(resolve(folder)), temporaryName());
  try {
    await writeFile(probe, '', { flag: 'wx' });
    return await stat(join(dirname(probe), basename(probe).toUpperCase())).then(
      () => true,
      () => false,
    );
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

async function nearest(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
