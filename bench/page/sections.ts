import { barsOf } from '../bars.ts';
import { layerCells, medianTables, sideBySideCells } from '../documents/cells/layers.ts';
import { summaryCells } from '../documents/cells/summary.ts';
import { fastRatios, meanOf } from '../figures.ts';
import { codeText, type MachineReport } from '../machines/reports.ts';
import { isaName, isasOf, type Results, threadsText } from '../results.ts';
import { roofLine } from '../tables.ts';
import { comparisonCharts } from './charts/comparison.ts';
import { fastCharts } from './charts/fast.ts';
import type { Case, IsaCase } from './charts/frame.ts';
import { limitCharts } from './charts/limit.ts';
import { rooflineChart } from './charts/roofline.ts';
import { machineColour, scalingChart } from './charts/scaling.ts';
import { SERIES, shownSeries } from './charts/series.ts';
import { barCard, card, grid, html, table } from './html.ts';

/** The layers of all machines: a drawing has a row for each, so that drawings line up. */
function layersOf(reports: readonly MachineReport[]): string[] {
  return [...new Set(reports.flatMap(({ results }) => results.problems.map(({ name }) => name)))];
}

/** The runs with each number of threads, those of all machines beside each other. */
function casesByThreads(reports: readonly MachineReport[]): Case[] {
  const cases = reports.flatMap(({ results }) => results.runs.map((run) => ({ results, run })));
  return cases.sort((a, b) => a.run.threads - b.run.threads);
}

/** One thread with each instruction set, those of all machines beside each other, the best first. */
function singleByIsa(reports: readonly MachineReport[]): IsaCase[] {
  const single = casesByThreads(reports).filter(({ run }) => run.threads === 1);
  return single
    .flatMap((one) => isasOf(one.run).map((isa, rank) => ({ ...one, isa, rank })))
    .sort((a, b) => a.rank - b.rank);
}

export function machineSection(reports: readonly MachineReport[]): string {
  const machines = reports.map((report) => {
    const { machine, runs, rounds, date } = report.results;
    const roofs = runs.flatMap((run) => isasOf(run).map((isa) => `<li>${html(roofLine(run, isa))}</li>`));
    const mark = report.isCurrent ? '' : ' <b class="old">older code</b>';
    return `<div class="card"><h3>${html(machine.name)}${mark}</h3>
<p class="dim">${html(codeText(report))}, ${date}, ${rounds} rounds. ${html(machine.cpu)}, ${machine.processors} processors,
${machine.memoryGiB} GiB; ${html(machine.system)}; Node ${html(machine.node)}.</p><ul class="plain dim">${roofs.join('')}</ul></div>`;
  });
  return grid(machines);
}

const KINDS = [
  ['shortest', 'Shortest calls'],
  ['tight', 'Medians, in loops that never yield'],
  ['yielding', 'Medians, in loops that give the event loop a turn between calls'],
] as const;

export function summarySection(reports: readonly MachineReport[]): string {
  const tables = KINDS.flatMap(([kind, title]) => {
    const cells = summaryCells(reports, kind);
    return cells === null ? [] : [`<h3>${title}</h3>${table(cells)}`];
  });
  if (tables.length === 0) return '';
  return `<h2>In short</h2>
<p>Time over that of conv1d's direct sum with the best instruction set, geometric means over the layers of real networks; in brackets how
many layers a mean covers where it is not all.</p>
${tables.join('')}`;
}

export function comparisonSection(reports: readonly MachineReport[]): string {
  const cases = casesByThreads(reports).filter(({ results, run }) => shownSeries(results, run).length > 0);
  if (cases.length === 0) return '';
  const shown = SERIES.filter((series) => cases.some(({ results, run }) => shownSeries(results, run).includes(series)));
  const key = shown.map(({ name, note, glyph, colour }) => {
    return `<span><i class="glyph" style="color:var(--${colour})">${glyph}</i>${html(`${name} ${note}`.trim())}</span>`;
  });
  const drawings = comparisonCharts(cases, layersOf(reports));
  const cards = cases.map(({ results, run }, i) =>
    card(`${results.machine.name}, ${threadsText(run.threads)}`, drawings[i]!),
  );
  const versions = reports.map(({ results }) => versionsOf(results)).filter((text) => text !== '');
  return `<h2>Against other libraries</h2>
<p>Time over that of conv1d's direct sum, shortest calls, on a logarithmic axis: right of the line is slower, left of it faster. Layers
without a mark are ones that the library cannot compute. PyTorch is the one that the system's Python has; docs/performance.md says what it
lacks. ${agreement(reports)}</p>
<p class="key">${key.join(' ')}</p>
${grid(cards)}
<p class="dim">${versions.map(html).join('<br>')}</p>
${missing(reports)}`;
}

/** `AMD EPYC (Zen 4): onnxruntime 1.30, PyTorch 1.13`. */
function versionsOf({ machine, runs }: Results): string {
  const [first] = runs;
  if (first === undefined || first.peers.length === 0) return '';
  const peers = first.peers.filter(({ why }) => why === undefined).map(({ name, version }) => `${name} ${version}`);
  return `${machine.name}: ${peers.join('; ')}`;
}

function missing(reports: readonly MachineReport[]): string {
  const lines = reports.flatMap(({ results }) =>
    results.runs.flatMap((run) =>
      run.peers.flatMap(({ name, why }) =>
        why === undefined
          ? []
          : [`<p class="dim">${html(`${results.machine.name}: ${name} did not run: ${why}`)}.</p>`],
      ),
    ),
  );
  return [...new Set(lines)].join('');
}

