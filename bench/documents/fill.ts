import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`, for each of the parts. */
export function fill(document: string, parts: Readonly<Record<string, string>>, where: string): string {
  return Object.entries(parts).reduce((text, [name, content]) => {
    const [before, rest] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(before), text.indexOf(rest)];
    if (from < 0 || to < from) throw new Error(`${where} has no ${before} ... ${rest}`);
    return `${text.slice(0, from + before.length)}\n${content}\n${text.slice(to)}`;
  }, document);
}

/** The same in a document of the repository; returns its path, as one types it. */
export function fillFile(name: string, parts: Readonly<Record<string, string>>): string {
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  writeFileSync(path, fill(readFileSync(path, 'utf8'), parts, name));
  return relative(process.cwd(), path);
}
