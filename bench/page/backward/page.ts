import type { BackwardResults } from '../../backward/results.ts';
import type { MachineReport } from '../../machines/reports.ts';
import { wholePage } from '../html.ts';
import {
  barSection,
  kernelSection,
  layerSection,
  machineSection,
  networkSection,
  summarySection,
  tableSection,
} from './sections.ts';

/** The report of gradients on all machines as one page. */
export function renderBackwardPage(reports: readonly MachineReport<BackwardResults>[]): string {
  const [first] = reports;
  if (first === undefined || first.results.runs.length === 0) throw new Error('there is nothing to report');
  const { layers, networks } = first.results;
  return wholePage('conv1d: gradients and training', [
    `<p class="dim">${layers.length} layers, forward and backward, and a step of training of ${networks.length} networks, float32, beside
the PyTorch of the system's Python (Debian's has no MKL). Both take turns, PyTorch in a process of its own; a time counts only when the
gradients are PyTorch's, but for rounding. <code>npm run bench -- --backward</code> adds the machine it runs on, or measures it again.
<a href="index.html">Forward alone</a> has a page of its own.</p>`,
    machineSection(reports),
    summarySection(reports),
    layerSection(reports),
    kernelSection(reports),
    networkSection(reports),
    barSection(reports),
    tableSection(reports),
  ]);
}
