import { parseArgs } from 'node:util';
import { torture } from '../test/helpers/torture/run.ts';

// `npm run torture -- --seed S --sequences N --terminations N --jobs N`: results moved, copied, posted, streamed, written to and dropped in
// random order in several workers, which end and are terminated meanwhile, and all contents checked after each move.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    sequences: { type: 'string', default: '20000' },
    terminations: { type: 'string', default: '500' },
    jobs: { type: 'string', default: '2' },
  },
});

function count(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} must be a natural number, not ${values[name]}`);
  return value;
}

const begun = Date.now();
const plan = {
  seed: count('seed'),
  sequences: count('sequences'),
  terminations: count('terminations'),
  jobs: count('jobs'),
};
let said = 0;
const tally = await torture(plan, ({ processes, moves }) => {
  if (processes < said + 20) return;
  said = processes;
  console.log(`${processes} processes, ${moves} moves, ${Math.round((Date.now() - begun) / 1000)} s`);
});
console.log(
  `${plan.sequences} sequences and ${plan.terminations} terminations, seed ${plan.seed}, Node ${process.version}: ${tally.moves} moves, ` +
    `${tally.workersEnded} workers and ${tally.processes} processes ended, all contents right, in ${Math.round((Date.now() - begun) / 1000)} s`,
);
