import { codeText, type MachineReport } from '../../machines/reports.ts';
import { networkBars } from '../../networks/bars.ts';
import { networkOverLimit } from '../../networks/figures.ts';
import type { NetworkResults, WayId } from '../../networks/results.ts';
import { errorCells, missingLines, peakLine, ratioCells, summaryCells, timeCells } from '../../networks/tables.ts';
import { isaName, threadsText } from '../../results.ts';
import { barCard, card, grid, html, table } from '../html.ts';
import { comparisonCharts, limitCharts, type NetworkCase, shownWays } from './charts.ts';
import { stepChart, stepsText } from './steps.ts';

type Reports = readonly MachineReport<NetworkResults>[];

/** The networks of all machines: a drawing has a row for each, so that drawings line up. */
function namesOf(reports: Reports): string[] {
  return [...new Set(reports.flatMap(({ results }) => results.networks.map(({ name }) => name)))];
}

/** The runs with each number of threads, those of all machines beside each other. */
function casesOf(reports: Reports): NetworkCase[] {
  const cases = reports.flatMap(({ results }) => results.runs.map((run) => ({ results, run })));
  return cases.sort((a, b) => a.run.threads - b.run.threads);
}

/** `AMD EPYC (Zen 4), 1 thread`, with the instruction set where there are several. */
function titleOf({ results, run }: NetworkCase): string {
  const isSeveral = results.runs.some(({ isa }) => isa !== run.isa);
  return [results.machine.name, ...(isSeveral ? [isaName(run.isa)] : []), threadsText(run.threads)].join(', ');
}

export function machineSection(reports: Reports): string {
  const machines = reports.map((report) => {
    const { machine, runs, rounds, date } = report.results;
    const mark = report.isCurrent ? '' : ' <b class="old">older code</b>';
    const peaks = runs.map((run) => `<li>${html(peakLine(run))}</li>`);
    return `<div class="card"><h3>${html(machine.name)}${mark}</h3>
<p class="dim">${html(codeText(report))}, ${date}, ${rounds} rounds. ${html(machine.cpu)}, ${machine.processors} processors,
${machine.memoryGiB} GiB; ${html(machine.system)}; Node ${html(machine.node)}; ${html(versionsOf(report.results))}.</p>
<ul class="plain dim">${peaks.join('')}</ul></div>`;
  });
  return grid(machines);
}

/** `onnxruntime 1.30.0, PyTorch 1.13.0a0`. */
function versionsOf({ runs }: NetworkResults): string {
  const version = (way: WayId) =>
    runs.flatMap(({ measured }) => measured.map(({ versions }) => versions[way])).find((text) => text !== undefined);
  const all = (['onnxruntime', 'pytorch'] as const).flatMap((way) => {
    const text = version(way);
    return text === undefined ? [] : [`${way === 'pytorch' ? 'PyTorch' : way} ${text}`];
  });
  return all.length === 0 ? 'no other library' : all.join(', ');
}

export function summarySection(reports: Reports): string {
  const cells = summaryCells(casesOf(reports).map((one) => ({ ...one, head: titleOf(one) })));
  if (cells.rows.length === 0) return '';
  return `<h2>In short</h2>
<p>Time over that of the compiled network, medians of plain calls, geometric means over the networks.</p>
${table(cells)}`;
}

export function comparisonSection(reports: Reports): string {
  const cases = casesOf(reports).filter((one) => shownWays([one]).length > 0);
  if (cases.length === 0) return '';
  const key = shownWays(cases).map(
    ({ name, glyph, colour }) =>
      `<span><i class="glyph" style="color:var(--${colour})">${glyph}</i>${html(name)}</span>`,
  );
  const drawings = comparisonCharts(cases, namesOf(reports));
  return `<h2>Against other libraries</h2>
<p>Time over that of the compiled network with the direct sum, medians, on a logarithmic axis: right of the line is slower, left of it
faster. PyTorch is the one that the system's Python has, without weight norm, layer by layer.</p>
<p class="key">${key.join(' ')}</p>
${grid(cases.map((one, i) => card(titleOf(one), drawings[i]!)))}`;
}

export function limitSection(reports: Reports): string {
  const cases = casesOf(reports).filter(({ results, run }) => networkOverLimit(results, run, 'direct').length > 0);
  if (cases.length === 0) return '';
  const drawings = limitCharts(cases, namesOf(reports));
  return `<h2>Against the machine</h2>
<p>Time of the compiled network with the direct sum, medians, over the least that is possible for it: the products of all convolutions,
transposed convolutions, linear layers and LSTMs at the FMA peak of the threads. Fast algorithms do with fewer products.</p>
<p class="key"><span><i style="background:var(--ours)"></i>conv1d, compiled</span> <span><i style="background:var(--loss)"></i>above
its bar</span> <span><i style="background:currentColor;width:2px"></i>its bar</span> <span><i class="glyph"
style="color:var(--ours)">◆</i>fast</span> <span><i class="glyph" style="color:var(--onnxruntime)">●</i>onnxruntime</span></p>
${grid(cases.map((one, i) => card(titleOf(one), drawings[i]!)))}`;
}

export function stepSection(reports: Reports): string {
  const cards = casesOf(reports)
    .filter(({ run }) => run.threads === 1)
    .flatMap((one) =>
      one.run.measured.flatMap(({ steps }, i) => {
        if (steps === undefined || steps.length === 0) return [];
        const title = `${one.results.networks[i]!.name}, ${one.results.machine.name}: ${stepsText(steps)}`;
        return [card(title, stepChart(steps))];
      }),
    );
  if (cards.length === 0) return '';
  return `<h2>Steps</h2>
<p>Where the time of the compiled network goes, on one thread, as <code>network.profile(x)</code> measures it. The mark is the least that the machine needs for the products of a step.</p>
${grid(cards)}`;
}

export function errorSection(reports: Reports): string {
  // Ours do not depend on threads, and those of onnxruntime hardly do.
  const tables = reports.flatMap(({ results }) => {
    const cells = errorCells(results, results.runs[0]!);
    return cells === null ? [] : [`<h3>${html(results.machine.name)}</h3>${table(cells)}`];
  });
  if (tables.length === 0) return '';
  return `<h2>Errors</h2>
<p>Mean and largest error of all outputs against PyTorch in float64 with the same weights and inputs, over those of onnxruntime.</p>
${tables.join('\n')}`;
}

export function barSection(reports: Reports): string {
  const cards = reports.map(({ results }) => barCard(results.machine.name, networkBars(results)));
  return `<h2>Bars</h2>
<p><code>npm run bench:peers -- --networks --assert</code> exits with 1 when one of these fails.</p>
${grid(cards)}`;
}

export function tableSection(reports: Reports): string {
  const tables = casesOf(reports).map(({ results, run }) => {
    const missing = missingLines(results, run).map((line) => `<p class="dim">${html(line)}</p>`);
    return `<h3>${html(titleOf({ results, run }))}</h3>${table(timeCells(results, run))}
<h3>Ratios of these medians</h3>${table(ratioCells(results, run))}${missing.join('')}`;
  });
  return `<h2>All times</h2>
<p class="dim">Medians and shortest calls, in loops that never yield.</p>
${tables.join('\n')}`;
}
