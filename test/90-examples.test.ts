import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as conv1d from '../lib/index.ts';
import {
  commentExamples,
  deadAnchors,
  deadLinks,
  documentExamples,
  type Example,
  unrunExamples,
} from './helpers/examples/extract.ts';
import { moduleOf, type Names } from './helpers/examples/module.ts';
import * as prelude from './helpers/examples/prelude.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What an example may do: leave a result unused. Its imports lie outside the project. */
const LENIENT = {
  noUnusedLocals: false,
  rewriteRelativeImportExtensions: false,
  types: [join(ROOT, 'node_modules/@types/node')],
};
const folder = mkdtempSync(join(tmpdir(), 'conv1d-examples-'));
const examples = [...documentExamples(), ...commentExamples()].map((example, i) => ({
  ...example,
  path: join(folder, `${i}`, `${basename(example.where).replace(/\W+/g, '-')}.ts`),
}));

/** Doc comments take names from the package, the prelude and their own file; Markdown imports what it uses. */
function namesFor({ where, inComment }: Example): Names[] {
  if (!inComment) return [];
  const own = join(ROOT, where.replace(/:\d+$/, ''));
  return [
    { module: 'conv1d', names: Object.keys(conv1d) },
    { module: join(ROOT, 'test/helpers/examples/prelude.ts'), names: Object.keys(prelude) },
    { module: own, names: exportsOf(readFileSync(own, 'utf8')) },
  ];
}

function exportsOf(source: string): string[] {
  return [...source.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm)].map(([, name]) => name!);
}

describe('the examples of the documentation', () => {
  beforeAll(() => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const example of examples) {
      const own = join(example.path, '..');
      mkdirSync(own, { recursive: true });
      writeFileSync(example.path, moduleOf(example.code, namesFor(example), own));
    }
  });

  afterAll(() => {
    vi.restoreAllMocks();
    conv1d.setNumThreads(conv1d.cpuInfo().threads);
    rmSync(folder, { recursive: true, force: true });
  });

  // A reader pastes an example of a document into an empty folder: it makes the files that it reads, or says that it needs a checkout.
  test.each(examples)('$where does what it says', async ({ path, inComment }) => {
    const run = () => import(/* @vite-ignore */ path);
    await (inComment ? prelude.withLayerFile(join(path, '../layer.safetensors'), run) : run());
  });

  test('all of them pass the type checker', () => {
    const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
    const program = ts.createProgram(
      examples.map(({ path }) => path),
      { ...options, ...LENIENT },
    );
    const problems = examples.flatMap(({ path, where }) => {
      const file = program.getSourceFile(path);
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return found.map(({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    });
    expect(problems).toEqual([]);
  }, 300_000);

  test('no document links to a file that is not there', () => {
    expect(deadLinks()).toEqual([]);
  });

  test('no document links to a heading that is not there', () => {
    expect(deadAnchors()).toEqual([]);
  });

  test('a block of a document that reads files of the repository says that it needs a checkout', () => {
    const silent = examples.filter(
      ({ code, inComment }) => !inComment && /'examples\//.test(code) && !/\bcheckout\b/.test(code),
    );
    expect(silent.map(({ where }) => where)).toEqual([]);
  });

  test('the Chinese README has the blocks, figures and links of the English one', () => {
    const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));
    const contents = (pattern: RegExp) =>
      [english!, chinese!].map((text) => new Set([...text.matchAll(pattern)].map(([, content]) => content!)));
    const [ours, theirs] = contents(/^```\w*\n(.*?)^```$/gms).map(
      (blocks) => new Set([...blocks].map((block) => block.replaceAll(/\s*\/\/.*/g, ''))),
    );
    expect([...ours!].filter((block) => !theirs!.has(block))).toEqual([]);
    for (const pattern of [/(\d+(?:[.,]\d+)+)/g, /\]\(((?!README)[^)]+)\)/g]) {
      const [one, other] = contents(pattern);
      expect([...other!].sort()).toEqual([...one!].sort());
    }
  });

  test('hardly any is left out', () => {
    expect(unrunExamples().length).toBeLessThanOrEqual(4);
    expect(examples.length).toBeGreaterThan(40);
  });
});
