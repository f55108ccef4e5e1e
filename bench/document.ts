import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { barsOf, overLimit, ratios } from './bars.ts';
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

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
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
  const rows = ids.map(([id, { name, version, why }]) => [
    why === undefined ? `${name} ${version}` : name,
    ...compared.map((run) => {
      const values = ratios(results, run, [id]).map(({ value }) => value);
      return values.length === 0 ? (why ?? '-') : `${geometricMean(values).toFixed(2)}x`;
    }),
  ]);
  const heads = compared.map(({ threads }) => (threads === 1 ? '1 thread' : `${threads} threads`));
  const over = results.runs.map((run) => {
    const values = overLimit(results, run).map(({ value }) => value);
    return values.length === 0 ? [] : [`${geometricMean(values).toFixed(3)} (${run.isa}, ${run.threads})`];
  });
  return `${table(['ahead of, geometric mean', ...heads], rows)}\n\nTime over limit, geometric mean without the seed layer (threads): ${over.flat().join(', ')}.`;
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
  return lines.length === 0 ? 'On no layer of this run.' : lines.join('\n');
}

function layers({ problems }: Results, run: Run): string {
  const peers = others(run);
  const rows = problems.map((problem, layer) => {
    const own = timeOf(ours(run), layer);
    const limit = limitOf(problem, run.roof);
    const cell = (ms: number | null) => (ms === null ? '-' : significant(ms));
    return [
      `${problem.name} (${describeProblem(problem)})`,
      cell(own),
      own === null ? '-' : significant(nominalFlops(problem) / own / 1e6),
      own === null ? '-' : (own / limit.ms).toFixed(2),
      ...peers.map((peer) => cell(timeOf(peer, layer))),
    ];
  });
  return `${roofLine(run)}:\n\n${table(['layer', 'conv1d, ms', 'GFLOP/s', 'over limit', ...peers.map(({ name }) => name)], rows)}`;
}

function bars(results: Results): string {
  const rows = barsOf(results).map(({ group, text, figure, ok, stretch }) => {
    const mark = ok ? 'holds' : stretch ? 'missed' : '**fails**';
    return [group, stretch ? `${text} (stretch)` : text, mark, figure];
  });
  return table(['', 'bar', '', 'measured'], rows).replace('| ---: | ---: | ---: |', '| --- | --- | --- |');
}
