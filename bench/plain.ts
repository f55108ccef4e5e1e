import Table from 'cli-table3';
import pc from 'picocolors';
import { makeValues } from './inputs.ts';
import { loadLibrary } from './library.ts';
import { geometricMean } from './limits.ts';
import { LAYERS, outLength, type Problem, parseProblems, SEED, sizes } from './problems.ts';
import { runMeasurement } from './runPeer.ts';
import { type Call, timesOf } from './timing.ts';

// `npx tsx bench/plain.ts [REGEX]`: what the memory of results costs. For each layer, one fresh process per number of threads: the
// median of plain calls over that of calls with `out`, in loops that never yield and in loops that do, synchronous and asynchronous; the
// slowest of the first calls; and how much more memory the process held at most than before the first call.

/** Beside the layers of the harness: layers whose results are large for the work that they take. */
const LARGE: readonly Problem[] = parseProblems([
  { name: '134 MB', inChannels: 4, outChannels: 512, kernelSize: 15, padding: 7, length: 65536 },
  { name: 'groups 32', inChannels: 128, outChannels: 128, kernelSize: 3, groups: 32, padding: 1, length: 4096 },
  { name: '1 MB', inChannels: 64, outChannels: 64, kernelSize: 3, padding: 1, length: 4096 },
  { name: '67 MB', inChannels: 16, outChannels: 256, kernelSize: 9, padding: 4, length: 65536 },
]);

const WARM_UP = 300;
const BUDGET = 250;
const ROUNDS = 5;

/** Ratios to the time with `out` in the same round, the median of the rounds. */
interface Figures {
  readonly outMs: number;
  readonly tight: number;
  readonly yielding: number;
  readonly async: number;
  readonly firstMs: number;
  /** The most that was resident, without what the process had before the first call. */
  readonly heldBytes: number;
}

async function measure(problem: Problem, threads: number): Promise<Figures> {
  const { Conv1d, setNumThreads, tensor } = await loadLibrary();
  setNumThreads(threads);
  const values = makeValues(problem);
  const { stride, dilation, groups } = problem;
  const padding = [problem.padLeft, problem.padRight] as const;
  const conv = new Conv1d(problem.inChannels, problem.outChannels, problem.kernelSize, {
    stride,
    padding,
    dilation,
    groups,
  }).eval();
  const x = tensor(values.input, [problem.batch, problem.inChannels, problem.length]);
  const before = process.memoryUsage.rss();
  let y = conv.forward(x);
  const first: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    y = conv.forward(x);
    first.push(performance.now() - start);
  }
  const out = y.clone();
  const plain = {
    sync: () => {
      y = conv.forward(x);
    },
  };
  const withOut = {
    sync: () => {
      conv.forward(x, { out });
    },
  };
  const background = {
    async: async () => {
      y = await conv.forwardAsync(x);
    },
  };
  const backgroundOut = {
    async: async () => {
      await conv.forwardAsync(x, { out });
    },
  };
  const median = async (call: Call, budget: number, loop: 'tight' | 'yielding' = 'tight') =>
    (await timesOf(call, budget, loop)).medianMs;
  let held = 0;
  const note = () => {
    held = Math.max(held, process.memoryUsage.rss() - before);
  };
  await median(plain, WARM_UP);
  const rounds: { outMs: number; tight: number; yielding: number; async: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const outMs = await median(withOut, BUDGET);
    const tight = await median(plain, BUDGET);
    note();
    const yielding = await median(plain, BUDGET, 'yielding');
    note();
    const asyncOut = await median(backgroundOut, BUDGET);
    const asyncMs = await median(background, BUDGET);
    note();
    rounds.push({ outMs, tight: tight / outMs, yielding: yielding / outMs, async: asyncMs / asyncOut });
  }
  const middle = (key: keyof (typeof rounds)[number]) =>
    rounds.map((round) => round[key]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
  return {
    outMs: middle('outMs'),
    tight: middle('tight'),
    yielding: middle('yielding'),
    async: middle('async'),
    firstMs: Math.max(...first),
    heldBytes: held,
  };
}

async function printAll(only: RegExp): Promise<void> {
  const problems = [...LAYERS, ...LARGE].filter(({ name }) => only.test(name) && name !== SEED);
  const table = new Table({
    head: ['layer', 'MB', 'threads', 'out, ms', 'plain / out', 'yielding', 'async', 'first, ms', 'held, MB'],
    style: { head: [], border: [] },
  });
  const all: number[] = [];
  for (const problem of problems) {
    for (const threads of [1, 2]) {
      const figures = await runMeasurement<Figures>('../plain.ts', ['--measure', problem.name, `${threads}`], '');
      const megabytes = (4 * sizes(problem).output) / 1e6;
      const bar = megabytes > 32 ? 1.25 : 1.15;
      const cell = (ratio: number) => (ratio <= bar ? ratio.toFixed(2) : pc.red(ratio.toFixed(2)));
      all.push(figures.tight);
      table.push([
        problem.name,
        megabytes.toFixed(1),
        threads,
        figures.outMs.toPrecision(3),
        cell(figures.tight),
        cell(figures.yielding),
        cell(figures.async),
        figures.firstMs.toPrecision(3),
        (figures.heldBytes / 1e6).toFixed(0),
      ]);
    }
  }
  console.log(table.toString());
  console.log(
    `plain over out, geometric mean: ${geometricMean(all).toFixed(3)} (red: above 1.15, or 1.25 beyond 32 MB)`,
  );
}

const [mode, name, threads] = process.argv.slice(2);
if (mode === '--measure') {
  const problem = [...LAYERS, ...LARGE].find((each) => each.name === name)!;
  if (outLength(problem) < 1) throw new Error(`${name} has no output`);
  console.log(JSON.stringify(await measure(problem, Number(threads))));
} else {
  await printAll(new RegExp(mode ?? ''));
}
