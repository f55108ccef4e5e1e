import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import ora from 'ora';
import pc from 'picocolors';
import type { Isa } from '../binding.d.ts';
import { backwardBars } from './backward/bars.ts';
import { runBackward, writeBackwardReport } from './backward/main.ts';
import { formatBackward } from './backward/print.ts';
import type { BackwardResults } from './backward/results.ts';
import type { Bar } from './barChecks.ts';
import { barsOf } from './bars.ts';
import { writeDocuments } from './documents/all.ts';
import { measureAll, type Progress, type Setting } from './harness.ts';
import { loadLibrary } from './library.ts';
import { currentCode } from './machines/code.ts';
import { machineInfo } from './machines/info.ts';
import { writeMachineReport } from './machines/reports.ts';
import { networkBars } from './networks/bars.ts';
import { runNetworks, writeNetworkReport } from './networks/main.ts';
import { formatNetworks } from './networks/print.ts';
import type { NetworkResults } from './networks/results.ts';
import { algorithmList, nameList, positive, positiveList, regex } from './options.ts';
import { measureMemory, measureOverhead, measureScaling } from './overheadMemoryScaling.ts';
import { installPeers, PEERS } from './peers/list.ts';
import { readProblems } from './problemFile.ts';
import type { Algorithm, Results } from './results.ts';
import { formatBars, formatResults } from './tables.ts';

interface Options {
  readonly networks?: true | readonly string[];
  readonly backward?: true;
  readonly shapes?: string;
  readonly only?: RegExp;
  readonly threads?: readonly number[];
  readonly isa?: readonly string[];
  readonly algorithm: readonly Algorithm[];
  readonly rounds: number;
  readonly budget?: number;
  readonly peers?: true;
  readonly scaling?: true;
  readonly machine?: string;
  readonly json?: string;
  readonly assert?: true;
}

/** Milliseconds for each layer, or network, and kind of loop in a round. */
const LAYER_BUDGET = 80;
const NETWORK_BUDGET = 400;
const SCALING_BUDGET = 12;

const program = new Command('bench')
  .description('How fast conv1d is, beside what the machine can do and beside what else there is.')
  .addOption(
    new Option('--networks [name...]', 'whole networks beside onnxruntime in place of layers: all, or some').conflicts([
      'shapes',
      'only',
      'scaling',
    ]),
  )
  .addOption(
    new Option(
      '--backward',
      'gradients of layers and steps of training of networks, beside PyTorch; without --only it writes the report',
    ).conflicts(['networks', 'shapes', 'scaling', 'peers', 'algorithm']),
  )
  .option('--shapes <file>', 'measure the layers of a JSON file (see problems.ts) instead of those of real networks')
  .option('--only <regex>', 'only layers whose name matches, with --backward networks too', regex)
  .option(
    '--threads <list>',
    'numbers of threads, as 1 or 1,2 (default: 1; with --peers or --backward 1,2)',
    positiveList,
  )
  .option(
    '--isa <list>',
    'implementations: avx512, avx2, neon, scalar (default: the best; with --peers avx2 too)',
    nameList,
  )
  .option('--algorithm <list>', 'direct, fast or both', algorithmList, ['direct', 'fast'])
  .option('--rounds <n>', 'rounds; the shortest time of all counts', positive, 5)
  .option(
    '--budget <ms>',
    `milliseconds for each layer and kind of loop in a round (default: ${LAYER_BUDGET}; of networks ${NETWORK_BUDGET})`,
    positive,
  )
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

/** The options that benchmarks of layers and of networks share. */
interface Asked {
  readonly options: Options;
  readonly withPeers: boolean;
  readonly isas: readonly Isa[];
  readonly threads: readonly number[];
  readonly progress: Progress;
}

/** What was measured, and what to do with it. */
interface Finished {
  readonly results: Results | NetworkResults | BackwardResults;
  readonly text: string;
  readonly bars: readonly Bar[];
  /** Writes the report and the documents and returns their paths; none when only a part was measured. */
  readonly write?: () => string[];
}

