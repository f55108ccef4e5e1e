import { writeDocuments } from '../documents/all.ts';
import type { Progress } from '../harness.ts';
import { currentCode } from '../machines/code.ts';
import { machineInfo } from '../machines/info.ts';
import { NETWORK_FOLDER, writeMachineReport } from '../machines/reports.ts';
import type { Algorithm } from '../results.ts';
import { runMeasurement } from '../runPeer.ts';
import { chooseNetworks } from './cases.ts';
import { measureNetworks } from './harness.ts';
import type { NetworkLateness, NetworkMemory, NetworkResults } from './results.ts';

export interface NetworkOptions {
  /** Some networks by name; all where there are none. */
  readonly names: readonly string[];
  readonly threads: readonly number[];
  readonly isas: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly rounds: number;
  readonly budget: number;
  readonly withPeers: boolean;
  /** Whether it measures all that a report has. */
  readonly isWhole: boolean;
  readonly machine?: string | undefined;
}

/** Measures networks; with peers and nothing left out also memory and the event loop. */
export async function runNetworks(options: NetworkOptions, progress: Progress): Promise<NetworkResults> {
  const { threads, isas, algorithms, rounds, budget, withPeers, isWhole } = options;
  const code = currentCode();
  const machine = machineInfo();
  const ways = ['eager', ...algorithms, 'onnxruntime', ...(withPeers ? (['pytorch'] as const) : [])] as const;
  const cases = chooseNetworks(options.names);
  const measured = await measureNetworks({ cases, threads, isas, ways, rounds, budget }, progress);
  return {
    date: new Date().toISOString().slice(0, 10),
    code,
    machine: { ...machine, name: options.machine ?? machine.name },
    rounds,
    ...measured,
    ...(isWhole ? await measureMemoryAndLateness(threads, isas[0]!, progress) : {}),
  };
}

/** Writes bench/report/networks/<machine>.json and the documents; returns the paths. */
export function writeNetworkReport(results: NetworkResults): string[] {
  return [writeMachineReport(results, NETWORK_FOLDER), ...writeDocuments()];
}

async function measureMemoryAndLateness(
  allThreads: readonly number[],
  isa: string,
  progress: Progress,
): Promise<Pick<NetworkResults, 'memory' | 'lateness'>> {
  const memory: NetworkMemory[] = [];
  const lateness: NetworkLateness[] = [];
  for (const threads of allThreads) {
    progress.stage(`memory of HiFi-GAN over 60 s, ${threads} threads`);
    memory.push(...(await measured<NetworkMemory>('memory.ts', ['--threads', `${threads}`], isa)));
    progress.stage(`the event loop while HiFi-GAN runs, ${threads} threads`);
    lateness.push(...(await measured<NetworkLateness>('eventLoop.ts', [`${threads}`], isa)));
  }
  return { memory, lateness };
}

/** What a script of this folder prints; nothing where it has nothing to say, or fails. */
async function measured<T>(script: string, args: readonly string[], isa: string): Promise<T[]> {
  try {
    const result = await runMeasurement<T | null>(`../networks/${script}`, args, isa);
    return result === null ? [] : [result];
  } catch (error) {
    console.error(`${script}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
