import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { documentExamples, type Example } from '../../test/helpers/examples/extract.ts';
import type { Project } from './project.ts';
import { checkTypesOf, runIn } from './quick.ts';
import type { Steps } from './steps.ts';

// Readers paste a block of a document into an empty folder of a project that has the package. These steps do so with all of them.

/** The forms in which a block runs, and what turns its JavaScript, an ES module, into each. */
const FORMS = [
  { name: 'ES modules', runner: 'documents.mjs', extension: 'mjs', write: (code: string) => code },
  { name: 'CommonJS', runner: 'documents.cjs', extension: 'cjs', write: commonJsOf },
] as const;

/** Type checks every `ts` block of the documents against the installed package, and runs it in both forms. */
export function checkDocuments(steps: Steps, project: Project): void {
  const blocks = documentExamples().map((example, i) => ({ ...example, folder: makeFolder(project, example, i) }));
  for (const { code, folder } of blocks) writeFileSync(join(folder, 'block.mts'), code);
  const count = `${blocks.length} blocks`;
  steps.run('strict types: the blocks of the documents', () => {
    checkTypesOf(
      project,
      blocks.map(({ folder }) => join(folder, 'block.mts')),
    );
    return count;
  });
  for (const { name, runner, extension, write } of FORMS) {
    steps.run(`the blocks of the documents as ${name}`, () => {
      const files = blocks.map(({ code, where, folder }) => {
        const file = join(folder, `block.${extension}`);
        writeFileSync(file, write(javaScriptOf(code)));
        return { file, where, codes: thrownIn(code) };
      });
      const list = join(project.folder, 'documents.json');
      writeFileSync(list, JSON.stringify(files));
      runIn(project, [process.execPath], [runner, list]);
      return count;
    });
  }
}

/** An empty folder; a block that says that it needs a checkout finds the checkout's examples. */
function makeFolder(project: Project, { code }: Example, i: number): string {
  const folder = join(project.folder, 'documents', `${i}`);
  mkdirSync(folder, { recursive: true });
  if (/\bcheckout\b/.test(code)) symlinkSync(join(project.folder, 'examples'), join(folder, 'examples'));
  return folder;
}

/** The codes of the errors that a block says it throws: the first of them ends it. */
function thrownIn(code: string): string[] {
  return [...code.matchAll(/\/\/ (ERR_CONV1D_\w+)/g)].map(([, thrown]) => thrown!);
}

function javaScriptOf(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/** Imports become calls of `require`; the rest becomes an async function, whose promise the runner waits for. */
function commonJsOf(code: string): string {
  const required: string[] = [];
  const rest = code.replaceAll(/^import (.+?) from (['"].+?['"]);$/gms, (_, names: string, from: string) => {
    required.push(`const ${names.replaceAll(' as ', ': ')} = require(${from});`);
    return '';
  });
  return `${required.join('\n')}\nmodule.exports = (async () => {\n${rest}\n})();\n`;
}
