import { createHash, randomBytes } from 'node:crypto';
import { opendir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { codeOf } from '../check/caught.ts';

// .conv1d-HOST-PID-RANDOM.tmp: the name says who is writing it.
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const NAME = /^\.conv1d-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp$/;
/** Another machine's file that nobody has written to for so long is nobody's. */
const ABANDONED_MILLISECONDS = 24 * 3600 * 1000;

/** A new name for a file that we are writing. */
export function temporaryName(): string {
  return `.conv1d-${HOST}-${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes from a folder what processes that were killed have left half-written: those of this machine that run no more, and
 * those of other machines a day ago. A folder that is not there has none.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await temporariesIn(folder)) {
    const path = join(folder, name);
    if (await isLeftover(name, path)) await rm(path, { force: true });
  }
}

/** Read entry by entry: the folder may hold a million others. */
async function temporariesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(folder, { bufferSize: 1024 })) {
      if (NAME.test(name)) names.push(name);
    }
  } catch {
    // Missing, a file, or unreadable: whoever writes into it reports that.
  }
  return names;
}

async function isLeftover(name: string, path: string): Promise<boolean> {
  const [, host, pid] = NAME.exec(name)!;
  const modified = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (host !== HOST) return modified < Date.now() - ABANDONED_MILLISECONDS;
  // In containers, every process may have the number that this one has.
  if (Number(pid) === process.pid) return modified < performance.timeOrigin;
  return !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
