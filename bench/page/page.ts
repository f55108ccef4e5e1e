import { type Bar, barsOf, overLimit, PYTORCH_STUMBLES, ratios } from '../bars.ts';
import { geometricMean, limitOf } from '../limits.ts';
import { describeProblem, nominalFlops } from '../problems.ts';
import { others, ours, type Results, type Run, timeOf } from '../results.ts';
import { roofLine, significant } from '../tables.ts';
import { limitChart, ratioChart, rooflineChart, scalingChart } from './charts.ts';
import { STYLE } from './style.ts';

/** The report as one page that needs nothing else: no script, no network. */
export function renderPage(results: Results): string {
  const [first] = results.runs;
  if (first === undefined) throw new Error('there is nothing to report');
  const compared = results.runs.filter((run) => others(run).length > 0);
  const { machine } = results;
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
<p class="dim">${results.problems.length} layers of real networks, float32, on ${html(machine.cpu)} (${machine.processors} processors),
${html(machine.system)}, Node ${html(machine.node)}, ${results.date}. The shortest time of ${results.rounds} interleaved rounds, one fresh
process for each library and round; a time counts only when the result agrees with ours to what rounding explains.
<code>npm run bench:peers</code> repeats it.</p>
${tiles(results, first)}
${compared.map((run) => ratioSection(results, run)).join('')}
${limitSection(results, first)}
${results.runs
  .filter((run) => run !== first && run.isa !== first.isa)
  .map((run) => limitSection(results, run))
  .join('')}
${rooflineSection(results, first)}
${scalingSection(results)}
${barSection(barsOf(results))}
${results.runs.map((run) => tableSection(results, run)).join('')}
</body>
</html>
`;
}

function tiles(results: Results, run: Run): string {
  const figures: [string, string][] = others(run).flatMap((peer): [string, string][] => {
    const stumbles = peer.id === 'torch' ? PYTORCH_STUMBLES : Number.POSITIVE_INFINITY;
    const all = ratios(results, run, [peer.id]).map(({ value }) => value);
    const values = all.filter((value) => value <= stumbles);
    const without =
      values.length < all.length ? `, without ${all.length - values.length} layers above ${stumbles}x` : '';
    return values.length === 0 ? [] : [[`${geometricMean(values).toFixed(2)}x`, `ahead of ${peer.name}${without}`]];
  });
  const over = overLimit(results, run).map(({ value }) => value);
  if (over.length > 0) figures.push([`${geometricMean(over).toFixed(2)}x`, 'of the least time this machine allows']);
  const tile = ([value, text]: [string, string]) => `<div class="tile"><b>${value}</b><span>${html(text)}</span></div>`;
  return `<div class="tiles">${figures.map(tile).join('')}</div>
<p class="dim">Geometric means, ${threadsOf(run)}.</p>`;
}

function ratioSection(results: Results, run: Run): string {
  const shown = others(run).filter((peer) => ratios(results, run, [peer.id]).length > 0);
  const largest = Math.max(...shown.flatMap((peer) => ratios(results, run, [peer.id]).map(({ value }) => value))) * 1.1;
  const lost = shown.flatMap((peer) => ratios(results, run, [peer.id]).filter(({ value }) => value < 1)).length;
  const figures = shown.map((peer) => {
    const values = ratios(results, run, [peer.id]).map(({ value }) => value);
    return `<figure class="card"><h3>${html(peer.name)} ${html(peer.version)} <span class="dim">· ${geometricMean(values).toFixed(2)}x in the mean</span></h3>
${ratioChart(results, run, peer, largest)}</figure>`;
  });
  const missing = others(run)
    .filter((peer) => !shown.includes(peer))
    .map((peer) => `<p class="dim">${html(peer.name)} did not run: ${html(peer.why ?? 'no layer suits it')}.</p>`);
  return `<h2>Against other libraries, ${threadsOf(run)}</h2>
<p>How many times as long as conv1d each library takes, on a logarithmic axis.
${lost === 0 ? 'None is faster on any layer.' : `Red: ${lost} times a library is faster than conv1d.`} Layers without a bar are ones
that the library cannot compute. PyTorch is the one that the system's Python has; docs/performance.md says what it lacks.
${agreement(run)}</p>
<div class="grid">${figures.join('\n')}</div>
${missing.join('')}`;
}

/** How far the results are apart, said once for all libraries. */
function agreement(run: Run): string {
  const apart = run.peers.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => ('ms' in outcome ? [outcome.disagreement] : [])),
  );
  return `All results agree: no difference is above ${Math.ceil(100 * Math.max(0, ...apart))} % of what rounding explains.`;
}

function limitSection(results: Results, run: Run): string {
  const best =
    others(run).length === 0
      ? ''
      : ' <i style="border:1.5px solid var(--peer);border-radius:50%"></i>the best other library, where it fits the axis';
  return `<h2>Against the machine, ${run.isa}</h2>
<p>Time over the least that is possible: all useful products at the FMA peak, or all bytes once at the speed of a copy, whichever
takes longer. ${html(roofLine(run))}.</p>
<figure class="card">${limitChart(results, run)}
<figcaption class="key"><i style="background:var(--ours)"></i>conv1d <i style="background:var(--loss)"></i>conv1d, above its bar
<i style="background:currentColor;width:2px"></i>its bar${best}</figcaption>
</figure>`;
}

function rooflineSection(results: Results, run: Run): string {
  return `<h2>Roofline</h2>
<p>Useful operations a second against operations for each byte that must move; the line is what the machine can do. A layer above
its slope lives in the caches. The numbers are those of the table below; the
seed layer, all overhead, is left out.</p>
<figure class="card">${rooflineChart(results, run)}
<figcaption class="key"><i style="background:var(--ours);border-radius:50%"></i>conv1d
<i style="border:1.5px solid var(--peer);border-radius:50%"></i>the best of the other libraries</figcaption></figure>`;
}

const AXES: Readonly<Record<string, string>> = {
  L: 'length, in steps of 64 (64 to 64 channels, K 3)',
  N: 'batch (16 to 16 channels, K 3, L 66)',
  C: 'input channels (to 64, K 3, L 512)',
  K: 'kernel size (16 to 16 channels, 2048 outputs)',
};

function scalingSection({ scaling }: Results): string {
  if (scaling === undefined) return '';
  const figures = scaling.map(
    (curve) => `<figure class="card"><h3>${curve.axis}: ${AXES[curve.axis] ?? ''}</h3>${scalingChart(curve)}</figure>`,
  );
  return `<h2>Scaling</h2>
<p>Time over a straight line through all points, at powers of two, beside them and between them. Flat is linear; the dashed line is
what we call a cliff.</p>
<div class="grid">${figures.join('')}</div>`;
}

function barSection(bars: readonly Bar[]): string {
  const groups = [...new Set(bars.map(({ group }) => group))].map((group) => {
    const lines = bars
      .filter((bar) => bar.group === group)
      .map(({ text, figure, ok, stretch }) => {
        const mark = ok ? '<b class="ok">holds</b>' : `<b class="bad">${stretch ? 'missed' : 'fails'}</b>`;
        return `<li>${mark}<div>${html(text)}${stretch ? ' (stretch)' : ''}<br><span class="dim">${html(figure)}</span></div></li>`;
      });
    return `<h3>${html(group)}</h3><ul class="bars">${lines.join('')}</ul>`;
  });
  return `<h2>Bars</h2>
<p><code>npm run bench:peers -- --assert</code> exits with 1 when one of these fails. A stretch may.</p>
<div class="card">${groups.join('')}</div>`;
}

function tableSection({ problems }: Results, run: Run): string {
  const peers = others(run);
  const rows = problems.map((problem, layer) => {
    const own = timeOf(ours(run), layer);
    const limit = limitOf(problem, run.roof);
    const cells = peers.map((peer) => {
      const ms = timeOf(peer, layer);
      const outcome = peer.outcomes[layer];
      if (ms !== null) return `<td>${significant(ms)}</td>`;
      return `<td class="dim" title="${html(outcome !== undefined && 'why' in outcome ? outcome.why : '')}">-</td>`;
    });
    return `<tr><td>${layer + 1}. ${html(problem.name)}</td><td class="dim left">${html(describeProblem(problem))}</td>
<td><b>${own === null ? '-' : significant(own)}</b></td><td>${own === null ? '-' : significant(nominalFlops(problem) / own / 1e6)}</td><td>${significant(limit.ms)}</td><td class="left dim">${limit.bound}</td>${cells.join('')}</tr>`;
  });
  return `<h2>All times, ${threadsOf(run)}, ${run.isa}</h2>
<p class="dim">Milliseconds. ${html(roofLine(run))}.</p>
<div class="card scroll"><table><thead><tr><th>layer</th><th></th><th>conv1d</th><th>GFLOP/s</th><th>limit</th><th></th>${peers.map(({ name }) => `<th>${html(name)}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function threadsOf({ threads }: Run): string {
  return threads === 1 ? 'one thread' : `${threads} threads`;
}

function html(value: string): string {
  return value.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
