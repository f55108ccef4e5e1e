import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Machine, missingAddonError, thisMachine } from '../lib/native/missingAddon.ts';
import { temporaryFolder } from './helpers/cli.ts';

const CAUSE = new Error('No native build was found\n  loaded from: elsewhere');
const DEBIAN: Machine = { platform: 'linux', arch: 'x64', libc: 'glibc 2.36', alpine: false, env: {} };

/** A folder with the package.json of a package of this name. */
function packageFolder(name: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name }));
  return folder;
}

function message(folder: string | undefined, machine: Partial<Machine> = {}): string {
  return missingAddonError(folder, CAUSE, { ...DEBIAN, ...machine }).message;
}

describe('a machine without a binary', () => {
  test('is named in the error', () => {
    const { platform, arch, libc } = thisMachine();
    const error = missingAddonError(packageFolder('conv1d'), CAUSE);
    expect(error.code).toBe('ERR_CONV1D_ADDON');
    expect(error.message).toContain(`no native binary for ${platform}-${arch}${libc === null ? '' : ` (${libc})`}. `);
    if (platform === 'linux') expect(libc).toMatch(/^(glibc \d+\.\d+|musl)$/);
    expect((error.cause as Error).message).toContain('loaded from');
  });

  test('is told what was looked for, why it did not do, and the one command that builds from source', () => {
    const folder = packageFolder('conv1d');
    expect(message(folder).split('\n')).toEqual([
      `conv1d has no native binary for linux-x64 (glibc 2.36). Looked for build/Release/*.node and prebuilds/linux-x64/conv1d.glibc.node in ${folder}: No native build was found`,
      'With CMake and a C++20 compiler installed, this builds it from source:',
      `  npx --package=cmake-js@8 --package=node-addon-api@8 -- cmake-js build --directory ${JSON.stringify(folder)}`,
    ]);
  });

  test.each<[string, Partial<Machine>, string]>([
    ['macOS', { platform: 'darwin', arch: 'arm64', libc: null }, 'prebuilds/darwin-arm64/conv1d.node in '],
    ['Alpine', { libc: 'musl', alpine: true }, 'prebuilds/linux-x64/conv1d.musl.node in '],
    ['LIBC=musl', { env: { LIBC: 'musl' } }, 'prebuilds/linux-x64/conv1d.musl.node in '],
    ['npm_config_arch', { env: { npm_config_arch: 's390x' } }, 'prebuilds/linux-s390x/conv1d.glibc.node in '],
    ['npm_config_platform', { env: { npm_config_platform: 'win32' } }, 'prebuilds/win32-x64/conv1d.node in '],
    ['PREBUILDS_ONLY', { env: { PREBUILDS_ONLY: '1' } }, 'Looked for prebuilds/linux-x64/conv1d.glibc.node in '],
    ['CONV1D_PREBUILD', { env: { CONV1D_PREBUILD: '/opt/binaries' } }, 'conv1d.glibc.node in /opt/binaries: '],
    [
      'a variable that is empty',
      { env: { LIBC: '', npm_config_arch: '' } },
      'prebuilds/linux-x64/conv1d.glibc.node in ',
    ],
  ])('with %s is told what node-gyp-build looks for there', (_, machine, looked) => {
    const text = message(packageFolder('conv1d'), machine);
    expect(text).toContain(looked);
    const set = Object.entries(machine.env ?? {}).filter(([, value]) => value !== '');
    for (const [name, value] of set) {
      expect(text).toContain(
        `\nThe environment chose what was looked for: ${name}=${value}; unset what is not meant\n`,
      );
    }
    if (set.length === 0) expect(text).not.toContain('The environment');
  });

  test('with musl, and no Alpine, is told to set LIBC', () => {
    const advice = 'which is noticed by itself on Alpine only: set LIBC=musl';
    expect(message(packageFolder('conv1d'), { libc: 'musl' })).toContain(advice);
    expect(message(packageFolder('conv1d'), { libc: 'musl', alpine: true })).not.toContain(advice);
    expect(message(packageFolder('conv1d'), { libc: 'musl', env: { LIBC: 'musl' } })).not.toContain(advice);
  });
});

describe('a bundle with the package in it', () => {
  test.each([
    ['another package', () => packageFolder('my-server')],
    ['no package', () => temporaryFolder()],
    ['nowhere', () => undefined],
  ])('that runs in %s is told to leave the package out, and nothing else', (_, folder) => {
    const place = folder();
    const error = missingAddonError(place, CAUSE, DEBIAN);
    expect(error.code).toBe('ERR_CONV1D_ADDON');
    expect(error.message).toContain('conv1d was bundled');
    expect(error.message).toContain('--external:conv1d');
    expect(error.message).toContain('docs/bundling.md');
    expect(error.message).not.toContain('cmake-js');
    if (place !== undefined) expect(error.message).toContain(place);
  });
});
