import Table from 'cli-table3';
import pc from 'picocolors';
import { loadAddon } from './library.ts';
import { nativeLayer } from './nativeLayer.ts';
import { describeProblem, LAYERS, outLength } from './problems.ts';

// `npx tsx bench/explain.ts [REGEX]`: what each algorithm of native/core/plan would cost for the layers of the harness, in FMAs of
// whole vectors per output, and which one a plan takes.
const only = new RegExp(process.argv[2] ?? '');
const addon = await loadAddon();
const table = new Table({ head: ['layer', '', 'taken', 'cost of each'], style: { head: [], border: [] } });
for (const p of LAYERS.filter(({ name }) => only.test(name))) {
  const convolution = nativeLayer(addon, p);
  const candidates = convolution.explain(p.batch, p.length);
  const unit = (outLength(p) * p.outChannels) / p.groups;
  table.push([
    p.name,
    pc.dim(describeProblem(p)),
    candidates.find(({ chosen }) => chosen)!.name,
    candidates
      .filter(({ cost }) => Number.isFinite(cost))
      .map(({ name, cost }) => `${name} ${(cost / unit).toPrecision(3)}`)
      .join(', '),
  ]);
}
console.log(table.toString());
