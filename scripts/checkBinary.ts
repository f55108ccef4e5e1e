import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAvx, kernelRanges, newestGlibc } from './binaries.ts';
import { output } from './run.ts';
import { binaryOf, folderOf, isMadeHere, ROOT, type Target } from './targets.ts';

/** What Node 20 itself needs. */
const NEWEST_GLIBC = [2, 28] as const;

const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/**
 * Checks the binary of a target, and the objects it was linked from: what it exports, what it needs of the C library, which
 * symbols of the kernels other units could pick up, and that only the AVX units hold AVX instructions. It does
 * not look into another machine's binary, nor ever into one for Windows: its linker exports what is marked, and has no versions.
 *
 * @returns       what to print behind its name
 * @throws Error  with what is wrong
 */
export function checkBinary(target: Target): 'passes its checks' | 'is there, not checked' {
  const file = join(ROOT, binaryOf(target));
  if (!existsSync(file)) throw new Error(`${binaryOf(target)} is missing: npm run prebuild -- ${target.name}`);
  if (target.platform === 'win32' || !isMadeHere(target)) return 'is there, not checked';
  requireExports(target, file);
  if (target.platform === 'darwin') return 'passes its checks';
  requireNothingElse(target, file);
  if (target.libc === 'glibc') requireOldGlibc(file);
  if (target.libc === 'musl') requireMusl(target, file);
  const build = join(folderOf(target), 'build');
  output('sh', [join(ROOT, 'native/test/check_symbols.sh'), build, `${target.tools}nm`]);
  if (target.arch === 'x64') requireBaseline(target, file, build);
  return 'passes its checks';
}

function requireExports({ platform, tools }: Target, file: string): void {
  const names = platform === 'darwin' ? ['-gU', file] : ['-D', '--defined-only', file];
  const exported = output(`${tools}nm`, names)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').at(-1)!.replace(/^_/, ''))
    .sort();
  if (exported.join() !== EXPORTS.join())
    throw new Error(`${file} exports ${exported.join(', ')}, not ${EXPORTS.join(', ')}`);
}

/** C++ is linked in: a library of the machine's own could be older than what the addon was built with. */
function requireNothingElse({ tools }: Target, file: string): void {
  const needed = [...output(`${tools}readelf`, ['-dW', file]).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(
    (match) => match[1]!,
  );
  const others = needed.filter((name) => !/^(lib(c|m|pthread|dl)\.so|ld-linux-)/.test(name));
  if (others.length > 0) throw new Error(`${file} needs ${others.join(', ')}`);
}

function requireOldGlibc(file: string): void {
  const newest = newestGlibc(output('readelf', ['--dyn-syms', '-W', file]));
  if (newest === null) throw new Error(`${file} has no symbol versions of glibc`);
  const [major, minor] = newest;
  if (major > NEWEST_GLIBC[0] || (major === NEWEST_GLIBC[0] && minor > NEWEST_GLIBC[1])) {
    throw new Error(`${file} needs GLIBC_${major}.${minor}, newer than GLIBC_${NEWEST_GLIBC.join('.')}`);
  }
}

/** Everything it needs is in musl or in Node-API. */
function requireMusl({ tools }: Target, file: string): void {
  const symbols = (of: string, kind: string) =>
    output(`${tools}nm`, ['-D', kind, of])
      .split('\n')
      .map((line) => line.trim().split(' '));
  const offered = new Set(symbols('/usr/lib/x86_64-linux-musl/libc.so', '--defined-only').map((words) => words.at(-1)));
  const missing = symbols(file, '--undefined-only')
    .filter(([kind, name = '']) => kind === 'U' && !name.startsWith('napi_') && !offered.has(name))
    .map(([, name]) => name);
  if (missing.length > 0) throw new Error(`${file} needs what musl does not have: ${missing.join(', ')}`);
}

/** Instructions beyond x86-64's first ones stand where the linker put the AVX units' code, and nowhere else. */
function requireBaseline({ tools }: Target, file: string, build: string): void {
  const ranges = kernelRanges(readFileSync(join(build, 'conv1d.map'), 'utf8'));
  const { inside, outside } = findAvx(output(`${tools}objdump`, ['-d', '--no-show-raw-insn', file]), ranges);
  if (inside === 0)
    throw new Error(`${file} has no AVX instructions where ${build}/conv1d.map says: another build's map`);
  if (outside.length > 0) throw new Error(`${file}: AVX outside the AVX kernels:\n${outside.slice(0, 20).join('\n')}`);
}
