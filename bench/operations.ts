import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command } from 'commander';
import { machineInfo } from './machines/info.ts';
import { measureNetworks, NETWORKS } from './networks/measure.ts';
import { OPERATIONS } from './operations/cases.ts';
import { measureOperations } from './operations/measure.ts';
import { type OperationRow, operationsPage } from './operations/page.ts';

// `npm run bench:operations`: every operation, and the six networks layer by layer, beside onnxruntime-node and PyTorch. Writes
// docs/operations.md unless `--only` picks some. Best alone on a machine; four minutes.

const ROUNDS = 5;
const MS_PER_ROUND = 60;

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
  const networks = NETWORKS.filter(({ name }) => isPicked('networks', name));
  for (const [i, each] of (await measureNetworks(networks, count, Number(rounds))).entries()) {
    rows.push({ group: 'networks', name: networks[i]!.name, shape: networks[i]!.shapes[0]!, threads: count, ...each });
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
