import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { output, run } from './run.ts';
import { ROOT } from './targets.ts';

/** glibc 2.31 and GCC 10. */
const RELEASE = 'bullseye';

/** Headers and libraries to link with, and what a program needs to run in the folder. */
const PACKAGES = [
  'libc6',
  'libc6-dev',
  'linux-libc-dev',
  'libstdc++-10-dev',
  'libgcc-10-dev',
  'libgcc-s1',
  'libstdc++6',
];

const ARCHITECTURES = { 'x86_64-linux-gnu': 'amd64', 'aarch64-linux-gnu': 'arm64' } as const;

export type Triple = keyof typeof ARCHITECTURES;

/** Where the sysroot of a machine lies; scripts/toolchains/glibc-2.31.cmake knows the place too. */
export function sysrootOf(triple: Triple): string {
  return `${ROOT}/build-prebuild/sysroot/${triple}`;
}

/**
 * Unpacks the packages of an older Debian into a folder, from the mirror and with the keys that this machine's apt is set up
 * with. What the system has installed is neither read nor changed.
 *
 * @throws Error  when apt is missing or the mirror no longer has the release
 */
export function makeSysroot(triple: Triple): void {
  const folder = sysrootOf(triple);
  if (existsSync(join(folder, 'complete'))) return;
  rmSync(folder, { recursive: true, force: true });
  const apt = `${ROOT}/build-prebuild/sysroot/apt-${triple}`;
  for (const part of ['lists/partial', 'cache/archives/partial', 'packages'])
    mkdirSync(join(apt, part), { recursive: true });
  const architecture = ARCHITECTURES[triple];
  writeFileSync(join(apt, 'status'), '');
  writeFileSync(join(apt, 'sources.list'), `deb [arch=${architecture} ${signedBy()}] ${mirror()} ${RELEASE} main\n`);
  const settings = Object.entries({
    'Dir::Etc::SourceList': join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::State::Status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const packages = join(apt, 'packages');
  output('apt-get', [...settings, 'update']);
  output('apt-get', [...settings, 'download', ...PACKAGES], { cwd: packages });
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(packages)) run('dpkg-deb', ['--extract', join(packages, file), folder]);
  bendLinks(folder, folder);
  rmSync(apt, { recursive: true });
  writeFileSync(join(folder, 'complete'), '');
}

/** The mirror of the release that this machine runs. */
function mirror(): string {
  const codename = output('sh', ['-c', '. /etc/os-release && echo "$VERSION_CODENAME"']).trim();
  const lines = output('apt-get', ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages']).split(
    '\n',
  );
  const found = lines.find((line) => line.startsWith(`${codename} `));
  if (found === undefined) throw new Error(`apt knows no packages of ${codename}: run apt-get update`);
  return found.slice(codename.length + 1);
}

/** The machine's own choice of keys, where it names one. */
function signedBy(): string {
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  return existsSync(keys) ? `signed-by=${keys}` : '';
}

/** Makes links that begin at the root of a system begin at `root`. */
function bendLinks(folder: string, root: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const kind = lstatSync(path);
    if (kind.isDirectory()) bendLinks(path, root);
    if (!kind.isSymbolicLink()) continue;
    const to = readlinkSync(path);
    if (!to.startsWith('/')) continue;
    rmSync(path);
    symlinkSync(relative(dirname(path), join(root, to)), path);
  }
}
