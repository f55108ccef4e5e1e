/** Builds the addon in the folder of an installed package, which carries the sources; cmake-js and the headers come from npm. */
function buildCommand(packageRoot: string): string {
  return `npx --package=cmake-js@8 --package=node-addon-api@8 -- cmake-js build --directory ${JSON.stringify(packageRoot)}`;
}

/** The C library that runs this process, `glibc 2.36` or `musl`; null where there is no choice of them. */
function libc(): string | null {
  if (process.platform !== 'linux') return null;
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } };
  if (header === undefined) return null;
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
}

/**
 * The error of a machine for which no native binary loads: the machine, what was looked for, why it did not do, and the command
 * that builds one.
 *
 * @param packageRoot  the folder of this package
 * @param cause        what node-gyp-build or the dynamic linker threw
 */
export function missingAddonError(packageRoot: string, cause: unknown): Error & { code: 'ERR_CONV1D_ADDON' } {
  const { platform, arch } = process;
  const library = libc();
  const tag = library === null ? '' : `.${library.split(' ')[0]}`;
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  const error = new Error(
    `conv1d has no native binary for ${platform}-${arch}${library === null ? '' : ` (${library})`}. ` +
      `Looked for build/Release/*.node and prebuilds/${platform}-${arch}/conv1d${tag}.node in ${packageRoot}: ${reason}\n` +
      `With CMake and a C++20 compiler installed, this builds it from source:\n  ${buildCommand(packageRoot)}`,
    { cause },
  );
  return Object.assign(error, { code: 'ERR_CONV1D_ADDON' as const });
}
