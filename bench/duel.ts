import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type * as Binding from '../binding.d.ts';
import { makeValues } from './inputs.ts';
import { geometricMean } from './limits.ts';
import { nativeLayer } from './nativeLayer.ts';
import { LAYERS, outLength, sizes } from './problems.ts';

// `npx tsx bench/duel.ts A.node B.node [REGEX] [THREADS]`: the time of build B over that of build A, layer by layer, both loaded
// in one process and called in turns, the shortest time of each counting: what a change to the native code brings.
const [fileA, fileB, only = '', threads = '1'] = process.argv.slice(2);
if (fileA === undefined || fileB === undefined) throw new Error('usage: duel.ts A.node B.node [REGEX] [THREADS]');

const ROUNDS = 12;
const MS_PER_ROUND = 40;

/** We time short calls in runs of about this many milliseconds, far above the resolution of the clock. */
const RUN = 0.05;

const require = createRequire(import.meta.url);
const builds = [fileA, fileB].map((file) => require(resolve(file)) as typeof Binding);
for (const build of builds) build.setNumThreads(Number(threads));

const ratios: number[] = [];
console.log(['layer'.padEnd(13), 'A, ms'.padStart(9), 'B, ms'.padStart(9), 'B/A'.padStart(7)].join(' '));
for (const p of LAYERS.filter(({ name }) => new RegExp(only).test(name))) {
  const values = makeValues(p);
  const calls = builds.map((build) => {
    const convolution = nativeLayer(build, p);
    convolution.pack(values.weight, values.bias);
    const out = new Float32Array(sizes(p).output);
    return { out, run: () => convolution.forward(values.input, p.batch, p.length, null, null, out) };
  });
  const shortest = calls.map(() => Number.POSITIVE_INFINITY);
  const timed = (run: () => void, count: number): number => {
    const start = performance.now();
    for (let i = 0; i < count; i++) run();
    return (performance.now() - start) / count;
  };
  const count = Math.max(1, Math.round(RUN / timed(calls[0]!.run, 10)));
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes second finds other caches: they take turns.
    for (const build of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const end = performance.now() + MS_PER_ROUND;
      do {
        shortest[build] = Math.min(shortest[build]!, timed(calls[build]!.run, count));
      } while (performance.now() < end);
    }
  }
  const [a, b] = calls.map(({ out }) => new Uint32Array(out.buffer));
  const same = a!.every((bits, i) => bits === b![i]);
  const ratio = shortest[1]! / shortest[0]!;
  ratios.push(ratio);
  const line = [
    p.name.padEnd(13),
    ...shortest.map((ms) => ms.toPrecision(4).padStart(9)),
    ratio.toFixed(3).padStart(7),
  ];
  console.log(line.join(' '), same ? ' same bits' : ` different bits (L_out ${outLength(p)})`);
}
console.log('geometric mean', geometricMean(ratios).toFixed(4));
