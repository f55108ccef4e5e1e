import { fastRatios, ratios } from '../../figures.ts';
import { limitOf } from '../../limits.ts';
import type { MachineReport } from '../../machines/reports.ts';
import { describeProblem, nominalFlops, type Problem } from '../../problems.ts';
import { isaName, ours, type Results, type Run, roofOf, timeOf } from '../../results.ts';
import { type Cells, significant, timeCell } from './table.ts';

/** All times of a machine with a number of threads: ours in every form, then the other libraries, the shortest of all rounds. */
export function layerCells({ problems }: Results, run: Run): Cells {
  const own = run.own.map((one) => ({ head: `${one.algorithm} ${isaName(one.isa)}`, one }));
  const others = run.peers.map((one) => ({ head: one.name, one }));
  const rows = problems.map((problem, layer) => {
    const direct = timeOf(ours(run), layer);
    return [
      problem.name,
      ...own.map(({ one }) => timeCell(timeOf(one, layer))),
      direct === null ? '-' : significant(nominalFlops(problem) / direct / 1e6),
      direct === null ? '-' : (direct / limitOf(problem, roofOf(run)).ms).toFixed(2),
      ...others.map(({ one }) => timeCell(timeOf(one, layer))),
    ];
  });
  const heads = (all: readonly { readonly head: string }[]) => all.map(({ head }) => head);
  return { head: ['layer', ...heads(own), 'GFLOP/s', 'over limit', ...heads(others)], rows, words: 1 };
}

/** The medians of loops that never yield, and of loops that do, of our forms and of the other libraries; none where there are none. */
export function medianTables({ problems }: Results, run: Run): Cells[] {
  const own = run.own.map((one) => ({ name: `${one.algorithm} ${isaName(one.isa)}`, one }));
  const others = run.peers.map((one) => ({ name: one.name, one }));
  return [own, others].flatMap((all) => {
    const columns = all.flatMap(({ name, one }) => {
      const hasTwoLoops = one.outcomes.some((outcome) => !('why' in outcome) && outcome.yielding !== undefined);
      const tight = { head: name, one, kind: 'tight' as const };
      return hasTwoLoops ? [tight, { head: '... yielding', one, kind: 'yielding' as const }] : [tight];
    });
    const rows = problems.map(({ name }, layer) => [
      name,
      ...columns.map(({ one, kind }) => timeCell(timeOf(one, layer, kind))),
    ]);
    const isEmpty = rows.every(([, ...cells]) => cells.every((cell) => cell === '-'));
    return isEmpty ? [] : [{ head: ['layer', ...columns.map(({ head }) => head)], rows, words: 1 }];
  });
}

/** Layer by layer, what one thread of each machine makes of it. */
export function sideBySideCells(reports: readonly MachineReport[]): Cells {
  const machines = reports.flatMap(({ results }) => {
    const run = results.runs.find(({ threads }) => threads === 1);
    return run === undefined ? [] : [{ results, run }];
  });
  const problems = new Map<string, Problem>();
  for (const { results } of machines) for (const problem of results.problems) problems.set(problem.name, problem);
  const heads = machines.flatMap(({ results }) => [
    `${results.machine.name}, ms`,
    'fast over direct',
    'over limit',
    'nearest other',
  ]);
  const rows = [...problems.values()].map((problem) => [
    problem.name,
    describeProblem(problem),
    ...machines.flatMap(({ results, run }) => machineCells(results, run, problem.name)),
  ]);
  return { head: ['layer', 'size', ...heads], rows, words: 2 };
}

function machineCells(results: Results, run: Run, name: string): string[] {
  const layer = results.problems.findIndex((problem) => problem.name === name);
  const direct = timeOf(ours(run), layer);
  if (layer < 0 || direct === null) return ['-', '-', '-', '-'];
  const ratioCell = (figures: readonly { readonly name: string; readonly value: number }[]) => {
    const figure = figures.find((each) => each.name === name);
    return figure === undefined ? '-' : `${figure.value.toFixed(2)}x`;
  };
  return [
    significant(direct),
    ratioCell(fastRatios(results, run)),
    (direct / limitOf(results.problems[layer]!, roofOf(run)).ms).toFixed(2),
    ratioCell(
      ratios(
        results,
        run,
        run.peers.map(({ id }) => id),
      ),
    ),
  ];
}
