import { spawnSync } from 'node:child_process';

/** The first release of LLVM with models of Neoverse cores; older ones take them for a Cortex-A57. */
const OLDEST_LLVM = 17;
const NEWEST_LLVM = 30;

/** The newest of LLVM's programs of that name, `llvm-mca` or `clang++`, that this machine has. */
export function findLlvm(name: string): string {
  const versions = Array.from({ length: NEWEST_LLVM - OLDEST_LLVM + 1 }, (_, i) => `${name}-${NEWEST_LLVM - i}`);
  const found = [...versions, name].find((program) => (versionOf(program) ?? 0) >= OLDEST_LLVM);
  if (found === undefined)
    throw new Error(`needs ${name} of LLVM ${OLDEST_LLVM} or newer (Debian: apt-get install llvm-19 clang-19)`);
  return found;
}

/** @throws Error  when there is no such program */
export function requireProgram(name: string, packages: string): void {
  if (spawnSync(name, ['--version']).error !== undefined)
    throw new Error(`needs ${name} (Debian: apt-get install ${packages})`);
}

function versionOf(program: string): number | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /version (\d+)/.exec(stdout ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
