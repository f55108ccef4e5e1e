import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Command } from 'commander';
import ora from 'ora';
import pc from 'picocolors';
import type { Isa } from '../binding.d.ts';
import { barsOf } from './bars.ts';
import { writeDocuments } from './documents/all.ts';
import { measureAll, type Progress, type Setting } from './harness.ts';
import { loadLibrary } from './library.ts';
import { currentCode } from './machines/code.ts';
import { machineInfo } from './machines/info.ts';
import { writeMachineReport } from './machines/reports.ts';
import { algorithmList, nameList, positive, positiveList, regex } from './options.ts';
import { measureMemory, measureOverhead, measureScaling } from './overheadMemoryScaling.ts';
import { installPeers, PEERS } from './peers/list.ts';
import { readProblems } from './problemFile.ts';
import type { Algorithm, Results } from './results.ts';
import { formatBars, formatResults } from './tables.ts';

interface Options {
  readonly shapes?: string;
  readonly only?: RegExp;
  readonly threads?: readonly number[];
  readonly isa?: readonly string[];
  readonly algorithm: readonly Algorithm[];
  readonly rounds: number;
  readonly budget: number;
  readonly peers?: true;
  readonly scaling?: true;
  readonly machine?: string;
  readonly json?: string;
  readonly assert?: true;
}

const SCALING_BUDGET = 12;

const program = new Command('bench')
  .description('How fast conv1d is, beside what the machine can do and beside what else there is.')
  .option('--shapes <file>', 'measure the layers of a JSON file (see problems.ts) instead of those of real networks')
  .option('--only <regex>', 'only layers whose name matches', regex)
  .option('--threads <list>', 'numbers of threads, as 1 or 1,2 (default: 1; with --peers 1,2)', positiveList)
  .option(
    '--isa <list>',
    'implementations: avx512, avx2, neon, scalar (default: the best; with --peers avx2 too)',
    nameList,
  )
  .option('--algorithm <list>', 'direct, fast or both', algorithmList, ['direct', 'fast'])
  .option('--rounds <n>', 'rounds; the shortest time of all counts', positive, 5)
  .option('--budget <ms>', 'milliseconds for each layer and kind of loop in a round', positive, 80)
  .option(
    '--peers',
    'onnxruntime, PyTorch and tfjs too, overhead, memory and scaling; the report, documents and pictures',
  )
  .option('--scaling', 'cost against length, batch, channels and kernel size')
  .option('--machine <name>', 'what the report calls this machine, and its file of bench/report')
  .option('--json <file>', 'write the results to a file')
  .option('--assert', 'exit with 1 when a bar is missed');

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

/** The implementations to measure, best first. */
function chooseIsas(asked: readonly string[] | undefined, withPeers: boolean, supported: readonly Isa[]): Isa[] {
  const unknown = asked?.find((isa) => !supported.some((known) => known === isa));
  if (unknown !== undefined)
    throw new Error(`--isa: this machine does not run '${unknown}'; it runs ${supported.join(', ')}`);
  if (asked !== undefined) return supported.filter((isa) => asked.includes(isa));
  // What most servers have is promised as much as what this one can do.
  return supported.filter((isa, rank) => rank === 0 || (withPeers && isa === 'avx2'));
}

async function run(options: Options): Promise<number> {
  const problems = readProblems(options);
  const withPeers = options.peers ?? false;
  const { cpuInfo } = await loadLibrary();
  const isas = chooseIsas(options.isa, withPeers, cpuInfo().supported);
  if (withPeers) installPeers((line) => console.error(line));

  const allThreads = options.threads ?? (withPeers && availableParallelism() > 1 ? [1, 2] : [1]);
  const forms = isas.flatMap((isa) => options.algorithm.map((algorithm) => ({ algorithm, isa })));
  const settings: Setting[] = allThreads.map((threads) => ({ threads, forms, peers: withPeers ? PEERS : [] }));

  const progress = makeProgress();
  const { rounds, budget } = options;
  const [isa, most] = [isas[0]!, Math.max(...allThreads)];
  const { only, shapes, threads, algorithm } = options;
  const isPart = [only, shapes, threads, options.isa].some((each) => each !== undefined) || algorithm.length < 2;
  const whole = withPeers && !isPart;
  // What is measured is the code as it stands now, whatever is edited meanwhile.
  const code = currentCode();
  const machine = machineInfo();
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    code,
    machine: { ...machine, name: options.machine ?? machine.name },
    rounds,
    problems,
    runs: await measureAll({ problems, settings, rounds, budget }, progress),
    ...(withPeers ? { overhead: await measureOverhead(isa, rounds, progress) } : {}),
    ...(whole ? { memory: await measureMemory(problems, options.algorithm, isa, most, progress) } : {}),
    ...(whole || options.scaling ? { scaling: await measureScaling(isa, rounds, SCALING_BUDGET, progress) } : {}),
  };
  progress.done();

  console.log(formatResults(results));
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(results)}\n`);
  }
  if (whole)
    console.log(`\n${[writeMachineReport(results), ...writeDocuments()].map((path) => `wrote ${path}`).join('\n')}`);
  const bars = barsOf(results);
  if (withPeers || options.assert) console.log(`\n${formatBars(bars)}`);
  return options.assert && bars.some(({ ok, stretch }) => !ok && !stretch) ? 1 : 0;
}

try {
  process.exitCode = await run(program.parse().opts<Options>());
} catch (error) {
  console.error(`${pc.red('bench:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
