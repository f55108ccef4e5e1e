import { arch, cpus, release, totalmem, type } from 'node:os';
import { disagreement, type Reference, referenceAt } from './compare.ts';
import { makeValues, samplePositions } from './inputs.ts';
import type { Roof } from './limits.ts';
import { OURS, type Peer } from './peers/list.ts';
import { type Problem, sizes } from './problems.ts';
import { decodeSamples, type PeerMessage } from './protocol.ts';
import type {
  MachineInfo,
  MemoryUse,
  Outcome,
  Overhead,
  PeerResult,
  Run,
  ScalingCurve,
  ScalingPoint,
} from './results.ts';
import { runMeasurement, runPeer } from './runPeer.ts';

/** How many outputs of a layer we compare. */
const SAMPLES = 4096;

/** What to run in every round. */
export interface Setting {
  readonly threads: number;
  readonly isa: string;
  /** Beside ours. */
  readonly peers: readonly Peer[];
}

export interface Plan {
  readonly problems: readonly Problem[];
  readonly settings: readonly Setting[];
  readonly rounds: number;
  /** Milliseconds for each layer, peer and round. */
  readonly budget: number;
}

/** What is going on, for the terminal. */
export interface Progress {
  /** A process starts. */
  stage(text: string): void;
  /** A layer is done. */
  layer(name: string, outcome: string): void;
}

/** Runs everything interleaved: in each round, for each setting, the machine, ours and each peer, one fresh process each. */
export async function measureAll(plan: Plan, progress: Progress): Promise<Run[]> {
  const references = new References(plan.problems);
  const collected = plan.settings.map((setting) => new Collected(setting, plan.problems, references));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const one of collected) await one.round(`round ${round}/${plan.rounds}`, plan.budget, progress);
  }
  return collected.map((one) => one.result());
}

/** The float64 references, each made at its first use and kept: they depend on the problem only. */
class References {
  readonly #problems: readonly Problem[];
  readonly #made = new Map<number, Reference>();

  constructor(problems: readonly Problem[]) {
    this.#problems = problems;
  }

  at(layer: number): Reference {
    let reference = this.#made.get(layer);
    if (reference === undefined) {
      const problem = this.#problems[layer]!;
      reference = referenceAt(problem, makeValues(problem), samplePositions(sizes(problem).output, SAMPLES));
      this.#made.set(layer, reference);
    }
    return reference;
  }
}

/** What the rounds of one setting have found so far. */
class Collected {
  readonly #setting: Setting;
  readonly #problems: readonly Problem[];
  readonly #references: References;
  readonly #peers: readonly CollectedPeer[];
  readonly #roof = { peak: 0, copy: 0 };
  /** Our results, which the peers' are compared with. */
  readonly #ours = new Map<number, Float32Array>();

  constructor(setting: Setting, problems: readonly Problem[], references: References) {
    this.#setting = setting;
    this.#problems = problems;
    this.#references = references;
    this.#peers = [OURS, ...setting.peers].map((peer) => ({ peer, version: '', outcomes: new Map() }));
  }

  async round(name: string, budget: number, progress: Progress): Promise<void> {
    const { threads, isa } = this.#setting;
    const where = `${name}, ${threads} thread${threads === 1 ? '' : 's'}, ${isa}`;
    progress.stage(`${where}: peak and bandwidth`);
    const roof = await runMeasurement<Roof>('machine.ts', [String(threads)], isa);
    this.#roof.peak = Math.max(this.#roof.peak, roof.peak);
    this.#roof.copy = Math.max(this.#roof.copy, roof.copy);
    const request = { problems: this.#problems, threads, budget, samples: SAMPLES };
    for (const collected of this.#peers) {
      // Whoever was not there in the first round will not be there in the second.
      if (collected.why !== undefined) continue;
      progress.stage(`${where}: ${collected.peer.name}`);
      await runPeer(collected.peer, request, isa, (message) => this.#take(collected, message, progress));
    }
  }

  #take(collected: CollectedPeer, message: PeerMessage, progress: Progress): void {
    if (message.kind === 'ready') {
      collected.version = message.version;
      return;
    }
    if (message.kind === 'unavailable') {
      collected.why = message.why;
      progress.layer(collected.peer.name, message.why);
      return;
    }
    const layer = this.#problems.findIndex((problem) => problem.name === message.name);
    const before = collected.outcomes.get(layer);
    const outcome = message.kind === 'skipped' ? { why: message.why } : this.#judge(collected.peer, layer, message);
    collected.outcomes.set(layer, better(before, outcome));
    progress.layer(message.name, 'why' in outcome ? outcome.why : `${outcome.ms.toPrecision(3)} ms`);
  }

  /** A time counts only when the result is right. */
  #judge(peer: Peer, layer: number, message: PeerMessage & { kind: 'layer' }): Outcome {
    const problem = this.#problems[layer]!;
    const { value, magnitude } = this.#references.at(layer);
    const samples = decodeSamples(message.samples);
    const expected = peer === OURS ? value : this.#ours.get(layer);
    if (expected === undefined) return { why: 'there is no result of ours to compare with' };
    const apart = disagreement(problem, samples, expected, magnitude);
    if (apart > 1) return { why: `a wrong result: ${apart.toPrecision(3)} times what rounding explains` };
    if (peer === OURS) this.#ours.set(layer, samples);
    const { ms, medianMs, outMedianMs } = message;
    return { ms, medianMs, ...(outMedianMs === undefined ? {} : { outMedianMs }), disagreement: apart };
  }

