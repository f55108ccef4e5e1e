import { backwardBars } from '../../backward/bars.ts';
import { peakFractions, pytorchRatios } from '../../backward/figures.ts';
import { type BackwardResults, isWide, KERNEL_NAMES, KERNELS, type Kind } from '../../backward/results.ts';
import { apartLine, layerCells, missingLines, networkCells, peakLine, summaryCells } from '../../backward/tables.ts';
import { codeText, type MachineReport } from '../../machines/reports.ts';
import { isaName, threadsText } from '../../results.ts';
import { barCard, card, grid, html, table } from '../html.ts';
import { type BackwardCase, KERNEL_MARKS, peakCharts, ratioCharts } from './charts.ts';

type Reports = readonly MachineReport<BackwardResults>[];

/** The layers or networks of all machines: a drawing has a row for each, so that drawings line up. */
function namesOf(reports: Reports, kind: Kind): string[] {
  return [...new Set(reports.flatMap(({ results }) => results[kind].map(({ name }) => name)))];
}

/** The runs with each number of threads, those of all machines beside each other. */
function casesOf(reports: Reports): BackwardCase[] {
  const cases = reports.flatMap(({ results }) => results.runs.map((run) => ({ results, run })));
  return cases.sort((a, b) => a.run.threads - b.run.threads);
}

/** `AMD EPYC (Zen 4), 1 thread`, with the instruction set where there are several. */
function titleOf({ results, run }: BackwardCase): string {
  const isSeveral = results.runs.some(({ isa }) => isa !== run.isa);
  return [results.machine.name, ...(isSeveral ? [isaName(run.isa)] : []), threadsText(run.threads)].join(', ');
}

export function machineSection(reports: Reports): string {
  const machines = reports.map((report) => {
    const { machine, runs, rounds, date, pytorch } = report.results;
    const mark = report.isCurrent ? '' : ' <b class="old">older code</b>';
    const peaks = runs.map((run) => `<li>${html(peakLine(run))}</li>`);
    return `<div class="card"><h3>${html(machine.name)}${mark}</h3>
<p class="dim">${html(codeText(report))}, ${date}, ${rounds} rounds. ${html(machine.cpu)}, ${machine.processors} processors,
${machine.memoryGiB} GiB; ${html(machine.system)}; Node ${html(machine.node)}; ${pytorch === null ? 'no PyTorch' : `PyTorch ${html(pytorch)}`}.</p>
<ul class="plain dim">${peaks.join('')}</ul></div>`;
  });
  return grid(machines);
}

export function summarySection(reports: Reports): string {
  const cells = summaryCells(casesOf(reports).map((one) => ({ ...one, head: titleOf(one) })));
  if (cells.rows.length === 0) return '';
  return `<h2>In short</h2>
<p>Medians of plain calls; how many times as long PyTorch takes. <i>Wide</i> are dense layers with 64 channels or more.</p>
${table(cells)}`;
}

function ratioSection(reports: Reports, kind: Kind, title: string, text: string): string {
  const cases = casesOf(reports).filter(({ results, run }) => pytorchRatios(results, run, kind).length > 0);
  if (cases.length === 0) return '';
  const drawings = ratioCharts(cases, kind, namesOf(reports, kind));
  return `<h2>${title}</h2>
<p>${text}</p>
${grid(cases.map((one, i) => card(titleOf(one), drawings[i]!)))}`;
}

export function layerSection(reports: Reports): string {
  return ratioSection(
    reports,
    'layers',
    'Forward and backward',
    `<code>conv.forward(x).backward(g)</code>, with the gradients of input, weight and bias: time of PyTorch over that of conv1d, medians, on
a logarithmic axis.`,
  );
}

export function kernelSection(reports: Reports): string {
  const cases = casesOf(reports).filter(({ results, run }) =>
    peakFractions(results, run, KERNELS[0]!).some(({ name }) =>
      results.layers.some((p) => p.name === name && isWide(p)),
    ),
  );
  if (cases.length === 0) return '';
  const key = KERNELS.map(
    (kernel) =>
      `<span><i class="glyph" style="color:var(--ours)">${KERNEL_MARKS[kernel].glyph}</i>${KERNEL_NAMES[kernel]}</span>`,
  );
  const drawings = peakCharts(cases);
  return `<h2>Kernels</h2>
<p>The products of a gradient alone at its median time, over the FMA peak of the threads, on dense layers with 64 channels or more. The
line is at what they should reach. Products with padding do not count.</p>
<p class="key">${key.join(' ')}</p>
${grid(cases.map((one, i) => card(titleOf(one), drawings[i]!)))}`;
}

export function networkSection(reports: Reports): string {
  const notes = new Set(
    reports.flatMap(({ results }) =>
      results.networks.flatMap(({ name, note }) => (note === undefined ? [] : [`${html(name)}: ${html(note)}.`])),
    ),
  );
  return ratioSection(
    reports,
    'networks',
    'A step of training',
    `Forward in training mode, the mean square from a fixed target, backward and a step of AdamW, from the same weights: time of PyTorch
over that of conv1d, medians, on a logarithmic axis. ${[...notes].join(' ')}`,
  );
}

export function barSection(reports: Reports): string {
  const cards = reports.map(({ results }) => barCard(results.machine.name, backwardBars(results)));
  return `<h2>Bars</h2>
<p><code>npm run bench -- --backward --assert</code> exits with 1 when one of these fails.</p>
${grid(cards)}`;
}

export function tableSection(reports: Reports): string {
  const tables = casesOf(reports).map(({ results, run }) => {
    const notes = [apartLine(results, run) ?? [], missingLines(results, run)].flat();
    return [
      `<h3>${html(titleOf({ results, run }))}</h3>`,
      ...(results.layers.length === 0 ? [] : [table(layerCells(results, run))]),
      ...(results.networks.length === 0 ? [] : ['<h3>A step of training</h3>', table(networkCells(results, run))]),
      ...notes.map((line) => `<p class="dim">${html(line)}</p>`),
    ].join('\n');
  });
  return `<h2>All times</h2>
<p class="dim">Medians and shortest calls, in loops that never yield.</p>
${tables.join('\n')}`;
}
