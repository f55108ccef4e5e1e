import type * as Binding from '../../binding.d.ts';
import { fastDisagreement, referenceAt } from '../compare.ts';
import { makeValues, samplePositions } from '../inputs.ts';
import { interleave } from '../interleave.ts';
import { nativeLayer } from '../nativeLayer.ts';
import { sizes } from '../problems.ts';
import type { RandomLayer } from './layers.ts';
import type { RandomResult } from './summary.ts';

/** How many outputs of a layer we compare. */
const SAMPLES = 64;

/** A layer with 'fast' and with 'direct', called in turns. */
export function measureRandom(
  addon: typeof Binding,
  { family, problem }: RandomLayer,
  rounds: number,
  budget: number,
): RandomResult {
  const values = makeValues(problem);
  const { output } = sizes(problem);
  const out = new Float32Array(output);
  const [direct, fast] = (['direct', 'fast'] as const).map((algorithm) => {
    const convolution = nativeLayer(addon, problem, algorithm);
    convolution.pack(values.weight, values.bias);
    return {
      convolution,
      way: () => convolution.forward(values.input, problem.batch, problem.length, null, null, out),
    };
  });
  const candidates = fast!.convolution.explain(problem.batch, problem.length);
  const chosen = candidates.find((candidate) => candidate.chosen)!;

  fast!.way();
  const positions = samplePositions(output, SAMPLES);
  const samples = positions.map((position) => out[position]!);
  const [directTimes, fastTimes] = interleave([direct!.way, fast!.way], rounds, budget);
  return {
    family,
    problem,
    algorithm: chosen.name,
    exact: chosen.exact,
    estimated: chosen.share,
    direct: directTimes!,
    fast: fastTimes!,
    disagreement: fastDisagreement(problem, samples, referenceAt(problem, values, positions)),
  };
}
