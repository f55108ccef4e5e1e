import { parseArgs } from 'node:util';
import { assemblyOf, type Unit } from './mca/compile.ts';
import { AVX2_CORES, AVX512_CORES, armCores, type Core } from './mca/cores.ts';
import { type KernelLoop, kernelLoops, widest } from './mca/kernels.ts';
import { innerLoops } from './mca/loops.ts';
import { type Prediction, predict } from './mca/model.ts';
import { findLlvm, requireProgram } from './mca/programs.ts';

// `npm run mca [-- --isa neon | avx512 | avx2] [--all]`: what llvm-mca predicts of the kernels' loops over the taps, for cores that are
// not here, as Markdown. `--all` shows strips of every width, not only the widest of each number of rows.
// Debian: cmake g++ doctest-dev g++-aarch64-linux-gnu llvm-19 clang-19.

const { values } = parseArgs({ options: { isa: { type: 'string' }, all: { type: 'boolean', default: false } } });

const ISAS: Readonly<Record<string, () => readonly Core[]>> = {
  neon: () => {
    requireProgram('aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu');
    return armCores(findLlvm('clang++'));
  },
  avx512: () => AVX512_CORES,
  avx2: () => AVX2_CORES,
};

const names = values.isa === undefined ? Object.keys(ISAS) : [values.isa];
const unknown = names.find((name) => !Object.hasOwn(ISAS, name));
if (unknown !== undefined) throw new Error(`--isa must be one of ${Object.keys(ISAS).join(', ')}, not ${unknown}`);
const llvmMca = findLlvm('llvm-mca');

interface Column {
  readonly core: Core;
  readonly kernels: readonly KernelLoop[];
  readonly predictions: readonly Prediction[];
}

const compiled = new Map<Unit, readonly KernelLoop[]>();

function kernelsOf(unit: Unit): readonly KernelLoop[] {
  const known = compiled.get(unit) ?? kernelLoops(innerLoops(assemblyOf(unit)));
  compiled.set(unit, known);
  return known;
}

function column(core: Core): Column {
  const all = kernelsOf(core.unit);
  const kernels = values.all ? all : widest(all);
  const predictions = predict(
    llvmMca,
    core,
    kernels.map(({ loop }) => loop),
  );
  return { core, kernels, predictions };
}

/** Cycles of a turn, the share of FMAs in the cycles of the FMA pipes, and what the loop waits for. */
function cell({ kernels, predictions }: Column, kernel: string): string {
  const prediction = predictions[kernels.findIndex((other) => other.kernel === kernel)];
  if (prediction === undefined) return '';
  const { cyclesPerTurn, busy, limit } = prediction;
  return `${cyclesPerTurn.toFixed(1)}, ${(100 * busy).toFixed(0)} %, ${limit}`;
}

for (const name of names) {
  const columns = ISAS[name]!().map(column);
  console.log(`\n| ${name} | FMAs | ${columns.map(({ core }) => core.name).join(' | ')} |`);
  console.log(`|---|---|${columns.map(() => '---|').join('')}`);
  for (const { kernel, rows, vectors } of columns[0]!.kernels) {
    console.log(`| ${kernel} | ${rows * vectors} | ${columns.map((each) => cell(each, kernel)).join(' | ')} |`);
  }
}
console.log(
  '\nCycles of a turn, the share of the cycles of all FMA pipes in which an FMA begins, what the loop waits for.',
);
