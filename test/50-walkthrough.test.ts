import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';

/** What the tour's Python prompt was asked, and what it answered. */
interface Step {
  expression: string;
  printed: string[];
}

const steps = JSON.parse(readFileSync(new URL('golden/walkthrough.json', import.meta.url), 'utf8')) as Step[];
const NUMBER = /-?\d+(\.\d+)?/g;

/** `x[0,0,0:5].dot(y) + z` in TypeScript: `x.at(0, 0, [0, 5]).dot(y).add(z)`. */
function twinOf(python: string): string {
  const terms = python.replaceAll(/conv1d\.(weight|bias)(?=\[)/g, '$1').split(' + ');
  return terms
    .map((term) =>
      term.replace(/\[([^\]]*)\]/g, (_, indices: string) => `.at(${indices.split(',').map(indexOf).join(', ')})`),
    )
    .reduce((sum, term) => `${sum}.add(${term})`);
}

function indexOf(python: string): string {
  return python.includes(':') ? `[${python.replace(':', ', ')}]` : python;
}

/** A printed value without what it says about gradients, except for the parameters, and with shapes as plain arrays. */
function bare(text: string): string {
  const shape = text.replace(/^torch\.Size\((.*)\)$/, '$1');
  return text.startsWith('Parameter') ? text : shape.replace(/,\s*(grad_fn=<\w+>|requires_grad=True)\)$/, ')');
}

function numbersOf(text: string): number[] {
  return (text.match(NUMBER) ?? []).map(Number);
}

/** What remains when the numbers' digits are gone: brackets, commas, spaces, signs. */
function layoutOf(text: string): string {
  return text.replace(/\d/g, '#');
}

describe('examples/walkthrough.ts', () => {
  const shown: { expression: string; printed: string }[] = [];

  beforeAll(async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('../examples/walkthrough.ts');
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    for (let i = 0; i < lines.length; i += 2) shown.push({ expression: lines[i]!, printed: lines[i + 1]! });
  });

  test('has a twin for every line of the tour, in its order', () => {
    expect(shown.map(({ expression }) => expression)).toEqual(
      steps.map(({ expression }) => `>>> ${twinOf(expression)}`),
    );
  });

  test.each(steps.map(({ expression, printed }, i) => [expression, printed.join('\n'), i] as const))(
    'prints %s as PyTorch does',
    (_, printed, i) => {
      const ours = bare(shown[i]!.printed);
      const theirs = bare(printed);
      expect(layoutOf(ours)).toBe(layoutOf(theirs));
      const expected = numbersOf(theirs);
      numbersOf(ours).forEach((value, n) => {
        expect(Math.abs(value - expected[n]!)).toBeLessThanOrEqual(0.0002 + 1e-12);
      });
    },
  );
});
