import { expect, test } from 'vitest';
import { growthOf, measureLoad } from '../../bench/speech/measure.ts';

test.runIf(process.platform === 'linux')(
  'speakers in real time, from another process, get every answer with the bits of forward',
  async () => {
    const { sent, answered, error, closed, memory, processor } = await measureLoad(
      { peer: 'conv1d', threads: 1, model: '' },
      20,
      3,
    );
    expect(sent).toBeGreaterThan(1000);
    expect([answered, error, closed]).toEqual([sent, 0, 0]);
    expect(Math.max(...memory)).toBeGreaterThan(50);
    expect(processor).toBeGreaterThan(0);
  },
);

test('a server that cannot begin is an error, not a wait', async () => {
  const setup = { peer: 'onnxruntime', threads: 1, model: 'no/such.onnx' } as const;
  await expect(measureLoad(setup, 1, 1)).rejects.toThrow(/server\.ts has ended with exit code 1/);
});

test.each([
  ['grows by a megabyte each second', (second: number) => second, 60],
  ['is 200 MB', () => 200, 0],
  ['grows at the beginning alone', (second: number) => Math.min(second, 20), 0],
  ['goes up and down', (second: number) => 200 + (second % 2), 0],
] as const)('the growth of memory that %s is found', (_, at, growth) => {
  expect(growthOf(Array.from({ length: 120 }, (_, second) => at(second)))).toBeCloseTo(growth, 1);
});
