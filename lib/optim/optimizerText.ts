import { pythonBool, pythonFloat } from '../nn/repr.ts';
import { type Group, SCHEDULED } from './groups.ts';
import type { UpdateRule } from './updateRule.ts';

/** An optimiser as torch 1.13 prints it. Python tells 1.0 from 1, which JavaScript cannot: whole numbers are written without a point. */
export function optimizerText(rule: UpdateRule, groups: readonly Group[]): string {
  const texts = groups.map(({ numbers }, index) => {
    const known = [...rule.fields, ...SCHEDULED].flatMap(({ name, torchName }) =>
      numbers[name] === undefined ? [] : [[torchName, numbers[name]] as const],
    );
    const sorted = [...known, ...Object.entries(rule.foreign)].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = sorted.map(([name, value]) => `    ${name}: ${python(value)}\n`);
    return `\nParameter Group ${index}\n${lines.join('')}`;
  });
  return `${rule.name} (${texts.join('')})`;
}

function python(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return pythonBool(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : pythonFloat(value);
  if (Array.isArray(value)) return `(${value.map(python).join(', ')})`;
  return String(value);
}
