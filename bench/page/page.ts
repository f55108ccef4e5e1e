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

/** Which other pages there are. */
interface OtherPages {
  readonly networks?: boolean;
  readonly backward?: boolean;
}

/** The report of all machines as one page. */
export function renderPage(reports: readonly MachineReport[], has: OtherPages = {}): string {
  const [first] = reports;
  if (first === undefined || first.results.runs.length === 0) throw new Error('there is nothing to report');
  const networks = has.networks ? '\n<a href="networks.html">Whole networks</a> have a page of their own.' : '';
  const backward = has.backward ? '\n<a href="backward.html">Gradients</a> have one too.' : '';
  return wholePage('conv1d: how fast it is', [
    `<p class="dim">${first.results.problems.length} layers, float32. Interleaved rounds, one fresh process for each
implementation and round; a time counts only when the result agrees with a float64 reference to what rounding explains.
<code>npm run bench:peers</code> adds the machine it runs on, or measures it again.${networks}${backward}</p>`,
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
