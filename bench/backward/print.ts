import pc from 'picocolors';
import { terminalTable } from '../networks/print.ts';
import type { BackwardResults } from './results.ts';
import { apartLine, layerCells, missingLines, networkCells, peakLine, summaryCells } from './tables.ts';

/** Everything that was measured of gradients, as a terminal shows it. */
export function formatBackward(results: BackwardResults): string {
  const pytorch = results.pytorch === null ? pc.red('without PyTorch: nothing was compared') : '';
  const runs = results.runs.map((run) => {
    const apart = apartLine(results, run);
    const parts = [
      `\n${pc.bold(peakLine(run))}`,
      ...(results.layers.length === 0
        ? []
        : [`forward and backward of layers, medians and shortest calls\n${terminalTable(layerCells(results, run))}`]),
      ...(results.networks.length === 0
        ? []
        : [`a step of training, medians and shortest calls\n${terminalTable(networkCells(results, run))}`]),
      terminalTable(summaryCells([{ head: 'medians', results, run }])),
      ...(apart === null ? [] : [apart]),
      ...missingLines(results, run).map((line) => pc.red(line)),
    ];
    return parts.join('\n\n');
  });
  return [...(pytorch === '' ? [] : [pytorch]), ...runs].join('\n');
}
