import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Code } from '../results.ts';

const ROOT = new URL('../..', import.meta.url);

/** What decides how fast the package is. */
const SOURCES = ['native', 'lib', 'binding.d.ts', 'CMakeLists.txt'];

export function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string }).version;
}

/** The code of this checkout as it stands. */
export function currentCode(): Code {
  const isChanged = git('status', '--porcelain', '--', ...SOURCES) !== '';
  const commit = git('rev-parse', '--short=10', 'HEAD').trim();
  return { version: packageVersion(), commit: `${commit}${isChanged ? '+' : ''}`, digest: currentDigest() };
}

/** What the sources of this checkout hold, as a hash. */
export function currentDigest(): string {
  // Deleted files are listed until that is committed, new ones are not tracked yet.
  const listed = git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...SOURCES);
  const deleted = new Set(git('ls-files', '-z', '--deleted', '--', ...SOURCES).split('\0'));
  const names = listed.split('\0').filter((name) => name !== '' && !deleted.has(name));
  return digestOf(names.map((name) => ({ name, content: readFileSync(new URL(name, ROOT), 'utf8') })));
}

/** A hash of what is compiled: tests and documents do not count, nor does the order in which files are listed. */
export function digestOf(files: readonly { readonly name: string; readonly content: string }[]): string {
  const hash = createHash('sha256');
  const compiled = files.filter(({ name }) => !name.startsWith('native/test/') && !name.endsWith('.md'));
  for (const { name, content } of compiled.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0${content}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: fileURLToPath(ROOT), encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr?.trim() || 'git does not start'}`);
  return stdout;
}