/** How far the results are apart, said once for all libraries. */
function agreement(reports: readonly MachineReport[]): string {
  const apart = reports.flatMap(({ results }) =>
    results.runs.flatMap(({ own, peers }) =>
      [...own, ...peers].flatMap(({ outcomes }) =>
        outcomes.flatMap((outcome) => ('why' in outcome ? [] : [outcome.disagreement])),
      ),
    ),
  );
  return `All results agree: no difference is above ${Math.ceil(100 * Math.max(0, ...apart))} % of what rounding explains.`;
}

export function fastSection(reports: readonly MachineReport[]): string {
  const cases = casesByThreads(reports).filter(({ results, run }) => fastRatios(results, run).length > 0);
  if (cases.length === 0) return '';
  const drawings = fastCharts(cases, layersOf(reports));
  const cards = cases.map(({ results, run }, i) => {
    const mean = meanOf(fastRatios(results, run)).toFixed(2);
    return card(`${results.machine.name}, ${threadsText(run.threads)}: ${mean}x in the mean`, drawings[i]!);
  });
  return `<h2>Fast algorithms</h2>
<p>The time with <code>algorithm: 'fast'</code> over that of the direct sum, shortest calls. At 1 the direct sum is what 'fast' takes.</p>
<p class="key"><span><i class="glyph" style="color:var(--ours)">◆</i>the best instruction set, with its number</span>
<span><i class="glyph" style="color:var(--ours)">◇</i>AVX2</span></p>
${grid(cards)}`;
}

export function limitSection(reports: readonly MachineReport[]): string {
  const cases = singleByIsa(reports);
  const drawings = limitCharts(cases, layersOf(reports));
  const cards = cases.map(({ results, isa }, i) => card(`${results.machine.name}, ${isaName(isa)}`, drawings[i]!));
  return `<h2>Against the machine</h2>
<p>Time of the direct sum over the least that is possible for it, on one thread: all useful products at the FMA peak, or all bytes once at
the speed of a copy, whichever takes longer. Fast algorithms do with fewer products, and may pass below 1.</p>
<p class="key"><span><i style="background:var(--ours)"></i>conv1d</span> <span><i style="background:var(--loss)"></i>conv1d, above its
bar</span> <span><i style="background:currentColor;width:2px"></i>its bar</span> <span><i class="glyph"
style="color:var(--ours)">◆</i>fast</span> <span><i class="glyph" style="color:var(--peer)">○</i>the best other library, where it
fits the axis</span></p>
${grid(cards)}`;
}

export function rooflineSection(reports: readonly MachineReport[]): string {
  const cards = singleByIsa(reports).map(({ results, run, isa }) =>
    card(`${results.machine.name}, ${isaName(isa)}`, rooflineChart(results, run, isa)),
  );
  return `<h2>Roofline</h2>
<p>Useful operations a second of the direct sum against operations for each byte that must move, on one thread; the line is what the
machine can do. A layer above its slope lives in the caches. The numbers are those of the tables below; the seed layer, all overhead, is
left out.</p>
<p class="key"><span><i style="background:var(--ours);border-radius:50%"></i>conv1d</span> <span><i class="glyph"
style="color:var(--peer)">○</i>the best of the other libraries</span></p>
${grid(cards)}`;
}

const AXES: Readonly<Record<string, string>> = {
  L: 'length, in steps of 64 (64 to 64 channels, K 3)',
  N: 'batch (16 to 16 channels, K 3, L 66)',
  C: 'input channels (to 64, K 3, L 512)',
  K: 'kernel size (16 to 16 channels, 2048 outputs)',
};

export function scalingSection(reports: readonly MachineReport[]): string {
  const measured = reports.filter(({ results }) => results.scaling !== undefined);
  const axes = [...new Set(measured.flatMap(({ results }) => results.scaling!.map(({ axis }) => axis)))];
  if (axes.length === 0) return '';
  const key = measured.map(({ results }, rank) => {
    return `<span><i style="background:${machineColour(rank)}"></i>${html(results.machine.name)}</span>`;
  });
  const cards = axes.map((axis) => {
    const curves = measured.map(({ results }) => results.scaling!.find((curve) => curve.axis === axis));
    return card(`${axis}: ${AXES[axis] ?? ''}`, scalingChart(curves));
  });
  return `<h2>Scaling</h2>
<p>Time over a straight line through all points, at powers of two, beside them and between them. Flat is linear; the dashed line is
what we call a cliff.</p>
<p class="key">${key.join(' ')}</p>
${grid(cards)}`;
}

export function barSection(reports: readonly MachineReport[]): string {
  const cards = reports.map(({ results }) => barCard(results.machine.name, barsOf(results)));
  return `<h2>Bars</h2>
<p><code>npm run bench:peers -- --assert</code> exits with 1 when one of these fails. A stretch may.</p>
${grid(cards)}`;
}

export function tableSection(reports: readonly MachineReport[]): string {
  const tables = reports.flatMap(({ results }) =>
    results.runs.map((run) => {
      const title = `${results.machine.name}, ${threadsText(run.threads)}`;
      const medians = medianTables(results, run).map((cells) => table(cells, true));
      const below = medians.length === 0 ? '' : `<h3>${html(title)}: medians, ms</h3>${medians.join('<br>')}`;
      return `<h3>${html(title)}: shortest calls, ms</h3>${table(layerCells(results, run), true)}${below}`;
    }),
  );
  return `<h2>All times</h2>
<p class="dim">GFLOP/s and over limit are those of the direct sum with the best instruction set. A median is one of a loop that never yields;
beside it that of a loop that gives the event loop a turn between calls, which PyTorch has not.</p>
<h3>Machines side by side, one thread</h3>
${table(sideBySideCells(reports), true)}
${tables.join('\n')}`;
}
