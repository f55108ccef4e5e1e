import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Conv1d, type Conv1dOptions } from '../lib/index.ts';

interface Printed {
  arguments: [number, number, number];
  options: Conv1dOptions;
  text: string;
}

const golden = JSON.parse(readFileSync(new URL('golden/errors.json', import.meta.url), 'utf8')) as {
  layers: Printed[];
};

describe('a layer is printed as PyTorch prints it', () => {
  test.each(golden.layers)('$text', ({ arguments: sizes, options, text }) => {
    const conv = new Conv1d(...sizes, options);
    expect(String(conv)).toBe(text);
    expect(inspect(conv)).toBe(text);
    expect(inspect({ conv })).toContain(text);
  });
});

describe('what PyTorch does not have is printed in its way', () => {
  const cases: [options: Conv1dOptions, text: string][] = [
    [{ padding: [1, 2] }, 'Conv1d(2, 3, kernel_size=(5,), stride=(1,), padding=(1, 2))'],
    [{ padding: [2, 2] }, 'Conv1d(2, 3, kernel_size=(5,), stride=(1,), padding=(2, 2))'],
    [{ padding: [0, 0] }, 'Conv1d(2, 3, kernel_size=(5,), stride=(1,))'],
    [{ padding: 'causal', dilation: 2 }, 'Conv1d(2, 3, kernel_size=(5,), stride=(1,), padding=causal, dilation=(2,))'],
  ];
  test.each(cases)('%o', (options, text) => expect(String(new Conv1d(2, 3, 5, options))).toBe(text));
});
