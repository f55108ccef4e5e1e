import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkNetwork, WrongNetwork } from '../test/helpers/networks/check.ts';
import { checkStream } from '../test/helpers/networks/stream.ts';
import { checkKnown, KNOWN } from '../test/helpers/networks/vocoders.ts';

// `npm run fuzz:networks -- --networks N --seed S`: N random networks from the seed S on, each computed by its module and by what compile()
// makes of it, for several sizes and numbers of threads; with --streams, whole and in random chunks, --cuts times for each signal, with
// vocoders, codecs and a TCN among them. A failure prints the network and the command
// that repeats it. With --mixed they have indices, masks, floats of both dtypes, and operations without a native step.

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    failures: { type: 'string', default: '1' },
    mixed: { type: 'boolean', default: false },
    streams: { type: 'boolean', default: false },
    cuts: { type: 'string', default: '4' },
  },
});

function count(name: 'networks' | 'seed' | 'failures' | 'cuts'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a natural number, not ${values[name]}`);
}

const [networks, seed, mostFailures, cuts] = [count('networks'), count('seed'), count('failures'), count('cuts')];
const begun = Date.now();
const seconds = () => Math.round((Date.now() - begun) / 1000);
const what = values.streams ? 'chunkings' : 'calls';
/** The number of random networks per network that people have. */
const BETWEEN_KNOWN = 3;
let calls = 0;
let known = 0;

function streamed(own: number): number {
  const compared = checkStream(own, cuts);
  if (own % BETWEEN_KNOWN !== 0) return compared;
  checkKnown(KNOWN[(own / BETWEEN_KNOWN) % KNOWN.length]!, { seed: own });
  known += 1;
  return compared + 1;
}

let failures = 0;
for (let i = 0; i < networks && failures < mostFailures; i++) {
  await setImmediate(); // programs of networks that are gone are freed in a turn of the event loop
  try {
    calls += values.streams ? streamed(seed + i) : await checkNetwork(seed + i, { isMixed: values.mixed });
  } catch (error) {
    if (!(error instanceof WrongNetwork)) console.error(`network ${seed + i}:`);
    console.error(error instanceof WrongNetwork ? `${error.message}\n` : error);
    failures += 1;
  }
  if ((i + 1) % (values.streams ? 100 : 1000) === 0) console.log(`${i + 1} networks, ${calls} ${what}, ${seconds()} s`);
}
if (values.streams) console.log(`${known} of them of ${KNOWN.map(({ name }) => name).join(', ')}`);
console.log(
  failures === 0
    ? `${networks} networks from seed ${seed} on, ${calls} ${what}: all as they should be, in ${seconds()} s`
    : `${failures} networks are wrong`,
);
if (failures > 0) process.exitCode = 1;
