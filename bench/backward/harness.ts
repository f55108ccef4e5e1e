import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../harness.ts';
import type { Roof } from '../limits.ts';
import { countFlops } from '../networks/flops.ts';
import type { Problem } from '../problems.ts';
import { threadsText } from '../results.ts';
import { runMeasurement, runProcess } from '../runPeer.ts';
import type { TrainingCase } from './cases.ts';
import type { BackwardResults, BackwardRun, MeasuredBackward, TrainedNetwork } from './results.ts';
import type { Asked, RunLine, RunRequest } from './run.ts';
import { writeTraining } from './training.ts';

export interface BackwardPlan {
  readonly layers: readonly Problem[];
  readonly networks: readonly TrainingCase[];
  readonly threads: readonly number[];
  readonly isas: readonly string[];
  readonly rounds: number;
  /** Milliseconds for each layer, way and round. */
  readonly layerBudget: number;
  /** The same of a network. */
  readonly networkBudget: number;
}

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
/** With it, examples import the package as it is published, not its source. */
const PUBLISHED = fileURLToPath(new URL('../published.tsconfig.json', import.meta.url));

/** What one process measured. */
interface Ran {
  readonly pytorch: string | null;
  readonly measured: readonly MeasuredBackward[];
}

/**
 * Runs all layers in one process, and each network in one of its own, with every number of threads and instruction set; a process of
 * PyTorch's takes turns with it.
 */
export async function measureBackward(
  plan: BackwardPlan,
  progress: Progress,
): Promise<Pick<BackwardResults, 'pytorch' | 'layers' | 'networks' | 'runs'>> {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-backward-'));
  const { layers, threads, isas, rounds, layerBudget, networkBudget } = plan;
  try {
    progress.stage('weights');
    const networks: TrainedNetwork[] = [];
    for (const each of plan.networks) {
      const { network, inputs } = await writeTraining(folder, each);
      const { id, name, shapes, note } = each;
      const noted = note === undefined ? {} : { note };
      networks.push({ id, name, shapes, ...noted, flops: countFlops(network, inputs) });
    }
    let pytorch: string | null = null;
    const runs: BackwardRun[] = [];
    for (const isa of isas) {
      for (const count of threads) {
        let peak = 0;
        const ran = async (what: string, work: readonly Asked[], budget: number) => {
          progress.stage(`${what}, ${threadsText(count)}, ${isa}`);
          const roof = await runMeasurement<Roof>('machine.ts', [String(count)], isa);
          peak = Math.max(peak, roof.peak);
          const one = await runAll({ folder, work, threads: count, rounds, budget }, isa, (i) => {
            progress.layer(layers[i]?.name ?? what, '');
          });
          pytorch ??= one.pytorch;
          return one.measured;
        };
        const ofLayers =
          layers.length === 0
            ? []
            : await ran(
                'layers',
                layers.map((problem) => ({ problem })),
                layerBudget,
              );
        const ofNetworks: MeasuredBackward[] = [];
        for (const { id, name } of networks) ofNetworks.push(...(await ran(name, [{ network: id }], networkBudget)));
        runs.push({ threads: count, isa, peak, layers: ofLayers, networks: ofNetworks });
      }
    }
    return { pytorch, layers, networks, runs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process. What it did not come to when it failed gets the reason in place of times. */
async function runAll(request: RunRequest, isa: string, onMeasured: (i: number) => void): Promise<Ran> {
  let pytorch: string | null = null;
  const measured: MeasuredBackward[] = [];
  const environment = { CONV1D_ISA: isa, TSX_TSCONFIG_PATH: PUBLISHED };
  const args = ['--import', 'tsx', RUN, JSON.stringify(request)];
  let why = 'it did not run';
  try {
    await runProcess(process.execPath, args, environment, '', (text) => {
      const line = JSON.parse(text) as RunLine;
      if ('pytorch' in line) pytorch = line.pytorch;
      else onMeasured(measured.push(line.measured) - 1);
    });
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  while (measured.length < request.work.length) measured.push({ outcomes: { ours: { why } } });
  return { pytorch, measured };
}
