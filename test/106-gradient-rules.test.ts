import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import '../lib/index.ts';
import { ruleOf } from '../lib/autograd/rule.ts';
import { repositoryFile } from './helpers/cli.ts';

const FOLDERS = ['lib/tensor/ops', 'lib/nn/ops', 'lib/convolution'];

/** Of which the results are no floats, or that have no inputs. */
const WITHOUT = ['all', 'any', 'argmax', 'argmin', 'eq', 'full', 'ge', 'gt', 'le', 'lt', 'ne'];

interface Found {
  readonly name: string;
  readonly operation: object;
}

function isOperation(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'infer' in value && 'run' in value;
}

async function operations(): Promise<Found[]> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(repositoryFile(folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  const modules = await Promise.all(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => import(repositoryFile(file)) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, operation]) => (isOperation(operation) ? [{ name, operation }] : [])),
  );
}

describe('every operation', () => {
  test('has a gradient, but for those whose results are no floats, or that have no inputs', async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(90);
    const without = all.filter(({ operation }) => ruleOf(operation) === undefined);
    expect(without.map(({ name }) => name).sort()).toEqual(WITHOUT);
  });
});
