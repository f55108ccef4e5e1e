import { readFileSync } from 'node:fs';
import { MEASURED, type Problem, parseProblems } from './problems.ts';

/** The layers of a `--shapes` file, or those of the harness, as far as `--only` matches their names. */
export function readProblems({ shapes, only }: { readonly shapes?: string; readonly only?: RegExp }): Problem[] {
  const all = shapes === undefined ? MEASURED : parseProblems(JSON.parse(readFileSync(shapes, 'utf8')));
  const problems = all.filter(({ name }) => only?.test(name) ?? true);
  if (problems.length === 0)
    throw new Error(`--only: no layer matches ${only}; there are ${all.map(({ name }) => name).join(', ')}`);
  return problems;
}
