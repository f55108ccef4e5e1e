import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import pc from 'picocolors';
import { significant } from './documents/cells/table.ts';
import type { DuelLayer, DuelRequest } from './duel/run.ts';
import { type Estimate, judge, judgeAll, slowerThan, type Verdict } from './duel/verdict.ts';
import { algorithmList, atLeastTwo, positive, positiveNumber, regex } from './options.ts';
import { readProblems } from './problemFile.ts';
import type { Algorithm } from './results.ts';
import { runProcess } from './runPeer.ts';
import { newTable } from './tables.ts';

interface Options {
  readonly only?: RegExp;
  readonly shapes?: string;
  readonly threads: number;
  readonly isa?: string;
  readonly algorithm: readonly Algorithm[];
  readonly runs: number;
  readonly rounds: number;
  readonly budget: number;
  readonly failAbove?: number;
  readonly json?: string;
}

const program = new Command('bench:duel')
  .description(
    'What a change to the native code brings: the time of build B over that of build A, layer by layer. A process loads A, a copy of A, ' +
      'and B, and calls them in turns; A over A is the noise. Several processes, one after the other, give an interval.',
  )
  .argument('<A.node>', 'the build before')
  .argument('<B.node>', 'the build after')
  .option('--only <regex>', 'only layers whose name matches', regex)
  .option('--shapes <file>', 'the layers of a JSON file (docs/performance.md) instead of those of the harness')
  .option('--threads <n>', 'number of threads', positive, 1)
  .option('--isa <name>', 'force an implementation: avx512, avx2, neon or scalar')
  .option('--algorithm <list>', 'direct, fast or both', algorithmList, ['direct', 'fast'])
  .option('--runs <n>', 'independent runs, at least 2', atLeastTwo, 5)
  .option('--rounds <n>', 'rounds of each run', positive, 8)
  .option('--budget <ms>', 'milliseconds for each build, layer and round', positive, 10)
  .option(
    '--fail-above <ratio>',
    'exit with 1 when a layer is slower by more than this and than the noise',
    positiveNumber,
  )
  .option('--json <file>', 'write what all runs measured, and the verdicts, to a file');

async function run(fileA: string, fileB: string, options: Options): Promise<number> {
  const { threads, rounds, budget, algorithm: algorithms } = options;
  const problems = readProblems(options);
  for (const file of [fileA, fileB]) if (!existsSync(file)) throw new Error(`there is no build '${file}'`);
  const scratch = mkdtempSync(join(tmpdir(), 'conv1d-duel-'));
  try {
    // The system loads a file once, whatever asks for it: a second A is another file.
    const again = join(scratch, 'again.node');
    copyFileSync(fileA, again);
    const builds = [resolve(fileA), again, resolve(fileB)] as const;
    const request: DuelRequest = { builds, problems, algorithms, threads, rounds, budget };
    const runs: DuelLayer[][] = [];
    for (let i = 1; i <= options.runs; i++) {
      console.error(`run ${i}/${options.runs}`);
      runs.push(await oneRun(request, options.isa));
    }
    const verdicts = runs[0]!.map((_, layer) => judge(runs.map((layers) => layers[layer]!)));
    for (const algorithm of algorithms) console.log(`\n${format(algorithm, verdicts, runs)}`);
    if (options.json !== undefined) {
      mkdirSync(dirname(options.json), { recursive: true });
      writeFileSync(options.json, `${JSON.stringify({ request, verdicts, runs })}\n`);
    }
    const tooSlow = options.failAbove === undefined ? [] : slowerThan(options.failAbove, verdicts);
    for (const { name, algorithm, change } of tooSlow) {
      console.error(pc.red(`${name}, ${algorithm}: ${change.ratio.toFixed(3)} of the time before`));
    }
    return tooSlow.length > 0 ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function oneRun(request: DuelRequest, isa: string | undefined): Promise<DuelLayer[]> {
  const layers: DuelLayer[] = [];
  const script = fileURLToPath(new URL('duel/run.ts', import.meta.url));
  const environment: Record<string, string> = isa === undefined ? {} : { CONV1D_ISA: isa };
  await runProcess(process.execPath, ['--import', 'tsx', script], environment, JSON.stringify(request), (line) => {
    layers.push(JSON.parse(line) as DuelLayer);
  });
  return layers;
}

function format(algorithm: Algorithm, all: readonly Verdict[], runs: readonly (readonly DuelLayer[])[]): string {
  const table = newTable(
    [algorithm, 'A, ms', 'B/A', '95 %', 'A/A', 'medians', '', ''],
    ['left', 'right', 'right', 'left', 'left', 'right', 'left', 'left'],
  );
  const verdicts = all.filter((verdict) => verdict.algorithm === algorithm);
  for (const { name, ms, change, noise, medianChange, outcome, sameBits } of verdicts) {
    table.push([
      name,
      significant(ms),
      change.ratio.toFixed(3),
      interval(change),
      pc.dim(interval(noise)),
      medianChange.ratio.toFixed(3),
      outcome === 'slower' ? pc.red(outcome) : outcome === 'faster' ? pc.green(outcome) : '',
      sameBits ? '' : 'other bits',
    ]);
  }
  const { change, noise, medianChange } = judgeAll(
    runs.map((layers) => layers.filter((layer) => layer.algorithm === algorithm)),
  );
  table.push([
    pc.bold('geometric mean'),
    '',
    pc.bold(change.ratio.toFixed(3)),
    interval(change),
    pc.dim(interval(noise)),
    medianChange.ratio.toFixed(3),
    '',
    '',
  ]);
  const count = (outcome: Verdict['outcome']) => verdicts.filter((verdict) => verdict.outcome === outcome).length;
  return `${table.toString()}\n${count('faster')} faster, ${count('slower')} slower, ${count('the same')} within the noise`;
}

function interval({ low, high }: Estimate): string {
  return `${low.toFixed(3)} to ${high.toFixed(3)}`;
}

try {
  const { args } = program.parse();
  process.exitCode = await run(args[0]!, args[1]!, program.opts<Options>());
} catch (error) {
  console.error(`${pc.red('bench:duel:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
