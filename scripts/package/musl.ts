import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';
import type { Project } from './project.ts';
import { checkRuntime } from './quick.ts';
import { RUNTIMES, runtime } from './runtimes.ts';
import type { Steps } from './steps.ts';

const BUN = runtime('@oven/bun-linux-x64-musl/bin/bun');
const LIBRARIES = join(RUNTIMES, 'musl');

// node-gyp-build looks for /etc/alpine-release, or here.
const ENVIRONMENT = { LIBC: 'musl', LD_LIBRARY_PATH: LIBRARIES };

/** The package in Bun for musl. */
export function checkMusl(steps: Steps, project: Project, digest: string): void {
  steps.run('musl: Bun has the C++ library it needs', () => {
    makeLibrary();
    return undefined;
  });
  checkRuntime(steps, 'musl', project, [BUN], digest, ENVIRONMENT);
}

/**
 * Makes the libstdc++.so.6 that Bun for musl needs. All we have is Debian's static libstdc++, built against
 * glibc: it takes from that what Bun names, with LLVM's unwinder, and stand-ins for the few functions that musl does not have.
 *
 * @throws Error  when musl lacks what those parts need
 */
function makeLibrary(): void {
  mkdirSync(LIBRARIES, { recursive: true });
  const toolchains = join(ROOT, 'scripts', 'toolchains');
  const standIns = ['fortify', 'libstdcxx'].map((name) => {
    const object = join(LIBRARIES, `${name}.o`);
    output('musl-gcc', ['-O2', '-fPIC', '-c', join(toolchains, `${name}.cc`), '-o', object]);
    return object;
  });
  const gcc = (library: string) => output('g++', [`-print-file-name=${library}`]).trim();
  output('musl-gcc', [
    ...['-shared', '-o', join(LIBRARIES, 'libstdc++.so.6'), '-Wl,-soname,libstdc++.so.6', '-Wl,--no-undefined'],
    ...neededByBun().map((symbol) => `-Wl,-u,${symbol}`),
    ...[...standIns, gcc('libstdc++.a'), '/usr/lib/llvm-14/lib/libunwind.a', gcc('libgcc.a')],
  ]);
}

/** The functions that Bun leaves to its libraries and musl does not have, and the vtables that it copies. */
function neededByBun(): string[] {
  const symbols = (file: string) =>
    [...output('nm', ['-D', file]).matchAll(/^[0-9a-f ]{16} (\w) (\S+)$/gm)].map(([, kind, name]) => ({
      kind,
      name: name!,
    }));
  const musl = new Set(
    symbols('/lib/ld-musl-x86_64.so.1')
      .filter(({ kind }) => kind !== 'U')
      .map(({ name }) => name),
  );
  return symbols(BUN)
    .filter(({ kind, name }) => (kind === 'U' && !musl.has(name)) || name.startsWith('_ZTVN10__cxxabiv1'))
    .map(({ name }) => name);
}
