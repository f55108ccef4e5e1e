import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';

const { resolve } = createRequire(import.meta.url);

/** A project that has the package in its node_modules. */
function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repositoryFile(''), join(folder, 'node_modules', 'conv1d'), 'junction');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(
    join(folder, 'server.js'),
    "import { Conv1d, ones } from 'conv1d';\nconsole.log(String(new Conv1d(1, 2, 3).forward(ones(1, 1, 8)).shape));\n",
  );
  return folder;
}

function node(folder: string, ...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

const FORMATS = [
  ['esm', 'mjs'],
  ['cjs', 'cjs'],
] as const;

/** Bundles the server of a project. */
async function bundle(folder: string, options: BuildOptions): Promise<void> {
  const server = { absWorkingDir: folder, entryPoints: ['server.js'], bundle: true, platform: 'node' as const };
  await build({ ...server, logLevel: 'silent', ...options });
}

describe('a server bundle with the package outside runs', () => {
  for (const [format, extension] of FORMATS) {
    test(`esbuild, ${format}`, async () => {
      const folder = project();
      await bundle(folder, { format, external: ['conv1d'], outfile: `bundle.${extension}` });
      expect(node(folder, `bundle.${extension}`)).toBe('1,2,6\n');
    });
  }

  test('webpack', () => {
    const folder = project();
    const config = `import webpack from ${JSON.stringify(resolve('webpack'))};
webpack({
  mode: 'production',
  context: ${JSON.stringify(folder)},
  target: 'node',
  entry: './server.js',
  experiments: { outputModule: true },
  output: { path: ${JSON.stringify(folder)}, filename: 'bundle.mjs', module: true },
  externals: { conv1d: 'module conv1d' },
}, (error, stats) => {
  if (error ?? stats.hasErrors()) throw error ?? new Error(stats.toString());
});`;
    writeFileSync(join(folder, 'build.js'), config);
    node(folder, 'build.js');
    expect(node(folder, 'bundle.mjs')).toBe('1,2,6\n');
  });
});

test.each(FORMATS)(
  'a bundle with the package inside says that it must stay outside: esbuild, %s',
  async (format, extension) => {
    const folder = project();
    const outfile = `out/bundle.${extension}`;
    await bundle(folder, { format, outfile });
    const { status, stderr } = spawnSync(process.execPath, [outfile], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('conv1d was bundled');
    expect(stderr).toContain("code: 'ERR_CONV1D_ADDON'");
  },
);