async function measureLayers({ options, withPeers, isas, threads, progress }: Asked): Promise<Finished> {
  const problems = readProblems(options);
  const { rounds, algorithm, budget = LAYER_BUDGET } = options;
  const forms = isas.flatMap((isa) => algorithm.map((each) => ({ algorithm: each, isa })));
  const settings: Setting[] = threads.map((count) => ({ threads: count, forms, peers: withPeers ? PEERS : [] }));
  const [isa, most] = [isas[0]!, Math.max(...threads)];
  const whole = withPeers && !isPart(options, options.only, options.shapes);
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
    ...(whole ? { memory: await measureMemory(problems, algorithm, isa, most, progress) } : {}),
    ...(whole || options.scaling ? { scaling: await measureScaling(isa, rounds, SCALING_BUDGET, progress) } : {}),
  };
  const write = () => [writeMachineReport(results), ...writeDocuments()];
  return { results, text: formatResults(results), bars: barsOf(results), ...(whole ? { write } : {}) };
}

async function measureWholeNetworks({ options, withPeers, isas, threads, progress }: Asked): Promise<Finished> {
  const names = Array.isArray(options.networks) ? options.networks : [];
  const { rounds, algorithm: algorithms, budget = NETWORK_BUDGET, machine } = options;
  const isWhole = withPeers && names.length === 0 && !isPart(options);
  const asked = { names, threads, isas, algorithms, rounds, budget, withPeers, isWhole, machine };
  const results = await runNetworks(asked, progress);
  const write = () => writeNetworkReport(results);
  return { results, text: formatNetworks(results), bars: networkBars(results), ...(isWhole ? { write } : {}) };
}

async function measureGradients({ options, isas, threads, progress }: Asked): Promise<Finished> {
  const { only, rounds, budget, machine } = options;
  const [layerBudget, networkBudget] = [budget ?? LAYER_BUDGET, budget ?? NETWORK_BUDGET];
  const results = await runBackward({ only, threads, isas, rounds, layerBudget, networkBudget, machine }, progress);
  const write = () => writeBackwardReport(results);
  const isWhole = results.pytorch !== null && !isPart(options, only);
  return { results, text: formatBackward(results), bars: backwardBars(results), ...(isWhole ? { write } : {}) };
}

/** Whether something was left out that a report has. */
function isPart({ threads, isa, algorithm }: Options, ...others: readonly unknown[]): boolean {
  return [threads, isa, ...others].some((each) => each !== undefined) || algorithm.length < 2;
}

async function run(options: Options): Promise<number> {
  const withPeers = options.peers ?? false;
  const ofNetworks = options.networks !== undefined;
  const ofGradients = options.backward ?? false;
  const { cpuInfo } = await loadLibrary();
  const isas = chooseIsas(options.isa, withPeers && !ofNetworks, cpuInfo().supported);
  if (withPeers) installPeers((line) => console.error(line));
  const threads = options.threads ?? ((withPeers || ofGradients) && availableParallelism() > 1 ? [1, 2] : [1]);

  const progress = makeProgress();
  const asked: Asked = { options, withPeers, isas, threads, progress };
  const measure = ofGradients ? measureGradients : ofNetworks ? measureWholeNetworks : measureLayers;
  const { results, text, bars, write } = await measure(asked);
  progress.done();

  console.log(text);
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(results)}\n`);
  }
  if (write !== undefined)
    console.log(
      `\n${write()
        .map((path) => `wrote ${path}`)
        .join('\n')}`,
    );
  if (withPeers || ofNetworks || ofGradients || options.assert) console.log(`\n${formatBars(bars)}`);
  return options.assert && bars.some(({ ok, stretch }) => !ok && !stretch) ? 1 : 0;
}

try {
  process.exitCode = await run(program.parse().opts<Options>());
} catch (error) {
  console.error(`${pc.red('bench:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
