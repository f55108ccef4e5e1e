import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../harness.ts';
import type { Roof } from '../limits.ts';
import { threadsText } from '../results.ts';
import { runMeasurement } from '../runPeer.ts';
import type { NetworkCase } from './cases.ts';
import { exportOnnx, writeNetwork, writeReferences } from './files.ts';
import { countFlops } from './flops.ts';
import type { MeasuredNetwork, NetworkInfo, NetworkRun, WayId } from './results.ts';
import type { RunRequest } from './run.ts';

export interface NetworkPlan {
  readonly cases: readonly NetworkCase[];
  readonly threads: readonly number[];
  readonly isas: readonly string[];
  readonly ways: readonly WayId[];
  readonly rounds: number;
  /** Milliseconds for each network, way and round. */
  readonly budget: number;
}

/** Runs every network with every number of threads and instruction set, a fresh process for each, in which all ways take turns. */
export async function measureNetworks(
  plan: NetworkPlan,
  progress: Progress,
): Promise<{ readonly networks: NetworkInfo[]; readonly runs: NetworkRun[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-networks-'));
  try {
    progress.stage('weights');
    const networks: NetworkInfo[] = [];
    for (const each of plan.cases) {
      const { network, inputs } = await writeNetwork(folder, each);
      const { id, name, shapes } = each;
      networks.push({ id, name, shapes, flops: countFlops(network, inputs) });
    }
    const hasReference = await writeFiles(folder, plan, progress);
    const runs = plan.threads.flatMap((threads) =>
      plan.isas.map((isa) => ({ threads, isa, peak: 0, measured: [] as MeasuredNetwork[] })),
    );
    const { ways, rounds, budget } = plan;
    for (const { id, name } of networks) {
      for (const run of runs) {
        const { threads, isa } = run;
        progress.stage(`${name}, ${threadsText(threads)}, ${isa}`);
        const roof = await runMeasurement<Roof>('machine.ts', [String(threads)], isa);
        run.peak = Math.max(run.peak, roof.peak);
        const request: RunRequest = { folder, id, ways, threads, rounds, budget, hasReference };
        run.measured.push(await runMeasurement('../networks/run.ts', [JSON.stringify(request)], isa));
      }
    }
    return { networks, runs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What PyTorch has to write before; a way whose file is missing says so itself. Tells whether there are references. */
async function writeFiles(folder: string, { cases, ways }: NetworkPlan, progress: Progress): Promise<boolean> {
  const ids = cases.map(({ id }) => id);
  try {
    progress.stage('ONNX files');
    await exportOnnx(folder, ids);
    if (!ways.includes('pytorch')) return false;
    progress.stage('references in float64');
    await writeReferences(folder, ids);
    return true;
  } catch (error) {
    console.error(`PyTorch: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
