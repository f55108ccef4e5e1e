import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import ora from 'ora';
import pc from 'picocolors';
import { significant } from './documents/cells/table.ts';
import { loadAddon } from './library.ts';
import { nonNegative, positive } from './options.ts';
import { describeProblem, type Problem } from './problems.ts';
import { randomLayers } from './random/layers.ts';
import { measureRandom } from './random/measure.ts';
import { type Group, type RandomResult, ratioOf, type Summary, summarizeRandom } from './random/summary.ts';
import { FAST_LOSS, fastCell, newTable } from './tables.ts';

interface Options {
  readonly layers: number;
  readonly layer?: number;
  readonly seed: number;
  readonly threads: number;
  readonly isa?: string;
  readonly rounds: number;
  readonly budget: number;
  readonly json?: string;
}

const program = new Command('bench:random')
  .description(
    "Whether 'fast' takes the right algorithm: random layers of all families, fast and direct called in turns in one process. Exit " +
      'code 1 when a fast result is wrong.',
  )
  .option('--layers <n>', 'how many layers', positive, 300)
  .option('--layer <i>', 'the layer of this number alone', nonNegative)
  .option('--seed <n>', 'which layers', nonNegative, 1)
  .option('--threads <n>', 'number of threads', positive, 1)
  .option('--isa <name>', 'force an implementation: avx512, avx2, neon or scalar')
  .option('--rounds <n>', 'rounds of each layer', positive, 8)
  .option('--budget <ms>', 'milliseconds for each of both in a round', positive, 15)
  .option('--json <file>', 'write all figures to a file');

async function run(options: Options): Promise<number> {
  const { threads, seed, rounds, budget } = options;
  if (options.isa !== undefined) process.env.CONV1D_ISA = options.isa;
  const addon = await loadAddon();
  addon.setNumThreads(threads);
  const all = randomLayers(Math.max(options.layers, (options.layer ?? 0) + 1), seed);
  const chosen = options.layer === undefined ? all : all.slice(options.layer, options.layer + 1);

  const spinner = ora({ discardStdin: false });
  if (process.stderr.isTTY) spinner.start();
  const results = chosen.map((layer, i) => {
    spinner.text = `layer ${i + 1}/${chosen.length}: ${layer.family}, ${describeProblem(layer.problem)}`;
    spinner.render();
    return measureRandom(addon, layer, rounds, budget);
  });
  spinner.stop();

  const summary = summarizeRandom(results, FAST_LOSS);
  const { isa } = addon.cpuInfo();
  console.log(
    `${chosen.length} layers, seed ${seed}, ${isa}, ${threads} thread${threads === 1 ? '' : 's'}: fast over direct\n`,
  );
  console.log(format(summary, results.length));
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify({ seed, isa, threads, rounds, budget, summary, results })}\n`);
  }
  return summary.wrong.length > 0 ? 1 : 0;
}

function format({ whole, algorithms, families, losses, wrong }: Summary, count: number): string {
  const parts = [
    groups('', whole, count),
    groups('algorithm taken', algorithms, count),
    groups('family', families, count),
    losses.length === 0 ? `none above ${FAST_LOSS}` : `above ${FAST_LOSS}:\n${list(losses)}`,
  ];
  if (wrong.length > 0) parts.push(pc.red(`wrong results:\n${list(wrong)}`));
  return parts.join('\n\n');
}

function groups(title: string, all: readonly Group[], count: number): string {
  const table = newTable(
    [title, 'layers', 'share', 'shortest', 'medians', 'estimated'],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  );
  for (const { name, layers, shortest, medians, estimated } of all) {
    const share = `${((100 * layers) / count).toFixed(0)} %`;
    table.push([name, layers, share, fastCell(shortest, 3), medians.toFixed(3), estimated.toFixed(3)]);
  }
  return table.toString();
}

function list(results: readonly RandomResult[]): string {
  const table = newTable(
    ['--layer', 'family', '', 'taken', 'direct, ms', 'fast / direct', 'medians', 'estimated', 'rounding'],
    ['right', 'left', 'left', 'left', 'right', 'right', 'right', 'right', 'right'],
  );
  for (const result of results) {
    const { problem, family, algorithm, direct, fast, estimated, disagreement } = result;
    table.push([
      problem.name,
      family,
      pc.dim(sizeOf(problem)),
      algorithm,
      significant(direct.minMs),
      ratioOf(result).toFixed(3),
      (fast.medianMs / direct.medianMs).toFixed(3),
      estimated.toFixed(3),
      disagreement.toFixed(2),
    ]);
  }
  return table.toString();
}

function sizeOf(problem: Problem): string {
  return `${describeProblem(problem)}, padding ${problem.padLeft} ${problem.padRight}`;
}

try {
  process.exitCode = await run(program.parse().opts<Options>());
} catch (error) {
  console.error(`${pc.red('bench:random:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
