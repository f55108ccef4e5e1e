import { probeFma } from '../../native/program.ts';
import type { View } from '../../tensor/view.ts';
import type { Ready } from '../run/ready.ts';
import { type SummaryStep, stepsOf, timesOf } from './summary.ts';
import { bar, formatTable } from './table.ts';

/**
 * The measured time of a step of a network.
 *
 * @category Networks
 */
export interface ProfileStep extends SummaryStep {
  /** Milliseconds for the whole batch, the shortest of several runs. */
  readonly ms: number;
  /** Milliseconds that its products would take if all threads in use did nothing but multiply and add; 0 for a step with hardly any products. */
  readonly limitMs: number;
}

/**
 * The measured time of each step. As text, a table with bars.
 *
 * @example
 * const { steps, ms } = network.profile(rand(1, 2, 16000));
 * steps.map(({ operation }) => operation);   // ['conv1d']
 * @category Networks
 */
export interface Profile {
  /** The steps, in the order in which they run. */
  readonly steps: readonly ProfileStep[];
  /** Milliseconds of all steps together. */
  readonly ms: number;
  /** Milliseconds that all products would take at the peak of the threads in use. */
  readonly limitMs: number;
  /** A table: a line for each step, with its share of the time and how many times its limit it takes. */
  toString(): string;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');
const BAR = 24;

const ROUNDS_MS = 500;
const FEWEST_RUNS = 3;

/** Runs a network for a while, and measures how long its steps take. */
export function profileOf(ready: Ready, inputs: readonly View[], threads: number): Profile {
  const { run, owners } = ready.profiler(inputs);
  const seconds = shortestRuns(run);
  const perMs = peakPerMs() * threads;
  const calls = ready.reports.flatMap(({ steps }) => steps);
  const times = timesOf(ready.reports);
  const ms = new Float64Array(calls.length);
  for (const [i, owner] of owners.entries()) {
    if (owner >= 0) ms[owner]! += (seconds[i] ?? 0) * 1000; // no items: nothing ran
  }
  return makeProfile(
    stepsOf(ready.reports).map((step, i) => {
      const width = calls[i]!.results[0]!.dtype === 'float64' ? 2 : 1;
      return { ...step, ms: ms[i]!, limitMs: (width * times[i]! * step.flops) / perMs };
    }),
  );
}

/** The shortest time of each step over some runs. */
function shortestRuns(run: () => Float64Array): Float64Array {
  const shortest = run();
  const end = performance.now() + ROUNDS_MS;
  for (let i = 1; i < FEWEST_RUNS || performance.now() < end; i++) {
    for (const [step, seconds] of run().entries()) shortest[step] = Math.min(shortest[step]!, seconds);
  }
  return shortest;
}

/** The float32 peak of one core, in operations per ms; of float64 half of it. */
function peakPerMs(): number {
  const iterations = 2 ** 16;
  let best = 0;
  for (let round = 0; round < 8; round++) {
    const begin = performance.now();
    const operations = probeFma(iterations);
    best = Math.max(best, operations / (performance.now() - begin));
  }
  return best;
}

function makeProfile(steps: readonly ProfileStep[]): Profile {
  const sum = (of: (step: ProfileStep) => number) => steps.reduce((all, step) => all + of(step), 0);
  const [ms, limitMs] = [sum((step) => step.ms), sum((step) => step.limitMs)];
  const text = () => formatProfile(steps, ms, limitMs);
  return Object.defineProperties({ steps, ms, limitMs, toString: text } as Profile, {
    toString: { enumerable: false },
    [inspect]: { value: text, enumerable: false },
  });
}

function formatProfile(steps: readonly ProfileStep[], ms: number, limitMs: number): string {
  const longest = Math.max(...steps.map((step) => step.ms), 1e-9);
  const row = (step: ProfileStep) => [
    [step.runs === 'host' ? `${step.name} (host)` : step.name, step.fused.join(', ')].filter(Boolean).join(' + '),
    bar(step.ms / longest, BAR),
    step.ms.toFixed(3),
    `${((100 * step.ms) / ms).toFixed(1)} %`,
    over(step.ms, step.limitMs),
  ];
  const total = ['in all', '', ms.toFixed(3), '', over(ms, limitMs)];
  return formatTable(['step', '', 'ms', 'share', 'over limit'], [...steps.map(row), total], 2);
}

function over(ms: number, limitMs: number): string {
  return limitMs === 0 ? '' : (ms / limitMs).toFixed(2);
}
