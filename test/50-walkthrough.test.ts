import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';

/** What the tour's Python prompt was asked, and what it answered. */
interface Step {
  expression: string;
  printed: string[];
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')) as Step[];
/** The tour, by torch 1.9, and the same lines by torch 1.13, with gradients behind them. */
const [tour, steps] = [read('walkthrough.json'), read('walkthrough-gradients.json')];
const NUMBER = /-?\d+(\.\d+)?/g;

/** `x[0,0,0:5].dot(y) + z` in TypeScript: `x.at(0, 0, [0, 5]).dot(y).add(z)`. */
function twinOf(python: string): string {
  const terms = python.replaceAll(/conv1d\.(weight|bias)(?=\[|\.grad)/g, '$1').split(' + ');
  return terms
    .map((term) =>
      term.replace(/\[([^\]]*)\]/g, (_, indices: string) => `.at(${indices.split(',').map(indexOf).join(', ')})`),
    )
    .reduce((sum, term) => `${sum}.add(${term})`);
}

function indexOf(python: string): string {
  return python.includes(':') ? `[${python.replace(':', ', ')}]` : python;
}

/** What was printed, with shapes as plain arrays. */
function textOf({ printed }: Step): string {
  return printed.join('\n').replace(/^torch\.Size\((.*)\)$/, '$1');
}

/** A printed value without the names of gradient functions, which torch 1.9 called otherwise. */
function bare(text: string): string {
  return text.replace(/,\s*grad_fn=<\w+>\)$/, ')');
}

function numbersOf(text: string): number[] {
  return (text.match(NUMBER) ?? []).map(Number);
}

/** What remains when the numbers' digits are gone: brackets, commas, spaces, signs. */
function layoutOf(text: string): string {
  return text.replace(/\d/g, '#');
}

describe('examples/walkthrough.ts', () => {
  const shown: Step[] = [];

  beforeAll(async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('../examples/walkthrough.ts');
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    for (let i = 0; i < lines.length; i += 2) shown.push({ expression: lines[i]!, printed: [lines[i + 1]!] });
  });

  test('has a twin for every line of the tour, in its order', () => {
    expect(shown.map(({ expression }) => expression)).toEqual(
      steps.map(({ expression }) => `>>> ${twinOf(expression)}`),
    );
  });

  function expectPrinted(ours: string, theirs: string): void {
    expect(layoutOf(ours)).toBe(layoutOf(theirs));
    const expected = numbersOf(theirs);
    numbersOf(ours).forEach((value, n) => {
      expect(Math.abs(value - expected[n]!)).toBeLessThanOrEqual(0.0002 + 1e-12);
    });
  }

  test.each(steps.map((step, i) => [step.expression, step, i] as const))(
    'prints %s as torch 1.13 does, marks of gradients included',
    (_, step, i) => expectPrinted(textOf(shown[i]!), textOf(step)),
  );

  test.each(tour.map((step, i) => [step.expression, step, i] as const))(
    'prints the numbers of %s that the tour has',
    (_, step, i) => expectPrinted(bare(textOf(shown[i]!)), bare(textOf(step))),
  );

  test('names of gradient functions are those of torch 1.13 but for what torch 1.9 called otherwise', () => {
    const marks = (of: readonly Step[]) => of.map((step) => /grad_fn=<(\w+)>/.exec(textOf(step))?.[1]);
    const today: Record<string, string> = {
      SqueezeBackward1: 'ConvolutionBackward0',
      SelectBackward: 'SelectBackward0',
    };
    expect(marks(shown).slice(0, tour.length)).toEqual(marks(tour).map((name) => today[name ?? ''] ?? name));
  });
});
