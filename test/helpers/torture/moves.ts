import type { Arena } from './arena.ts';

/** What can happen, and how often. */
const MOVES: readonly [weight: number, move: (arena: Arena) => Promise<void> | void][] = [
  [20, (arena) => arena.make()],
  [6, (arena) => arena.settle()],
  [10, (arena) => arena.write()],
  [6, (arena) => arena.drop()],
  [5, (arena) => arena.copy()],
  [8, (arena) => arena.move()],
  [12, (arena) => arena.stream()],
  [3, (arena) => arena.intoContext()],
  [8, (arena) => arena.send()],
  [8, (arena) => arena.receive()],
  [1, (arena) => arena.loseLetter()],
  [6, (arena) => arena.give()],
  [6, (arena) => arena.handOn()],
  [4, (arena) => arena.collect('minor gc')],
  [3, (arena) => arena.collect('full gc')],
  [1, (arena) => arena.endOne()],
];

/** Each move as often as its weight says. */
const BALLOT = MOVES.flatMap(([weight, move]) => Array.from({ length: weight }, () => move));

/** A few random moves, every array checked after each. */
export async function randomSequence(arena: Arena): Promise<void> {
  for (let moves = arena.dice.integer(2, 6); moves > 0; moves--) {
    await arena.dice.pick(...BALLOT)(arena);
    await arena.check();
  }
}

/** A worker ends with results alive and work in flight, and with something of its own in the main thread. */
export async function terminationSequence(arena: Arena): Promise<void> {
  const seat = arena.seat();
  await arena.make(seat, 'forward');
  await arena.make(seat, 'forward');
  await arena.stream();
  await arena.give(seat);
  for (let calls = arena.dice.integer(1, 3); calls > 0; calls--) {
    await arena.make(seat, 'slow');
    await arena.make(seat, 'forwardAsync');
    await arena.make(seat, 'forwardMany');
  }
  await arena.make(seat, 'forward');
  if (arena.dice.integer(1, 2) === 1) await arena.make();
  await arena.endOne(seat);
  await arena.check();
}
