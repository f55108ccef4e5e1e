import type { MachineReport } from '../../machines/reports.ts';
import type { NetworkResults } from '../../networks/results.ts';
import { wholePage } from '../html.ts';
import {
  barSection,
  comparisonSection,
  errorSection,
  limitSection,
  machineSection,
  stepSection,
  summarySection,
  tableSection,
} from './sections.ts';

/** The report of networks on all machines as one page. */
export function renderNetworkPage(reports: readonly MachineReport<NetworkResults>[]): string {
  const [first] = reports;
  if (first === undefined || first.results.runs.length === 0) throw new Error('there is nothing to report');
  return wholePage('conv1d: whole networks', [
    `<p class="dim">${first.results.networks.length} networks with the same weights everywhere, float32. All ways of running one take turns in
one process, PyTorch in one beside it; a time counts only when the result is that of onnxruntime, but for rounding.
<code>npm run bench:peers -- --networks</code> adds the machine it runs on, or measures it again. <a href="index.html">Single layers</a> have
a page of their own.</p>`,
    machineSection(reports),
    summarySection(reports),
    comparisonSection(reports),
    limitSection(reports),
    stepSection(reports),
    errorSection(reports),
    barSection(reports),
    tableSection(reports),
  ]);
}
