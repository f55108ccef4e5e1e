import { readFileSync } from 'node:fs';

/**
 * The number of processors that a quota of Linux control groups leaves to this process, or undefined without one.
 *
 * A container started with `--cpus=2` on a machine of 64 sees 64 processors; only the quota says that the threads share
 * the time of two. Node's `availableParallelism` does not look at it.
 *
 * @param read  gives a file's text, or undefined where there is none
 */
export function cgroupProcessors(read: (path: string) => string | undefined = readText): number | undefined {
  const groups = read('/proc/self/cgroup');
  if (groups === undefined) return undefined;
  const quotas = quotaFolders(groups).map(({ folder, version }) =>
    version === 2
      ? processorsOfV2(read(`${folder}/cpu.max`))
      : processorsOfV1(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)),
  );
  const limits = quotas.filter((quota) => quota !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** `cpu.max` of version 2: "200000 100000" is two processors, "max 100000" no limit. */
export function processorsOfV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return processors(quota, period);
}

/** `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1; a quota of -1 is no limit. */
export function processorsOfV1(quota: string | undefined, period: string | undefined): number | undefined {
  return processors(quota?.trim(), period?.trim());
}

/** A part of a processor still takes a thread to use it up. NaN where a text is missing or says "max". */
function processors(quota: string | undefined, period: string | undefined): number | undefined {
  const count = Number(quota) / Number(period);
  return count > 0 && Number.isFinite(count) ? Math.ceil(count) : undefined;
}

interface QuotaFolder {
  folder: string;
  version: 1 | 2;
}

/**
 * The folders whose quotas hold for a process, from its /proc/self/cgroup: its own group and all above it, since the
 * smallest limit on the way wins. Inside a container the path may not exist; then the mount's root is the group.
 */
export function quotaFolders(groups: string): QuotaFolder[] {
  return groups.split('\n').flatMap((line): QuotaFolder[] => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (id === '0') return ancestors(path).map((group) => ({ folder: `/sys/fs/cgroup${group}`, version: 2 }));
    if (!controllers!.split(',').includes('cpu')) return [];
    return ancestors(path).map((group) => ({ folder: `/sys/fs/cgroup/cpu${group}`, version: 1 }));
  });
}

/** '/a/b' -> '/a/b', '/a', ''. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    parts
      .slice(0, parts.length - up)
      .map((part) => `/${part}`)
      .join(''),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
