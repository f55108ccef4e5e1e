import Table from 'cli-table3';
import pc from 'picocolors';
import { makeValues } from './inputs.ts';
import { loadAddon } from './library.ts';
import { nativeLayer } from './nativeLayer.ts';
import { describeProblem, MEASURED, outLength } from './problems.ts';

// `npx tsx bench/explain.ts [REGEX] [direct | fast]`: what each algorithm of native/core/plan would cost for the layers of the harness, in
// FMAs of whole vectors per output, and which one a plan takes; of those that are not exact, their share of the direct sum's time.
const only = new RegExp(process.argv[2] ?? '');
const algorithm = process.argv[3] === 'fast' ? 'fast' : 'direct';
const addon = await loadAddon();
const table = new Table({ head: ['layer', '', 'taken', 'cost of each'], style: { head: [], border: [] } });
for (const p of MEASURED.filter(({ name }) => only.test(name))) {
  const convolution = nativeLayer(addon, p, algorithm);
  // What the weights are may decide as well.
  const { weight, bias } = makeValues(p);
  convolution.pack(weight, bias);
  const candidates = convolution.explain(p.batch, p.length);
  const unit = (outLength(p) * p.outChannels) / p.groups;
  table.push([
    p.name,
    pc.dim(describeProblem(p)),
    candidates.find(({ chosen }) => chosen)!.name,
    candidates
      .filter(({ cost }) => Number.isFinite(cost))
      .map(({ name, cost, exact, share }) => `${name} ${exact ? (cost / unit).toPrecision(3) : `x${share.toFixed(2)}`}`)
      .join(', '),
  ]);
}
console.log(table.toString());
