import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { Conv1d, zeros } from '../../../lib/index.ts';
import { Arena } from './arena.ts';
import { randomSequence, terminationSequence } from './moves.ts';
import { play } from './player.ts';

// The whole of a process: its main thread is the arena, its workers are the players. Arguments: seed, sequences, terminations. The
// trace goes to stdout; its last line says how the process is about to end.

/** Plays and ends, with results alive and work in flight. */
async function main(seed: number, sequences: number, terminations: number): Promise<void> {
  const arena = new Arena(fileURLToPath(import.meta.url), seed);
  for (let i = 1; i <= sequences; i++) {
    writeSync(1, `sequence ${i}\n`);
    await randomSequence(arena);
  }
  for (let i = 1; i <= terminations; i++) {
    writeSync(1, `termination ${i}\n`);
    await terminationSequence(arena);
  }
  await arena.check(true);
  Object.assign(globalThis, { alive: new Conv1d(1, 1, 1).forward(zeros(1, 5 * 2 ** 20)) });
  await arena.startEverywhere();
  const by = arena.dice.pick('exit', 'exit with work of its own', 'end', 'throw');
  writeSync(1, `process: ${by}\n`);
  if (by === 'end') return arena.endAll();
  if (by === 'throw') throw new Error('told to throw');
  if (by !== 'exit') void new Conv1d(64, 64, 9).forwardAsync(zeros(64, 50_000));
  process.exit(7);
}

if (isMainThread) {
  const [seed, sequences, terminations] = process.argv.slice(2).map(Number);
  await main(seed!, sequences!, terminations!);
} else {
  play();
}
