import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkBinary } from './checkBinary.ts';
import { run } from './run.ts';
import { makeSysroot } from './sysroot.ts';
import { binaryOf, chosenTargets, folderOf, ROOT, type Target } from './targets.ts';

// `npm run prebuild [-- TARGET...]`: the binaries that the tarball carries, from scratch, each checked.
// Debian: g++ g++-aarch64-linux-gnu musl-dev libc++-14-dev libc++abi-14-dev libunwind-14-dev.

function prebuild({ name, platform, arch, libc, tools }: Target): void {
  if (name === 'linux-x64-glibc') makeSysroot('x86_64-linux-gnu');
  if (name === 'linux-arm64-glibc') makeSysroot('aarch64-linux-gnu');
  const folder = folderOf({ name, platform, arch, libc, tools });
  mkdirSync(folder, { recursive: true });
  const shim = [process.execPath, '--import', 'tsx', join(ROOT, 'scripts', 'nodeGyp.ts')];
  run(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'prebuildify', 'bin.js'),
      ...['--napi', '--name', 'conv1d', '--cwd', folder, '--out', ROOT, '--platform', platform, '--arch', arch],
      ...(libc === null ? [] : ['--libc', libc, '--tag-libc']),
      ...['--strip', '--strip-bin', `${tools}strip`],
    ],
    {
      env: {
        ...process.env,
        PREBUILD_NODE_GYP: shim.map((word) => `"${word}"`).join(' '),
        ...(process.platform === 'win32' ? {} : { PREBUILD_SHELL: 'sh' }),
      },
    },
  );
}

for (const target of chosenTargets(process.argv.slice(2))) {
  prebuild(target);
  console.log(`${binaryOf(target)} ${checkBinary(target)}`);
}
