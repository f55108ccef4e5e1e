import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// The rooms of lib/ and the floors they lie on: a file imports from its own floor and from those below, never from above. CONTRIBUTING.md
// has the same list for people.
const FLOORS: readonly (readonly string[])[] = [
  ['check'],
  ['tensor', 'native'],
  ['io', 'convolution'],
  ['streaming'],
  ['nn'],
  ['autograd', 'optim', 'network', 'onnx'],
  ['command'],
];

const LIB = fileURLToPath(new URL('../lib', import.meta.url));

/** Every source of lib/, relative to it, with the files of lib/ that it imports. */
function readImports(): Map<string, string[]> {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.split(sep).join('/'));
  return new Map(files.map((file) => [file, importsOf(file)]));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(LIB, file), 'utf8');
  // What is imported as a type alone is gone when the program runs.
  const running = text.replaceAll(/\bimport type [^;]*;/g, '');
  const specifiers = [...running.matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers
    .map((specifier) => posix.normalize(posix.join(posix.dirname(file), specifier)))
    .filter((target) => !target.startsWith('..')); // binding.d.ts
}

function floorOf(file: string): number {
  const room = file.split('/')[0]!;
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** A circle of imports through `file`, if there is one. */
function circleThrough(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const reached = new Map<string, string>();
  const open = [file];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const target of imports.get(next) ?? []) {
      if (target === file) return [file, next];
      if (reached.has(target)) continue;
      reached.set(target, next);
      open.push(target);
    }
  }
  return undefined;
}

describe('lib/', () => {
  const imports = readImports();

  test('has its files in rooms, and index.ts alone at its root', () => {
    expect([...imports.keys()].filter((file) => dirname(file) === '.')).toEqual(['index.ts']);
    expect([...imports.keys()].filter((file) => file !== 'index.ts' && floorOf(file) < 0)).toEqual([]);
  });

  test('imports files that are there', () => {
    const missing = [...imports].flatMap(([file, targets]) =>
      targets.filter((target) => !imports.has(target)).map((target) => `${file} -> ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test('imports from its own floor and those below', () => {
    const upward = [...imports].flatMap(([file, targets]) =>
      file === 'index.ts'
        ? []
        : targets.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });

  test('the library knows nothing of the command', () => {
    const crossing = [...imports].flatMap(([file, targets]) =>
      file.startsWith('command/') ? [] : targets.filter((target) => target.startsWith('command/')).map(() => file),
    );
    expect(crossing).toEqual([]);
  });

  test('has no circles', () => {
    expect(
      [...imports.keys()].map((file) => circleThrough(file, imports)).filter((circle) => circle !== undefined),
    ).toEqual([]);
  });

  test('leaves the addon behind one door', () => {
    const doors = [...imports]
      .filter(([, targets]) => targets.includes('native/addon.ts') || targets.includes('native/loadAddon.ts'))
      .map(([file]) => file);
    expect(doors.filter((file) => !/^(?:native|convolution)\//.test(file))).toEqual([]);
  });
});
