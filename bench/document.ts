import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { barsOf, type Figure, nativeRatios, overLimit, PYTORCH_RUNS, PYTORCH_STUMBLES, ratios, times } from './bars.ts';
import { geometricMean, limitOf } from './limits.ts';
import { describeProblem, nominalFlops } from './problems.ts';
import { others, ours, type Results, type Run, timeOf } from './results.ts';
import { roofLine, significant } from './tables.ts';

const FILE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

/** Fills the tables of docs/performance.md, each between its `<!-- name -->` and `<!-- /name -->`; returns the path. */
export function writePerformanceDocument(results: Results): string {
  writeFileSync(FILE, fillDocument(readFileSync(FILE, 'utf8'), results));
  return relative(process.cwd(), FILE);
}

export function fillDocument(document: string, results: Results): string {
  const parts: Readonly<Record<string, string>> = {
    machine: machine(results),
    summary: summary(results),
    losses: losses(results),
    layers: results.runs.map((run) => layers(results, run)).join('\n\n'),
    bars: bars(results),
  };
  return Object.entries(parts).reduce((text, [name, content]) => {
    const [before, rest] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(before), text.indexOf(rest)];
    if (from < 0 || to < from) throw new Error(`docs/performance.md has no ${before} ... ${rest}`);
    return `${text.slice(0, from + before.length)}\n${content}\n${text.slice(to)}`;
  }, document);
}

/** The first columns are text, the others numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i < texts ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function machine({ machine: { cpu, processors, memoryGiB, system, node }, runs, rounds, date }: Results): string {
  const roofs = runs.map((run) => `- ${roofLine(run)}`);
  return [
    `${cpu}, ${processors} processors, ${memoryGiB} GiB; ${system}; Node ${node}; ${date}; ${rounds} rounds.`,
    '',
    ...roofs,
  ].join('\n');
}

function summary(results: Results): string {
  const compared = results.runs.filter((run) => others(run).length > 0);
  const ids = [...new Map(compared.flatMap(others).map((peer) => [peer.id, peer]))];
  const rows = ids.flatMap(([id, { name, version, why }]) => {
    const row = (label: string, counts: (ratio: number) => boolean) => [
      label,
      ...compared.map((run) => {
        const values = ratios(results, run, [id]).filter(({ value }) => counts(value));
        return values.length === 0 ? (why ?? '-') : meanOf(values);
      }),
    ];
    const all = row(why === undefined ? `${name} ${version}` : name, () => true);
    if (id !== 'torch' || why !== undefined) return [all];
    return [
      all,
      row(`... without the layers above ${PYTORCH_STUMBLES}x`, (ratio) => ratio <= PYTORCH_STUMBLES),
      row(`... on the layers below ${PYTORCH_RUNS}x`, (ratio) => ratio < PYTORCH_RUNS),
    ];
  });
  const heads = compared.map(({ threads }) => (threads === 1 ? '1 thread' : `${threads} threads`));
  const over = results.runs.map((run) => {
    const values = overLimit(results, run).map(({ value }) => value);
    return values.length === 0 ? [] : [`${geometricMean(values).toFixed(3)} (${run.isa}, ${run.threads})`];
  });
  return `${table(['ahead of, geometric mean', ...heads], rows)}\n\nTime over limit, geometric mean without the seed layer (threads): ${over.flat().join(', ')}.`;
}

/** `2.60x`, and over how many layers where some are left out. */
function meanOf(figures: readonly Figure[]): string {
  return `${geometricMean(figures.map(({ value }) => value)).toFixed(2)}x (${figures.length})`;
}

function losses(results: Results): string {
  const lines = results.runs.flatMap((run) =>
    others(run).flatMap((peer) =>
      ratios(results, run, [peer.id])
        .filter(({ value }) => value < 1)
        .map(
          ({ name, value }) =>
            `- ${name}, ${run.threads} thread${run.threads === 1 ? '' : 's'}: ${peer.name} takes ${value.toFixed(2)} of our time`,
        ),
    ),
  );
  const beside = lines.length === 0 ? ['Beside other libraries, on no layer of this run.'] : lines;
  return [...beside, '', ...nativeLosses(results)].join('\n').trim();
}

function nativeLosses(results: Results): string[] {
  const run = results.runs.find(({ threads }) => threads === 1);
  if (run === undefined) return [];
  const { better, blocked } = nativeRatios(results, run);
  const slower = (figures: readonly Figure[]) =>
    figures
      .filter(({ value }) => value > 1)
      .sort((a, b) => b.value - a.value)
      .map(({ name, value }) => `${name} ${times(value, 1)}`)
      .join(', ');
  return [
    'Beside the best native kernels, called from C++, on one thread, we take longer here:',
    '',
    `- than the better of oneDNN on (N, C, L) and LIBXSMM: ${slower(better) || 'on no layer'};`,
    `- than oneDNN in a layout of its own, converted for free: ${slower(blocked) || 'on no layer'}.`,
  ];
}

function layers({ problems }: Results, run: Run): string {
  const peers = others(run);
  const rows = problems.map((problem, layer) => {
    const own = timeOf(ours(run), layer);
    const limit = limitOf(problem, run.roof);
    const cell = (ms: number | null) => (ms === null ? '-' : significant(ms));
    return [
      problem.name,
      describeProblem(problem),
      cell(own),
      own === null ? '-' : significant(nominalFlops(problem) / own / 1e6),
      own === null ? '-' : (own / limit.ms).toFixed(2),
      ...peers.map((peer) => cell(timeOf(peer, layer))),
    ];
  });
  return `${roofLine(run)}:\n\n${table(['layer', 'size', 'conv1d, ms', 'GFLOP/s', 'over limit', ...peers.map(({ name }) => name)], rows, 2)}`;
}

function bars(results: Results): string {
  const rows = barsOf(results).map(({ group, text, figure, ok, stretch }) => {
    const mark = ok ? 'holds' : stretch ? 'missed' : '**fails**';
    return [group, stretch ? `${text} (stretch)` : text, mark, figure];
  });
  return table(['', 'bar', '', 'measured'], rows, 4);
}
