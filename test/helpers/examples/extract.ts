import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A piece of code that the documentation shows. */
export interface Example {
  /** File and line, as an editor opens them. */
  readonly where: string;
  readonly code: string;
  /** Whether it stands in a doc comment, where names that everybody knows need no import. */
  readonly inComment: boolean;
}

const DOCUMENTS = [
  'README.md',
  'README.zh-CN.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'native/README.md',
];
const DOCUMENT_FOLDERS = ['docs', 'examples'];

/** Every ```ts block of the Markdown files, without those that begin with ```ts no-run. */
export function documentExamples(): Example[] {
  return documents().flatMap(({ name, text }) => {
    const blocks = text.matchAll(/^```ts\n(.*?)^```$/gms);
    return [...blocks].map(({ index, 1: code }) => ({
      where: `${name}:${lineAt(text, index) + 1}`,
      code: code!,
      inComment: false,
    }));
  });
}

/** The ```ts no-run blocks. */
export function unrunExamples(): string[] {
  return documents().flatMap(({ name, text }) =>
    [...text.matchAll(/^```ts no-run$/gm)].map(({ index }) => `${name}:${lineAt(text, index)}`),
  );
}

/** Every @example in the files that the package exports from: up to the next tag or the end of its comment. */
export function commentExamples(): Example[] {
  const methods = filesBelow('lib/tensor/methods', '.ts').map(({ name }) => name);
  return [...new Set([...exportedFrom('lib/index.ts'), ...methods])].flatMap((name) => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    const examples = text.matchAll(/^ *\* @example\n((?: *\*(?!\/| @).*\n)+)/gm);
    return [...examples].map(({ index, 1: lines }) => ({
      where: `${name}:${lineAt(text, index) + 1}`,
      code: lines!.replaceAll(/^ *\* ?/gm, ''),
      inComment: true,
    }));
  });
}

/** The files that a file exports from, and those that they export from. */
function exportedFrom(name: string): string[] {
  const text = readFileSync(join(ROOT, name), 'utf8');
  const exports = text.matchAll(/^export [^;(]*? from '(\.[^']+)';$/gm);
  const files = [...exports].map(([, path]) => posix.join(posix.dirname(name), path!));
  return files.flatMap((file) => [file, ...exportedFrom(file)]);
}

/** The files that Markdown files link to, where there is none. */
export function deadLinks(): string[] {
  return documents().flatMap(({ name, text }) =>
    [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .filter(([, path]) => !existsSync(join(ROOT, dirname(name), path!)))
      .map(({ index, 1: path }) => `${name}:${lineAt(text, index)}: ${path}`),
  );
}

/** The headings that Markdown files link to, in themselves or in others, where there is none. */
export function deadAnchors(): string[] {
  const anchors = new Map(documents().map(({ name, text }) => [name, anchorsOf(text)]));
  return documents().flatMap(({ name, text }) =>
    [...text.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)]
      .filter(([, path, anchor]) => {
        const own = path === '' ? name : posix.join(posix.dirname(name), path!);
        return anchors.get(own)?.has(anchor!) === false;
      })
      .map(({ index, 1: path, 2: anchor }) => `${name}:${lineAt(text, index)}: ${path}#${anchor}`),
  );
}

/** The anchors that GitHub gives to the headings of a Markdown file. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const headings = [...prose.matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function documents(): { name: string; text: string }[] {
  return [
    ...DOCUMENTS.map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') })),
    ...DOCUMENT_FOLDERS.flatMap((folder) => filesBelow(folder, '.md')),
  ];
}

function filesBelow(folder: string, extension: string): { name: string; text: string }[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ name: relative(ROOT, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
