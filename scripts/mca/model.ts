import { output } from '../run.ts';
import type { Core } from './cores.ts';
import type { Loop } from './loops.ts';

/** What llvm-mca says of a loop that runs for ever and finds all it reads in the first cache. */
export interface Prediction {
  readonly cyclesPerTurn: number;
  /** The share of the cycles of all FMA pipes in which an FMA begins. */
  readonly busy: number;
  /** What the loop waits for: `FMA`, `loads`, another part of the core, or `latency`, the results of its own last turn. */
  readonly limit: string;
}

/** The fields that we read of `llvm-mca --json`. */
export interface Report {
  readonly TargetInfo: { readonly Resources: readonly string[] };
  readonly CodeRegions: readonly {
    readonly Instructions: readonly string[];
    readonly SummaryView: {
      readonly DispatchWidth: number;
      readonly Iterations: number;
      readonly TotalCycles: number;
      readonly TotaluOps: number;
    };
    readonly ResourcePressureView: {
      readonly ResourcePressureInfo: readonly {
        /** One of Instructions, or their number for the sum of all. */
        readonly InstructionIndex: number;
        readonly ResourceIndex: number;
        /** Cycles of a turn. */
        readonly ResourceUsage: number;
      }[];
    };
  }[];
}

/** Enough that the first turns, which overlap with none before, do not show. */
const TURNS = 1000;

/** From this share on a part of the core is what a loop waits for. No more is reached where instructions of several operations leave gaps. */
const SATURATED = 0.85;

const FMA = /^v?fn?m(?:la|add)/;

export function isFma(instruction: string): boolean {
  return FMA.test(instruction);
}

/** Lets the model of a core run loops, and predicts each. */
export function predict(llvmMca: string, core: Core, loops: readonly Loop[]): Prediction[] {
  const regions = loops.map(
    ({ label, instructions }) => `${label}:\n# LLVM-MCA-BEGIN\n${instructions.join('\n')}\n# LLVM-MCA-END\n`,
  );
  const machine = [`-mtriple=${core.unit.triple}`, `-mcpu=${core.model}`];
  const views = ['--json', '--all-views=false', '--summary-view', '--resource-pressure', `--iterations=${TURNS}`];
  return readReport(JSON.parse(output(llvmMca, [...machine, ...views], { input: regions.join('') })), core);
}

/** Reads a report with the names that a core gives to its parts. */
export function readReport(
  { TargetInfo, CodeRegions }: Report,
  { pipes, loads }: Pick<Core, 'pipes' | 'loads'>,
): Prediction[] {
  const parts = TargetInfo.Resources.map((resource) => {
    const unit = resource.replace(/\.[^.]$/, ''); // `N1UnitL.\u0001` is the second of two alike
    if (pipes.includes(unit)) return 'FMA';
    return loads.includes(unit) ? 'loads' : unit;
  });
  return CodeRegions.map(({ Instructions, SummaryView, ResourcePressureView }) => {
    const cycles = SummaryView.TotalCycles / SummaryView.Iterations;
    const operations = SummaryView.TotaluOps / SummaryView.Iterations;
    const shares = new Map([['dispatch', operations / SummaryView.DispatchWidth / cycles]]);
    let busy = 0;
    for (const { InstructionIndex, ResourceIndex, ResourceUsage } of ResourcePressureView.ResourcePressureInfo) {
      const part = parts[ResourceIndex]!;
      const share = ResourceUsage / parts.filter((other) => other === part).length / cycles;
      const instruction = Instructions[InstructionIndex];
      if (instruction === undefined) shares.set(part, (shares.get(part) ?? 0) + share);
      else if (part === 'FMA' && isFma(instruction)) busy += share;
    }
    const [busiest, share] = [...shares].reduce((a, b) => (b[1] > a[1] ? b : a));
    return { cyclesPerTurn: cycles, busy, limit: share < SATURATED ? 'latency' : busiest };
  });
}
