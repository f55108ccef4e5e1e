import type { Progress } from './harness.ts';
import type { Problem } from './problems.ts';
import type { Algorithm, MemoryUse, Overhead, ScalingCurve, ScalingPoint } from './results.ts';
import { runMeasurement } from './runPeer.ts';

/** Overhead of a call: the best of the rounds. */
export async function measureOverhead(isa: string, rounds: number, progress: Progress): Promise<Overhead> {
  const all: Overhead[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress.stage(`overhead, round ${round}/${rounds}`);
    all.push(await runMeasurement<Overhead>('overhead.ts', [], isa));
  }
  const least = (key: keyof Overhead) => Math.min(...all.map((overhead) => overhead[key]));
  return {
    forwardMicroseconds: least('forwardMicroseconds'),
    outMicroseconds: least('outMicroseconds'),
    newLengthRatio: least('newLengthRatio'),
  };
}

/** So long that anything that grows with it would show. */
const LONG: Problem = {
  name: 'L = 10 million',
  inChannels: 2,
  outChannels: 4,
  kernelSize: 9,
  stride: 1,
  dilation: 1,
  groups: 1,
  padLeft: 0,
  padRight: 0,
  batch: 1,
  length: 10_000_000,
};

const MEMORY_RUNS = 3;

/** Extra memory of the first call, layer by layer, each in a process of its own. Empty where the system does not tell. */
export async function measureMemory(
  problems: readonly Problem[],
  algorithms: readonly Algorithm[],
  isa: string,
  threads: number,
  progress: Progress,
): Promise<MemoryUse[]> {
  const uses: MemoryUse[] = [];
  for (const algorithm of algorithms) {
    for (const problem of [...problems, LONG]) {
      progress.stage(`memory, ${algorithm}: ${problem.name}`);
      const { padLeft, padRight, ...rest } = problem;
      const json = JSON.stringify({ ...rest, padding: [padLeft, padRight] });
      const least = await leastMemory([json, `${threads}`, algorithm], isa);
      if (least < Number.POSITIVE_INFINITY) uses.push({ name: problem.name, algorithm, threads, extraBytes: least });
    }
  }
  return uses;
}

/** V8 compiles and collects garbage when it likes, which only ever adds: the least of a few processes. */
async function leastMemory(args: readonly string[], isa: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < MEMORY_RUNS; run++) {
    const { extraBytes } = await runMeasurement<{ extraBytes: number | null }>('memory.ts', args, isa);
    if (extraBytes !== null) least = Math.min(least, extraBytes);
  }
  return least;
}

/** The axes along which we vary a layer: length, batch, input channels, kernel size. */
const AXES = ['L', 'N', 'C', 'K'] as const;

/** Cost along each axis: the shortest time of every point over all rounds. */
export async function measureScaling(
  isa: string,
  rounds: number,
  budget: number,
  progress: Progress,
): Promise<ScalingCurve[]> {
  const curves = new Map<string, ScalingPoint[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const axis of AXES) {
      progress.stage(`scaling along ${axis}, round ${round}/${rounds}`);
      const points = await runMeasurement<ScalingPoint[]>('scaling.ts', [axis, `${budget}`], isa);
      const before = curves.get(axis);
      curves.set(
        axis,
        points.map((point, i) => ({ ...point, ms: Math.min(point.ms, before?.[i]?.ms ?? point.ms) })),
      );
    }
  }
  return [...curves].map(([axis, points]) => ({ axis, points }));
}
