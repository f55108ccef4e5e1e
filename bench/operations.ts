import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command } from 'commander';
import { cpuInfo } from 'conv1d';
import { machineInfo } from './machines/info.ts';
import { NETWORKS } from './networks/cases.ts';
import { measureNetworks } from './networks/harness.ts';
import { networkTime } from './networks/results.ts';
import { OPERATIONS } from './operations/cases.ts';
import { measureOperations } from './operations/measure.ts';
import { type OperationRow, operationsPage } from './operations/page.ts';

// `npm run bench:operations`: every operation, and the six networks layer by layer, beside onnxruntime-node and PyTorch. Writes
// docs/operations.md unless `--only` picks some. Best alone on a machine; four minutes.

const ROUNDS = 5;
const MS_PER_ROUND = 60;
const NETWORK_MS_PER_ROUND = 400;

const program = new Command('bench:operations')
  .option('--only <regex>', 'those whose group or name it matches; writes no page')
  .option('--threads <list>', 'numbers of threads', '1,2')
  .option('--rounds <number>', 'rounds', String(ROUNDS))
  .parse();
const { only, threads, rounds } = program.opts<{ only?: string; threads: string; rounds: string }>();
const picked = new RegExp(only ?? '', 'i');
const isPicked = (group: string, name: string) => picked.test(`${group} ${name}`);
const counts = threads.split(',').map(Number);

const rows: OperationRow[] = [];
for (const count of counts) {
  const cases = OPERATIONS.filter(({ group, name }) => isPicked(group, name));
  const times = await measureOperations(cases, count, Number(rounds), MS_PER_ROUND);
  for (const [i, { group, name, shape }] of cases.entries()) {
    rows.push({ group, name, shape, threads: count, ...times[i]! });
  }
}
const cases = NETWORKS.filter(({ name }) => isPicked('networks', name));
const { networks, runs } = await measureNetworks(
  {
    cases,
    threads: counts,
    isas: cpuInfo().supported.slice(0, 1),
    ways: ['eager', 'onnxruntime'],
    rounds: Number(rounds),
    budget: NETWORK_MS_PER_ROUND,
  },
  { stage: (text) => console.error(text), layer: () => {} },
);
for (const run of runs) {
  for (const [i, { name, shapes }] of networks.entries()) {
    rows.push({
      group: 'networks',
      name,
      shape: shapes[0]!,
      threads: run.threads,
      oursMs: networkTime(run, i, 'eager', 'shortest')!,
      onnxruntimeMs: networkTime(run, i, 'onnxruntime', 'shortest'),
      pytorchMs: null,
    });
  }
}

const table = new Table({ head: ['', 'shape', 'threads', 'ours ms', 'onnxruntime', 'PyTorch'] });
for (const { group, name, shape, threads: count, oursMs, onnxruntimeMs, pytorchMs } of rows) {
  const ratio = (ms: number | null) => (ms === null ? '' : `${(ms / oursMs).toFixed(2)}x`);
  const cells = [`${group}: ${name}`, shape.join(' x '), count, oursMs.toPrecision(3)];
  table.push([...cells, ratio(onnxruntimeMs), ratio(pytorchMs)]);
}
console.log(table.toString());
if (only === undefined) {
  const page = fileURLToPath(new URL('../docs/operations.md', import.meta.url));
  writeFileSync(page, operationsPage(rows, machineInfo()));
  console.log('docs/operations.md is written');
}
