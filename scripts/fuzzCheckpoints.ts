import { parseArgs } from 'node:util';
import { readDamaged, WrongCheckpoint } from '../test/helpers/checkpoints.ts';

// `npm run fuzz:checkpoints -- --files N --first F`: N damaged checkpoints, those from number F on. Each must be read, or refused with a code,
// within a second and without much memory. A failure prints the file, and its number repeats it.

const { values } = parseArgs({
  options: { files: { type: 'string', default: '200000' }, first: { type: 'string', default: '0' } },
});

function count(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a natural number, not ${values[name]}`);
}

const [files, first] = [count('files'), count('first')];
const STEP = 1000;
const begun = Date.now();
const total = { read: 0, refused: 0, slowest: 0, largest: 0 };
let mostMemory = 0;
try {
  for (let done = 0; done < files; done += STEP) {
    const outcome = await readDamaged(first + done, Math.min(STEP, files - done));
    total.read += outcome.read;
    total.refused += outcome.refused;
    total.slowest = Math.max(total.slowest, outcome.slowest);
    total.largest = Math.max(total.largest, outcome.largest);
    mostMemory = process.resourceUsage().maxRSS / 1024;
    if ((done / STEP) % 10 === 9) console.log(`${done + STEP} files, ${total.refused} refused`);
  }
  console.log(
    `${files} files: ${total.read} read, ${total.refused} refused; the slowest took ${Math.round(total.slowest)} ms of the processor, the ` +
      `largest became ${total.largest} bytes; ${Math.round(mostMemory)} MiB of memory at the most; ${Math.round((Date.now() - begun) / 1000)} s`,
  );
} catch (error) {
  if (!(error instanceof WrongCheckpoint)) throw error;
  console.error(error.message, error.cause ?? '');
  process.exitCode = 1;
}
