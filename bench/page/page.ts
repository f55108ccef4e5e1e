import type { MachineReport } from '../machines/reports.ts';
import { wholePage } from './html.ts';
import {
  barSection,
  comparisonSection,
  fastSection,
  limitSection,
  machineSection,
  rooflineSection,
  scalingSection,
  summarySection,
  tableSection,
} from './sections.ts';

/** The report of all machines as one page. */
export function renderPage(reports: readonly MachineReport[], hasNetworks = false): string {
  const [first] = reports;
  if (first === undefined || first.results.runs.length === 0) throw new Error('there is nothing to report');
  const networks = hasNetworks ? '\n<a href="networks.html">Whole networks</a> have a page of their own.' : '';
  return wholePage('conv1d: how fast it is', [
    `<p class="dim">${first.results.problems.length} layers, float32. Interleaved rounds, one fresh process for each
implementation and round; a time counts only when the result agrees with a float64 reference to what rounding explains.
<code>npm run bench:peers</code> adds the machine it runs on, or measures it again.${networks}</p>`,
    machineSection(reports),
    summarySection(reports),
    comparisonSection(reports),
    fastSection(reports),
    limitSection(reports),
    rooflineSection(reports),
    scalingSection(reports),
    barSection(reports),
    tableSection(reports),
  ]);
}
