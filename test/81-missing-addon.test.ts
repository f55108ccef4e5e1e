import { describe, expect, test } from 'vitest';
import { missingAddonError } from '../lib/missingAddon.ts';

describe('a machine without a binary', () => {
  const error = missingAddonError(
    '/opt/my app/conv1d',
    new Error('No native build was found\n  loaded from: elsewhere'),
  );

  test('is named in the error', () => {
    expect(error.code).toBe('ERR_CONV1D_ADDON');
    expect(error.message).toContain(`no native binary for ${process.platform}-${process.arch}`);
    if (process.platform === 'linux') expect(error.message).toMatch(/\((glibc \d+\.\d+|musl)\)/);
  });

  test('is told what was looked for and why it did not do', () => {
    expect(error.message).toContain(`prebuilds/${process.platform}-${process.arch}/conv1d`);
    expect(error.message).toContain('in /opt/my app/conv1d: No native build was found\n');
    expect((error.cause as Error).message).toContain('loaded from');
  });

  test('is told the one command that builds from source', () => {
    expect(error.message.split('\n').at(-1)).toBe(
      '  npx --package=cmake-js@8 --package=node-addon-api@8 -- cmake-js build --directory "/opt/my app/conv1d"',
    );
  });
});
