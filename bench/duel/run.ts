import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import type * as Binding from '../../binding.d.ts';
import { makeValues } from '../inputs.ts';
import { interleave } from '../interleave.ts';
import { nativeLayer } from '../nativeLayer.ts';
import { type Problem, sizes } from '../problems.ts';
import type { Algorithm } from '../results.ts';
import type { Times } from '../timing.ts';

// One independent run of a duel, in a process of its own: reads a DuelRequest, prints a line of JSON, a DuelLayer, for each layer and algorithm.

export interface DuelRequest {
  /** Files of builds, called in turns: A, a copy of A, and B. */
  readonly builds: readonly [a: string, again: string, b: string];
  readonly problems: readonly Problem[];
  readonly algorithms: readonly Algorithm[];
  readonly threads: number;
  readonly rounds: number;
  /** Milliseconds for each build in a round. */
  readonly budget: number;
}

export interface DuelLayer {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly a: Times;
  readonly again: Times;
  readonly b: Times;
  readonly sameBits: boolean;
}

const request = JSON.parse(await text(process.stdin)) as DuelRequest;
const require = createRequire(import.meta.url);
const builds = request.builds.map((file) => require(file) as typeof Binding);
for (const build of builds) build.setNumThreads(request.threads);

for (const problem of request.problems) {
  const values = makeValues(problem);
  for (const algorithm of request.algorithms) {
    // One output for all: where memory lies makes a difference of its own.
    const out = new Float32Array(sizes(problem).output);
    const ways = builds.map((build) => {
      const convolution = nativeLayer(build, problem, algorithm);
      convolution.pack(values.weight, values.bias);
      return () => convolution.forward(values.input, problem.batch, problem.length, null, null, out);
    });
    const [bitsA, , bitsB] = ways.map((way) => {
      way();
      return Buffer.from(out.slice().buffer);
    });
    const [a, again, b] = interleave(ways, request.rounds, request.budget);
    const layer: DuelLayer = {
      name: problem.name,
      algorithm,
      a: a!,
      again: again!,
      b: b!,
      sameBits: bitsA!.equals(bitsB!),
    };
    console.log(JSON.stringify(layer));
  }
}
