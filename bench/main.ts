import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import ora from 'ora';
import pc from 'picocolors';
import { barsOf } from './bars.ts';
import {
  machineInfo,
  measureAll,
  measureMemory,
  measureOverhead,
  measureScaling,
  type Progress,
  type Setting,
} from './harness.ts';
import { loadLibrary } from './library.ts';
import { installPeers, PEERS } from './peers/list.ts';
import { LAYERS, type Problem, parseProblems } from './problems.ts';
import { writeReport } from './report.ts';
import { others, type Results } from './results.ts';
import { formatBars, formatOurs, formatOverLimit, formatPeers, formatScaling, roofLine } from './tables.ts';

interface Options {
  readonly shapes?: string;
  readonly only?: RegExp;
  readonly threads?: readonly number[];
  readonly isa?: string;
  readonly rounds: number;
  readonly budget: number;
  readonly peers?: true;
  readonly scaling?: true;
  readonly json?: string;
  readonly assert?: true;
}

const SCALING_BUDGET = 12;

const program = new Command('bench')
  .description('How fast conv1d is, beside what the machine can do and beside what else there is.')
  .option('--shapes <file>', 'measure the layers of a JSON file (see problems.ts) instead of the 23 of real networks')
  .option('--only <regex>', 'only layers whose name matches', regex)
  .option('--threads <list>', 'numbers of threads, as 1 or 1,2 (default: 1; with --peers 1,2)', threadList)
  .option('--isa <name>', 'force an implementation: avx512, avx2, neon or scalar')
  .option('--rounds <n>', 'rounds; the shortest time of all counts', positive, 5)
  .option('--budget <ms>', 'milliseconds for each layer in a round', positive, 150)
  .option('--peers', 'onnxruntime, PyTorch and tfjs too, overhead, memory and scaling, and the report in bench/report')
  .option('--scaling', 'cost against length, batch, channels and kernel size')
  .option('--json <file>', 'write the results to a file')
  .option('--assert', 'exit with 1 when a bar is missed');

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('it must be a positive integer.');
  return value;
}

function threadList(text: string): number[] {
  return [...new Set(text.split(',').map(positive))];
}

function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('it must be a regular expression.');
  }
}

function readProblems({ shapes, only }: Options): Problem[] {
  const all = shapes === undefined ? LAYERS : parseProblems(JSON.parse(readFileSync(shapes, 'utf8')));
  const problems = all.filter(({ name }) => only?.test(name) ?? true);
  if (problems.length === 0)
    throw new Error(`--only: no layer matches ${only}; there are ${all.map(({ name }) => name).join(', ')}`);
  return problems;
}

/** One line on a terminal, rewritten as things happen; one line per process where there is no terminal. */
function makeProgress(): Progress & { done(): void } {
  const spinner = ora({ discardStdin: false });
  let stage = '';
  return {
    stage(text) {
      stage = text;
      if (process.stderr.isTTY) spinner.start(text);
      else console.error(text);
    },
    layer(name, outcome) {
      if (process.stderr.isTTY) spinner.text = `${stage}: ${name} ${pc.dim(outcome)}`;
    },
    done: () => spinner.stop(),
  };
}

async function run(options: Options): Promise<number> {
  const problems = readProblems(options);
  // Loading refuses an implementation that this machine lacks.
  if (options.isa !== undefined) process.env.CONV1D_ISA = options.isa;
  const { cpuInfo } = await loadLibrary();
  const { isa, supported } = cpuInfo();
  const withPeers = options.peers ?? false;
  if (withPeers) installPeers((line) => console.error(line));

  const allThreads = options.threads ?? (withPeers && availableParallelism() > 1 ? [1, 2] : [1]);
  const settings: Setting[] = allThreads.map((threads) => ({ threads, isa, peers: withPeers ? PEERS : [] }));
  // The fractions of the peak that AVX-512 reaches are promised for AVX2, too.
  if (withPeers && isa === 'avx512' && supported.includes('avx2'))
    settings.push({ threads: 1, isa: 'avx2', peers: [] });

  const progress = makeProgress();
  const { rounds, budget } = options;
  const runs = await measureAll({ problems, settings, rounds, budget }, progress);
  const whole = withPeers && options.only === undefined && options.shapes === undefined;
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    version,
    machine: machineInfo(),
    rounds,
    problems,
    runs,
    ...(withPeers ? { overhead: await measureOverhead(isa, rounds, progress) } : {}),
    ...(whole ? { memory: await measureMemory(problems, isa, Math.max(...allThreads), progress) } : {}),
    ...(whole || options.scaling ? { scaling: await measureScaling(isa, rounds, SCALING_BUDGET, progress) } : {}),
  };
  progress.done();

  print(results);
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(results)}\n`);
  }
  if (whole)
    console.log(
      `\n${writeReport(results)
        .map((path) => `wrote ${path}`)
        .join('\n')}`,
    );
  const bars = barsOf(results);
  if (withPeers || options.assert) console.log(`\n${formatBars(bars)}`);
  return options.assert && bars.some(({ ok, stretch }) => !ok && !stretch) ? 1 : 0;
}

function print(results: Results): void {
  for (const one of results.runs) {
    console.log(`\n${pc.bold(roofLine(one))}\n\n${formatOurs(results, one)}\n${formatOverLimit(results, one)}`);
    if (others(one).length > 0) console.log(`\n${formatPeers(results, one)}`);
  }
  if (results.scaling !== undefined) console.log(`\n${formatScaling(results.scaling)}`);
}

try {
  process.exitCode = await run(program.parse().opts<Options>());
} catch (error) {
  console.error(`${pc.red('bench:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
