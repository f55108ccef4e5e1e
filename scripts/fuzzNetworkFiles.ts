import { parseArgs } from 'node:util';
import { compile, type Network } from '../lib/index.ts';
import { Dice } from '../test/helpers/dice.ts';
import { fill, grow, moduleOf } from '../test/helpers/networks/grow.ts';
import { surveyDamages } from '../test/helpers/networks/hostileFile.ts';

// `npm run fuzz:files -- --networks N --damages M --seed S`: the files of N random networks, each damaged in M ways: every one is refused by an
// error with a code, or makes a network that computes something or refuses with a code. With --mixed they have indices, masks and nodes of the host.

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: '200' },
    damages: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    mixed: { type: 'boolean', default: false },
  },
});
const [networks, damages, first] = [Number(values.networks), Number(values.damages), Number(values.seed)];
const begun = Date.now();
let [refused, ran, slowest] = [0, 0, 0];
for (let seed = first; seed < first + networks; seed++) {
  const grown = grow(new Dice(seed), values.mixed);
  const { traced, inputs, dtype } = grown;
  const given = inputs.map((input) => fill(input, traced, dtype));
  const network = compile(moduleOf(grown), { inputs: given }) as unknown as Network<never, unknown>;
  try {
    const survey = surveyDamages(network, seed * damages, damages);
    refused += survey.refused;
    ran += survey.ran;
    slowest = Math.max(slowest, survey.slowest);
  } catch (error) {
    console.error(
      `network ${seed}, again by: npm run fuzz:files -- --seed ${seed} --networks 1 --damages ${damages}${values.mixed ? ' --mixed' : ''}`,
    );
    throw error;
  }
}
console.log(
  `${networks * damages} damaged files: ${refused} refused, ${ran} calls of the others; at most ${slowest.toFixed(0)} ms for one, ${Math.round((Date.now() - begun) / 1000)} s in all`,
);
