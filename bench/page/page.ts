import type { MachineReport } from '../machines/reports.ts';
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
import { STYLE } from './style.ts';

/** The report of all machines as one page that needs nothing else: no script, no network. */
export function renderPage(reports: readonly MachineReport[]): string {
  const [first] = reports;
  if (first === undefined || first.results.runs.length === 0) throw new Error('there is nothing to report');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>conv1d: how fast it is</title>
<style>${STYLE}</style>
</head>
<body>
<h1>conv1d: how fast it is</h1>
<p class="dim">${first.results.problems.length} layers, float32. Interleaved rounds, one fresh process for each
implementation and round; a time counts only when the result agrees with a float64 reference to what rounding explains.
<code>npm run bench:peers</code> adds the machine it runs on, or measures it again.</p>
${machineSection(reports)}
${summarySection(reports)}
${comparisonSection(reports)}
${fastSection(reports)}
${limitSection(reports)}
${rooflineSection(reports)}
${scalingSection(reports)}
${barSection(reports)}
${tableSection(reports)}
</body>
</html>
`;
}
