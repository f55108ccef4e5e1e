import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';

const { resolve } = createRequire(import.meta.url);

/** A project that has the package in its node_modules. */
function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repositoryFile(''), join(folder, 'node_modules', 'conv1d'), 'dir');
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

describe('a server bundle with the package outside runs', () => {
  for (const [format, extension] of [
    ['esm', 'mjs'],
    ['cjs', 'cjs'],
  ]) {
    test(`esbuild, ${format}`, () => {
      const folder = project();
      const options = [
        '--bundle',
        '--platform=node',
        `--format=${format}`,
        '--external:conv1d',
        `--outfile=bundle.${extension}`,
      ];
      execFileSync(resolve('esbuild/bin/esbuild'), ['server.js', ...options], { cwd: folder, stdio: 'ignore' });
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