  result(): Run {
    const missing: Outcome = { why: 'it did not run' };
    return {
      threads: this.#setting.threads,
      isa: this.#setting.isa,
      roof: this.#roof,
      peers: this.#peers.map(({ peer, version, why, outcomes }): PeerResult => {
        const all = this.#problems.map((_, layer) => outcomes.get(layer) ?? (why === undefined ? missing : { why }));
        return { id: peer.id, name: peer.name, version, ...(why === undefined ? {} : { why }), outcomes: all };
      }),
    };
  }
}

interface CollectedPeer {
  readonly peer: Peer;
  version: string;
  why?: string;
  readonly outcomes: Map<number, Outcome>;
}

/** The shorter time of two rounds. A layer that failed once has failed: a result that is right at times is wrong. */
function better(before: Outcome | undefined, now: Outcome): Outcome {
  if (before === undefined || 'why' in now) return now;
  if ('why' in before) return before;
  // Both medians of one round: their ratio means something only there.
  const quieter =
    (now.medianMs ?? Number.POSITIVE_INFINITY) < (before.medianMs ?? Number.POSITIVE_INFINITY) ? now : before;
  const { medianMs, outMedianMs } = quieter;
  return {
    ms: Math.min(before.ms, now.ms),
    ...(medianMs === undefined ? {} : { medianMs }),
    ...(outMedianMs === undefined ? {} : { outMedianMs }),
    disagreement: Math.max(before.disagreement, now.disagreement),
  };
}

/** Overhead of a call: the best of the rounds. */
export async function measureOverhead(isa: string, rounds: number, progress: Progress): Promise<Overhead> {
  const all: Overhead[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress.stage(`overhead, round ${round}/${rounds}`);
    all.push(await runMeasurement<Overhead>('overhead.ts', [], isa));
  }
  const least = (key: keyof Overhead) => Math.min(...all.map((overhead) => overhead[key]));
  return {
    forwardMicroseconds: least('forwardMicroseconds'),
    outMicroseconds: least('outMicroseconds'),
    newLengthRatio: least('newLengthRatio'),
  };
}

/** So long that anything that grows with it would show. */
const LONG: Problem = {
  name: 'L = 10 million',
  inChannels: 2,
  outChannels: 4,
  kernelSize: 9,
  stride: 1,
  dilation: 1,
  groups: 1,
  padLeft: 0,
  padRight: 0,
  batch: 1,
  length: 10_000_000,
};

const MEMORY_RUNS = 3;

/** Extra memory of the first call, layer by layer, each in a process of its own. Empty where the system does not tell. */
export async function measureMemory(
  problems: readonly Problem[],
  isa: string,
  threads: number,
  progress: Progress,
): Promise<MemoryUse[]> {
  const uses: MemoryUse[] = [];
  for (const problem of [...problems, LONG]) {
    progress.stage(`memory: ${problem.name}`);
    const { padLeft, padRight, ...rest } = problem;
    const json = JSON.stringify({ ...rest, padding: [padLeft, padRight] });
    // V8 compiles and collects garbage when it likes, which only ever adds: the least of a few processes.
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < MEMORY_RUNS; run++) {
      const args = [json, `${threads}`];
      const { extraBytes } = await runMeasurement<{ extraBytes: number | null }>('memory.ts', args, isa);
      if (extraBytes !== null) least = Math.min(least, extraBytes);
    }
    if (least < Number.POSITIVE_INFINITY) uses.push({ name: problem.name, threads, extraBytes: least });
  }
  return uses;
}

/** The axes along which we vary a layer: length, batch, input channels, kernel size. */
const AXES = ['L', 'N', 'C', 'K'] as const;

/** Cost along each axis: the shortest time of every point over all rounds. */
export async function measureScaling(
  isa: string,
  rounds: number,
  budget: number,
  progress: Progress,
): Promise<ScalingCurve[]> {
  const curves = new Map<string, ScalingPoint[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const axis of AXES) {
      progress.stage(`scaling along ${axis}, round ${round}/${rounds}`);
      const points = await runMeasurement<ScalingPoint[]>('scaling.ts', [axis, `${budget}`], isa);
      const before = curves.get(axis);
      curves.set(
        axis,
        points.map((point, i) => ({ ...point, ms: Math.min(point.ms, before?.[i]?.ms ?? point.ms) })),
      );
    }
  }
  return [...curves].map(([axis, points]) => ({ axis, points }));
}

export function machineInfo(): MachineInfo {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? arch(),
    processors: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  };
}
