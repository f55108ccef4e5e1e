import { barsOf } from '../bars.ts';
import { counted, type Figure, meanOf, nativeRatios, overLimit, ratios, times } from '../figures.ts';
import { machineFile } from '../machines/info.ts';
import { codeText, type MachineReport } from '../machines/reports.ts';
import { isaName, isasOf, type Results, threadsText } from '../results.ts';
import { roofLine } from '../tables.ts';
import { layerCells, medianTables, sideBySideCells } from './cells/layers.ts';
import { summaryCells } from './cells/summary.ts';
import { type Cells, markdownTable } from './cells/table.ts';
import { fillFile } from './fill.ts';
import { layersPicture } from './speedPicture.ts';

/** Fills the tables of docs/performance.md, each between its `<!-- name -->` and `<!-- /name -->`; returns the path. */
export function writePerformanceDocument(reports: readonly MachineReport[]): string {
  return fillFile('docs/performance.md', performanceParts(reports));
}

export function performanceParts(reports: readonly MachineReport[]): Record<string, string> {
  return {
    machines: reports.map(machine).join('\n'),
    summary: `${tableOr(summaryCells(reports, 'shortest'), 'No other library was measured.')}\n\n${overLimitMeans(reports)}`,
    medians: (['tight', 'yielding'] as const)
      .map((kind) => `${LOOPS[kind]}:\n\n${tableOr(summaryCells(reports, kind), 'not in these runs.')}`)
      .join('\n\n'),
    pictures: reports
      .map(
        ({ results: { machine: info } }) =>
          `![Time of each layer over that of conv1d on ${info.name}](${layersPicture(info)})`,
      )
      .join('\n\n'),
    losses: reports.map(losses).join('\n\n'),
    layers: markdownTable(sideBySideCells(reports)),
    times: reports.map(allTimes).join('\n\n'),
    bars: reports.map(bars).join('\n\n'),
  };
}

function tableOr(cells: Cells | null, otherwise: string): string {
  return cells === null ? otherwise : markdownTable(cells);
}

const LOOPS = { tight: 'Loops that never yield', yielding: 'Loops that give the event loop a turn between calls' };

function machine(report: MachineReport): string {
  const { machine: info, runs, rounds, date } = report.results;
  const { name, cpu, processors, memoryGiB, system, node } = info;
  return [
    `- **${name}**: ${codeText(report)}, ${date}, ${rounds} rounds. ${cpu}, ${processors} processors, ${memoryGiB} GiB; ${system}; Node ${node}. [Raw results](../bench/report/${machineFile(name)}.json)`,
    ...runs.flatMap((run) => isasOf(run).map((isa) => `  - ${roofLine(run, isa)}`)),
  ].join('\n');
}

function overLimitMeans(reports: readonly MachineReport[]): string {
  const lines = reports.map(({ results }) => {
    const means = results.runs.flatMap((run) =>
      isasOf(run).flatMap((isa) => {
        const over = overLimit(results, run, isa);
        if (counted(over).length === 0) return [];
        return [`${meanOf(over).toFixed(3)} (${isaName(isa)}, ${threadsText(run.threads)})`];
      }),
    );
    return `- ${results.machine.name}: ${means.join(', ')}`;
  });
  return `The direct sum's time over limit, geometric mean without the seed layer:\n\n${lines.join('\n')}`;
}

function losses({ results }: MachineReport): string {
  const lines = results.runs.flatMap((run) =>
    run.peers.flatMap((peer) =>
      ratios(results, run, [peer.id])
        .filter(({ value }) => value < 1)
        .map(
          ({ name, value }) =>
            `- ${name}, ${threadsText(run.threads)}: ${peer.name} takes ${value.toFixed(2)} of our time`,
        ),
    ),
  );
  const beside = lines.length === 0 ? ['Beside other libraries, on no layer of this run.'] : lines;
  return [`### ${results.machine.name}`, '', ...beside, ...nativeLosses(results)].join('\n');
}

function nativeLosses(results: Results): string[] {
  const run = results.runs.find(({ threads }) => threads === 1);
  const native = run === undefined ? null : nativeRatios(results, run);
  if (native === null) return [];
  const slower = (figures: readonly Figure[]) =>
    figures
      .filter(({ value }) => value > 1)
      .sort((a, b) => b.value - a.value)
      .map(({ name, value }) => `${name} ${times(value, 1)}`)
      .join(', ');
  return [
    '',
    'Beside the best native kernels, called from C++, on one thread, we take longer here:',
    '',
    `- than the better of oneDNN on (N, C, L) and LIBXSMM: ${slower(native.better) || 'on no layer'};`,
    `- than oneDNN in a layout of its own, converted for free: ${slower(native.blocked) || 'on no layer'}.`,
  ];
}

function allTimes({ results }: MachineReport): string {
  return results.runs
    .map((run) => {
      const title = `### ${results.machine.name}, ${threadsText(run.threads)}`;
      const tables = [layerCells(results, run), ...medianTables(results, run)].map(markdownTable);
      const parts = [title, tables[0]!, ...(tables.length > 1 ? ['Medians:', ...tables.slice(1)] : [])];
      return parts.join('\n\n');
    })
    .join('\n\n');
}

function bars({ results }: MachineReport): string {
  const rows = barsOf(results).map(({ group, text, figure, ok, stretch }) => {
    const mark = ok ? 'holds' : stretch ? 'missed' : '**fails**';
    return [group, stretch ? `${text} (stretch)` : text, mark, figure];
  });
  return `### ${results.machine.name}\n\n${markdownTable({ head: ['', 'bar', '', 'measured'], rows, words: 4 })}`;
}
