import pc from 'picocolors';
import type { Cells } from '../documents/cells/table.ts';
import { newTable } from '../tables.ts';
import type { NetworkResults } from './results.ts';
import { errorCells, missingLines, peakLine, ratioCells, timeCells } from './tables.ts';

/** Everything that was measured of networks, as a terminal shows it. */
export function formatNetworks(results: NetworkResults): string {
  return results.runs
    .map((run) => {
      const errors = errorCells(results, run);
      return [
        `\n${pc.bold(peakLine(run))}`,
        `medians and shortest calls\n${terminalTable(timeCells(results, run))}`,
        `ratios of medians\n${terminalTable(ratioCells(results, run))}`,
        ...(errors === null ? [] : [`errors over those of onnxruntime\n${terminalTable(errors)}`]),
        missingLines(results, run)
          .map((line) => pc.red(line))
          .join('\n'),
      ].join('\n\n');
    })
    .join('\n');
}

/** Cells without lines, for a terminal. */
export function terminalTable({ head, rows, words }: Cells): string {
  const table = newTable(
    // Two short lines are narrower than a long one.
    head.map((text) => text.replace(/ over |, /, (between) => `${between.trimEnd()}\n`)),
    head.map((_, i) => (i < words ? 'left' : 'right')),
  );
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
