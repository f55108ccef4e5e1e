import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** A platform that binaries are built for. */
export interface Target {
  /** The name of its folder below build-prebuild/ and of its toolchain file, if it has one. */
  readonly name: string;
  readonly platform: string;
  readonly arch: string;
  readonly libc: 'glibc' | 'musl' | null;
  /** What the names of the GNU tools that read its binaries begin with. */
  readonly tools: string;
}

export const TARGETS: readonly Target[] = [
  { name: 'linux-x64-glibc', platform: 'linux', arch: 'x64', libc: 'glibc', tools: 'x86_64-linux-gnu-' },
  { name: 'linux-arm64-glibc', platform: 'linux', arch: 'arm64', libc: 'glibc', tools: 'aarch64-linux-gnu-' },
  { name: 'linux-x64-musl', platform: 'linux', arch: 'x64', libc: 'musl', tools: 'x86_64-linux-gnu-' },
  { name: 'darwin-x64', platform: 'darwin', arch: 'x64', libc: null, tools: '' },
  { name: 'darwin-arm64', platform: 'darwin', arch: 'arm64', libc: null, tools: '' },
  { name: 'win32-x64', platform: 'win32', arch: 'x64', libc: null, tools: '' },
];

/** Linux on x64 makes all of Linux; macOS and Windows make their own. */
export function isMadeHere(target: Target): boolean {
  if (target.platform !== process.platform) return false;
  return target.platform === 'linux' ? process.arch === 'x64' : target.arch === process.arch;
}

/** Where the published binary of a target lies, below the root. */
export function binaryOf({ platform, arch, libc }: Target): string {
  return `prebuilds/${platform}-${arch}/conv1d${libc === null ? '' : `.${libc}`}.node`;
}

/** The folder in which a target is built, and nothing else. */
export function folderOf(target: Target): string {
  return `${ROOT}/build-prebuild/${target.name}`;
}

/** The targets named on the command line; by default, those that this machine makes. */
export function chosenTargets(names: readonly string[]): readonly Target[] {
  if (names.length === 0) return TARGETS.filter(isMadeHere);
  return names.map((name) => {
    const target = TARGETS.find((candidate) => candidate.name === name);
    if (target === undefined) throw new Error(`no target '${name}': ${TARGETS.map((each) => each.name).join(', ')}`);
    return target;
  });
}

/** The targets whose binaries must be there: those named, with `--here` those that this machine makes, by default all of a release. */
export function requiredTargets(args: readonly string[]): readonly Target[] {
  if (args.length === 0) return TARGETS;
  return chosenTargets(args.filter((arg) => arg !== '--here'));
}
