import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import * as library from '../lib/index.ts';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';

/** A project, CommonJS as `npm init` makes it, that has the package in its node_modules. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(repositoryFile(''), join(folder, 'node_modules', 'conv1d'), 'junction');
  symlinkSync(repositoryFile('node_modules/@types/node'), join(folder, 'node_modules', '@types', 'node'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{}');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('require() in Node', () => {
  test('gives the ES module: a process has one Tensor, and one random generator', () => {
    const folder = project({
      'main.cjs': `const conv1d = require('conv1d');
import('conv1d').then((module) => {
  console.log(module.Tensor === conv1d.Tensor, module.rand === conv1d.rand, require.resolve('conv1d').endsWith('index.js'));
});`,
    });
    expect(execFileSync(process.execPath, ['main.cjs'], { cwd: folder, encoding: 'utf8' })).toBe('true true true\n');
  });
});

describe('the CommonJS build, for loaders that know no ES modules', () => {
  let built: typeof library;
  beforeAll(() => {
    built = createRequire(import.meta.url)('../dist/cjs/index.cjs') as typeof library;
  });

  test('has what the ES module has', () => {
    expect(Object.keys(built).sort()).toEqual(Object.keys(library).sort());
    expect(Object.keys(built.functional).sort()).toEqual(Object.keys(library.functional).sort());
  });

  test('computes the same bits, and refuses in the same words', () => {
    const results = [built, library].map(({ Conv1d, manualSeed, rand }) => {
      manualSeed(0);
      return new Conv1d(2, 3, 5).forward(rand(4, 2, 60)).toArray();
    });
    expect(results[0]).toEqual(results[1]);
    const wrong = expect.objectContaining({ name: 'RangeError', code: 'ERR_CONV1D_SHAPE' }) as Error;
    expect(() => new built.Conv1d(2, 3, 5).forward(built.rand(4, 3, 6))).toThrow(wrong);
  });
});

/** What TypeScript has to say about files of a project, and about the types of the package for CommonJS. */
function diagnose(folder: string, files: readonly string[], module: ts.ModuleKind): Record<string, string[]> {
  const paths = files.map((file) => join(folder, file));
  const program = ts.createProgram([...paths, TYPES], {
    module,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
  });
  const about = (path: string): string[] => {
    const source = program.getSourceFile(path)!;
    const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };
  return Object.fromEntries([...paths, TYPES].map((path) => [basename(path), about(path)]));
}

const TYPES = repositoryFile('dist/cjs/index.d.cts');

const NAMED = `import { Conv1d, functional, rand, type Conv1dOptions, type Tensor } from 'conv1d';
class Layer extends Conv1d {}
const options: Conv1dOptions = { stride: 2 };
const conv: Conv1d = new Layer(2, 3, 5, options);
export const y: Tensor = functional.conv1d(rand(2, 8), conv.weight);
// @ts-expect-error a misspelt option
new Conv1d(2, 3, 5, { pading: 1 });
`;

const SOURCES = {
  'named.ts': NAMED,
  'named.cts': NAMED,
  'named.mts': NAMED,
  'network.cts': `import conv1d = require('conv1d');
const { nn } = conv1d;
type Signal = conv1d.Tensor<'float32', 3>;
class Block extends nn.Module {
  readonly conv: conv1d.nn.Conv1d = new nn.Conv1d(1, 1, 3);
  override forward(x: Signal): Signal {
    return this.conv.forward(x);
  }
}
const list: conv1d.nn.ModuleList<Block> = new nn.ModuleList([new Block()]);
const y: Signal = list.at(0).forward(conv1d.rand(1, 1, 5));
y.shape;
`,
  'required.cts': `import conv1d = require('conv1d');
export const y: conv1d.Tensor = new conv1d.Conv1d(2, 3, 5).forward(conv1d.rand(2, 8));
`,
  'both.mts': `import { type Tensor, zeros } from 'conv1d';
import { y } from './named.cjs';
export const same: Tensor = y;
export const sum: Tensor = zeros(1).add(y);
`,
};

describe('TypeScript', () => {
  test.each([
    ['node16', ts.ModuleKind.Node16],
    ['nodenext', ts.ModuleKind.NodeNext],
  ])('with module %s finds the types in CommonJS and ES modules, and they are the same', (_, kind) => {
    const files = Object.keys(SOURCES);
    const clean = Object.fromEntries([...files, 'index.d.cts'].map((file) => [file, []]));
    expect(diagnose(project(SOURCES), files, kind)).toEqual(clean);
  });

  test('finds a mistake, so that the test above says something', () => {
    const folder = project({ 'wrong.cts': "import { Conv2d } from 'conv1d';\nnew Conv2d();\n" });
    expect(diagnose(folder, ['wrong.cts'], ts.ModuleKind.Node16)).toMatchObject({
      'wrong.cts': [expect.stringContaining("has no exported member named 'Conv2d'")],
    });
  });
});
