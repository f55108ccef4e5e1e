import { expect, test } from 'vitest';
import { fileOfNumber, play, soundFiles } from './helpers/onnx/fuzz/play.ts';
import { parse, write } from './helpers/onnx/fuzz/tree.ts';

// `npm run fuzz:onnx` plays 200,000 damaged files and watches their time and memory; here are the first few.

const FILES = 500;

test('A tree of a file is written as the file', () => {
  for (const file of soundFiles()) expect(Buffer.compare(write(parse(file)), file)).toBe(0);
});

test(`${FILES} damaged files are refused with a code, or compute something`, async () => {
  const files = soundFiles();
  const counts: Record<string, number> = {};
  for (let number = 1_000_000; number < 1_000_000 + FILES; number++) {
    const outcome = await play(fileOfNumber(files, number)).catch((error) => {
      throw new Error(`npx tsx scripts/fuzzOnnx.ts --files 1 --seed ${number}`, { cause: error });
    });
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  // Damage that is noticed by the first check proves little.
  expect(counts.computed! + counts['computed, saved too']!).toBeGreaterThan(FILES / 10);
  expect(counts['computed, saved too']).toBeGreaterThan(FILES / 50);
});
