import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';
import { ROOT } from './targets.ts';

// What prebuildify takes for node-gyp. It is called in the folder of a target (`rebuild --target=... --arch=...`) and leaves the
// addon in build/Release there, where prebuildify looks for it; cmake-js does the work.
const { PREBUILD_PLATFORM: platform, PREBUILD_ARCH: arch, PREBUILD_LIBC: libc } = process.env;
const toolchain = join(ROOT, 'scripts', 'toolchains', `${platform}-${arch}-${libc}.cmake`);
run(process.execPath, [
  join(ROOT, 'node_modules', 'cmake-js', 'bin', 'cmake-js'),
  'rebuild',
  ...['--directory', ROOT, '--out', join(process.cwd(), 'build'), '--arch', String(arch), '--parallel', '2'],
  ...(existsSync(toolchain) ? [`--CDCMAKE_TOOLCHAIN_FILE=${toolchain}`] : []),
]);
