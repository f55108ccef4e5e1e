import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';

/** A kernel's translation unit for one kind of machine. */
export interface Unit {
  /** Its source, in native/kernels. */
  readonly source: string;
  /** As Clang and llvm-mca call the machine. */
  readonly triple: string;
  /** A toolchain file, where the machine is not this one. */
  readonly toolchain?: string;
  /** A compiler and its options in place of CMake's own compiler. */
  readonly compiler?: readonly string[];
}

/** One entry of CMake's compile_commands.json. */
interface Command {
  readonly directory: string;
  readonly command: string;
  readonly file: string;
}

/**
 * Compiles a unit to assembly with the flags of CMakeLists.txt, and returns it.
 *
 * @throws Error  with what CMake or the compiler says
 */
export function assemblyOf({ source, triple, toolchain, compiler }: Unit): string {
  const folder = join(ROOT, 'build-mca', toolchain === undefined ? 'here' : 'there');
  mkdirSync(folder, { recursive: true });
  const cross = toolchain === undefined ? [] : [`-DCMAKE_TOOLCHAIN_FILE=${join(ROOT, toolchain)}`];
  output('cmake', [
    '-S',
    ROOT,
    '-B',
    folder,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON',
    ...cross,
  ]);
  const commands: Command[] = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const entry = commands.find(({ file }) => file.endsWith(`/native/kernels/${source}`));
  if (entry === undefined) throw new Error(`CMake does not compile ${source} for ${triple}`);
  const file = join(folder, `${source}.${triple}.s`);
  const toAssembly = entry.command.replace(/ -o \S+ -c /, ` -S -o '${file}' `);
  const command = compiler === undefined ? toAssembly : toAssembly.replace(/^\S+/, compiler.join(' '));
  output('sh', ['-c', command], { cwd: entry.directory });
  return readFileSync(file, 'utf8');
}
