import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../check/caught.ts';

/** What of the machine decides which binary to look for. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** The C library that runs this process, `glibc 2.36` or `musl`; null where there is no choice of them. */
  readonly libc: string | null;
  /** Whether /etc/alpine-release is there: the one sign by which node-gyp-build knows musl. */
  readonly alpine: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What the environment can tell node-gyp-build. */
const VARIABLES = ['npm_config_platform', 'npm_config_arch', 'LIBC', 'PREBUILDS_ONLY', 'CONV1D_PREBUILD'] as const;

/** This machine. */
export function thisMachine(): Machine {
  const { platform, arch, env } = process;
  return { platform, arch, libc: libc(), alpine: isAlpine(), env };
}

function isAlpine(): boolean {
  try {
    return existsSync('/etc/alpine-release');
  } catch {
    return false; // Node's permission model: it throws rather than say no.
  }
}

/**
 * The error of a machine for which no native binary loads: the machine, what was looked for, why it did not do, what in the
 * environment chose that, and the command that builds one. For a bundle, which has no folder of this package, it says to leave the package out; a
 * process that may load no addon, which flag allows it.
 *
 * @param packageRoot  the folder of this package; undefined where the code does not know its own place (CommonJS bundles)
 * @param cause        what node-gyp-build or the dynamic linker threw
 */
export function missingAddonError(
  packageRoot: string | undefined,
  cause: unknown,
  machine = thisMachine(),
): Error & { code: 'ERR_CONV1D_ADDON' } {
  const lines = forbidden(cause) ?? explain(packageRoot, cause, machine);
  return Object.assign(new Error(lines.join('\n'), { cause }), { code: 'ERR_CONV1D_ADDON' as const });
}

function explain(packageRoot: string | undefined, cause: unknown, machine: Machine): string[] {
  return packageRoot !== undefined && isOurs(packageRoot)
    ? notFound(packageRoot, cause, machine)
    : bundled(packageRoot, cause);
}

/** Whether the folder is this package's own. */
function isOurs(packageRoot: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'conv1d';
  } catch {
    return false;
  }
}

/** What Node's flags forbid to this process, and the flag that allows it; undefined where they are not the reason. */
function forbidden(cause: unknown): string[] | undefined {
  const code = codeOf(cause);
  if (code === 'ERR_DLOPEN_DISABLED') {
    return [
      `conv1d is a native addon, and this process may load none: ${reasonOf(cause)}`,
      'Start Node with --allow-addons beside --permission (--experimental-permission in Node 20), or without --no-addons; NODE_OPTIONS may have it, too',
    ];
  }
  if (code === 'ERR_ACCESS_DENIED') {
    const { resource } = cause as { resource?: unknown };
    return [
      `conv1d cannot look for its native binary: this process may not read ${resource} (${reasonOf(cause)})`,
      `Start Node with --allow-fs-read=${resource}, with another for the folder of the package, and with --allow-addons; docs/deploying.md has the whole command`,
    ];
  }
  return undefined;
}

function bundled(place: string | undefined, cause: unknown): string[] {
  return [
    `conv1d was bundled, it seems: ${place ?? 'where it runs'} is not the folder of the package, which has the native binary (${reasonOf(cause)}).`,
    'Leave it outside the bundle (esbuild: --external:conv1d) and deploy node_modules/conv1d beside it; docs/bundling.md has recipes',
  ];
}

function notFound(packageRoot: string, cause: unknown, machine: Machine): string[] {
  const { env } = machine;
  // As node-gyp-build chooses them.
  const platform = env.npm_config_platform || machine.platform;
  const arch = env.npm_config_arch || machine.arch;
  const flavour = env.LIBC || (platform === 'linux' && machine.alpine ? 'musl' : 'glibc');
  const tag = platform === 'linux' ? `.${flavour}` : '';
  const prebuilt = `prebuilds/${platform}-${arch}/conv1d${tag}.node`;
  const places = env.PREBUILDS_ONLY ? prebuilt : `build/Release/*.node and ${prebuilt}`;

  const own = `${machine.platform}-${machine.arch}${machine.libc === null ? '' : ` (${machine.libc})`}`;
  const lines = [
    `conv1d has no native binary for ${own}. Looked for ${places} in ${env.CONV1D_PREBUILD || packageRoot}: ${reasonOf(cause)}`,
  ];
  const set = VARIABLES.filter((name) => env[name]).map((name) => `${name}=${env[name]}`);
  if (set.length > 0) {
    lines.push(`The environment chose what was looked for: ${set.join(', ')}; unset what is not meant`);
  }
  if (machine.libc === 'musl' && flavour !== 'musl') {
    lines.push('The C library here is musl, which is noticed by itself on Alpine only: set LIBC=musl');
  }
  lines.push(
    'With CMake and a C++20 compiler installed, this builds it from source:',
    `  ${buildCommand(packageRoot)}`,
  );
  return lines;
}

function reasonOf(cause: unknown): string {
  return messageOf(cause).split('\n')[0]!;
}

/** Builds the addon in the folder of an installed package, which carries the sources; cmake-js and the headers come from npm. */
function buildCommand(packageRoot: string): string {
  return `npx --package=cmake-js@8 --package=node-addon-api@8 -- cmake-js build --directory ${JSON.stringify(packageRoot)}`;
}

function libc(): string | null {
  if (process.platform !== 'linux') return null;
  // The names of peers, which a report looks up one by one, are not asked for.
  const report = process.report as { excludeNetwork?: boolean; getReport(): object } | undefined;
  const before = report?.excludeNetwork;
  if (report !== undefined) report.excludeNetwork = true;
  const { header } = (report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } };
  if (report !== undefined) report.excludeNetwork = before ?? false;
  if (header === undefined) return null;
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
}
