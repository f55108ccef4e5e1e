import { writeDocuments } from '../documents/all.ts';
import type { Progress } from '../harness.ts';
import { currentCode } from '../machines/code.ts';
import { machineInfo } from '../machines/info.ts';
import { BACKWARD_FOLDER, writeMachineReport } from '../machines/reports.ts';
import { chooseCases } from './cases.ts';
import { measureBackward } from './harness.ts';
import type { BackwardResults } from './results.ts';

export interface BackwardOptions {
  /** Layers and networks whose names match; all where there is no pattern. */
  readonly only?: RegExp | undefined;
  readonly threads: readonly number[];
  readonly isas: readonly string[];
  readonly rounds: number;
  readonly layerBudget: number;
  readonly networkBudget: number;
  readonly machine?: string | undefined;
}

/** Measures gradients of layers and steps of training beside PyTorch. */
export async function runBackward(options: BackwardOptions, progress: Progress): Promise<BackwardResults> {
  const { only, machine: name, ...plan } = options;
  const code = currentCode();
  const machine = machineInfo();
  const measured = await measureBackward({ ...plan, ...chooseCases(only) }, progress);
  return {
    date: new Date().toISOString().slice(0, 10),
    code,
    machine: { ...machine, name: name ?? machine.name },
    rounds: options.rounds,
    ...measured,
  };
}

/** Writes bench/report/backward/<machine>.json and the documents; returns the paths. */
export function writeBackwardReport(results: BackwardResults): string[] {
  return [writeMachineReport(results, BACKWARD_FOLDER), ...writeDocuments()];
}
