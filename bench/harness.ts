import { disagreement, fastDisagreement, type Reference, referenceAt } from './compare.ts';
import { makeValues, samplePositions } from './inputs.ts';
import type { Roof } from './limits.ts';
import { ownPeer, type Peer } from './peers/list.ts';
import { type Problem, sizes } from './problems.ts';
import { decodeSamples, type PeerMessage } from './protocol.ts';
import {
  type Form,
  type Measured,
  type Outcome,
  type OwnResult,
  type PeerResult,
  type Run,
  threadsText,
} from './results.ts';
import { runMeasurement, runPeer } from './runPeer.ts';
import type { Times } from './timing.ts';

/** How many outputs of a layer we compare. */
const SAMPLES = 4096;

/** What to run in every round. */
export interface Setting {
  readonly threads: number;
  /** The forms of our own engine, the direct sum with the best instruction set first: the peers' results are compared with its. */
  readonly forms: readonly Form[];
  readonly peers: readonly Peer[];
}

export interface Plan {
  readonly problems: readonly Problem[];
  readonly settings: readonly Setting[];
  readonly rounds: number;
  /** Milliseconds for each layer, implementation, kind of loop and round. */
  readonly budget: number;
}

/** What is going on, for the terminal. */
export interface Progress {
  /** A process starts. */
  stage(text: string): void;
  /** A layer is done. */
  layer(name: string, outcome: string): void;
}

/** Runs everything interleaved: in each round, for each setting, the machine, our forms and each peer, one fresh process each. */
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

/** An implementation, with what the rounds have found of it so far. */
interface Entry {
  readonly peer: Peer;
  /** Of our own engine only. */
  readonly form?: Form;
  version: string;
  why?: string;
  readonly outcomes: Map<number, Outcome>;
}

/** What the rounds of one setting have found so far. */
class Collected {
  readonly #setting: Setting;
  readonly #problems: readonly Problem[];
  readonly #references: References;
  readonly #entries: readonly Entry[];
  readonly #roofs = new Map<string, Roof>();
  /** The results that the peers' are compared with. */
  readonly #ours = new Map<number, Float32Array>();

  constructor(setting: Setting, problems: readonly Problem[], references: References) {
    this.#setting = setting;
    this.#problems = problems;
    this.#references = references;
    const entry = (peer: Peer): Entry => ({ peer, version: '', outcomes: new Map() });
    this.#entries = [
      ...setting.forms.map((form) => ({ ...entry(ownPeer(form.algorithm)), form })),
      ...setting.peers.map(entry),
    ];
  }

  async round(name: string, budget: number, progress: Progress): Promise<void> {
    const { threads, forms } = this.#setting;
    const where = `${name}, ${threadsText(threads)}`;
    for (const isa of new Set(forms.map((form) => form.isa))) {
      progress.stage(`${where}: peak and bandwidth, ${isa}`);
      const roof = await runMeasurement<Roof>('machine.ts', [String(threads)], isa);
      const before = this.#roofs.get(isa) ?? roof;
      this.#roofs.set(isa, { peak: Math.max(before.peak, roof.peak), copy: Math.max(before.copy, roof.copy) });
    }
    const request = { problems: this.#problems, threads, budget, samples: SAMPLES };
    for (const entry of this.#entries) {
      // Whoever was not there in the first round will not be there in the second.
      if (entry.why !== undefined) continue;
      const { peer, form } = entry;
      progress.stage(`${where}: ${peer.name}${form === undefined ? '' : ` ${form.algorithm} ${form.isa}`}`);
      await runPeer(peer, request, (form ?? forms[0]!).isa, (message) => this.#take(entry, message, progress));
    }
  }

  #take(entry: Entry, message: PeerMessage, progress: Progress): void {
    if (message.kind === 'ready') {
      entry.version = message.version;
      return;
    }
    if (message.kind === 'unavailable') {
      entry.why = message.why;
      progress.layer(entry.peer.name, message.why);
      return;
    }
    const layer = this.#problems.findIndex((problem) => problem.name === message.name);
    const outcome = message.kind === 'skipped' ? { why: message.why } : this.#judge(entry, layer, message);
    entry.outcomes.set(layer, better(entry.outcomes.get(layer), outcome));
    progress.layer(message.name, 'why' in outcome ? outcome.why : `${outcome.tight.minMs!.toPrecision(3)} ms`);
  }

  /** A time counts only when the result is right. */
  #judge({ form }: Entry, layer: number, message: PeerMessage & { kind: 'layer' }): Outcome {
    const samples = decodeSamples(message.samples);
    const apart = this.#apart(form, layer, samples);
    if (typeof apart === 'string') return { why: apart };
    if (apart > 1) return { why: `a wrong result: ${apart.toPrecision(3)} times what rounding explains` };
    if (form === this.#setting.forms[0]) this.#ours.set(layer, samples);
    const { tight, yielding, out } = message;
    return {
      tight,
      ...(yielding === undefined ? {} : { yielding }),
      ...(out === undefined ? {} : { out }),
      disagreement: apart,
    };
  }

  /** How far a result is from what it must be, in units of what rounding explains, or why nobody can tell. */
  #apart(form: Form | undefined, layer: number, samples: Float32Array): number | string {
    const problem = this.#problems[layer]!;
    const reference = this.#references.at(layer);
    if (form?.algorithm === 'fast') return fastDisagreement(problem, samples, reference);
    const expected = form === undefined ? this.#ours.get(layer) : reference.value;
    if (expected === undefined) return 'there is no result of ours to compare with';
    return disagreement(problem, samples, expected, reference.magnitude);
  }

  result(): Run {
    const own = this.#entries.flatMap((entry): OwnResult[] =>
      entry.form === undefined ? [] : [{ ...entry.form, ...this.#timed(entry) }],
    );
    const peers = this.#entries
      .filter(({ form }) => form === undefined)
      .map((entry): PeerResult => {
        const { peer, version } = entry;
        return { id: peer.id, name: peer.name, version, ...this.#timed(entry) };
      });
    return { threads: this.#setting.threads, roofs: Object.fromEntries(this.#roofs), own, peers };
  }

  #timed({ why, outcomes }: Entry): Pick<OwnResult, 'why' | 'outcomes'> {
    const missing: Outcome = { why: why ?? 'it did not run' };
    const all = this.#problems.map((_, layer) => outcomes.get(layer) ?? missing);
    return { ...(why === undefined ? {} : { why }), outcomes: all };
  }
}

/** Two rounds as one. A layer that failed once has failed: a result that is right at times is wrong. */
export function better(before: Outcome | undefined, now: Outcome): Outcome {
  if (before === undefined || 'why' in now) return now;
  if ('why' in before) return before;
  const isQuieter = medianOf(now.tight) < medianOf(before.tight);
  return {
    tight: merged(before.tight, now.tight, isQuieter),
    ...loop('yielding', before, now, medianOf(now.yielding) < medianOf(before.yielding)),
    // With `out` and without in one round: their ratio means something only there.
    ...loop('out', before, now, isQuieter),
    disagreement: Math.max(before.disagreement, now.disagreement),
  };
}

function loop(key: 'yielding' | 'out', before: Measured, now: Measured, isQuieter: boolean): Partial<Measured> {
  const [a, b] = [before[key], now[key]];
  return a === undefined || b === undefined ? {} : { [key]: merged(a, b, isQuieter) };
}

/** The shortest time of both rounds, and the median of the quieter one. */
function merged(before: Partial<Times>, now: Partial<Times>, isNowQuieter: boolean): Partial<Times> {
  const { medianMs } = isNowQuieter ? now : before;
  return {
    minMs: Math.min(before.minMs ?? Number.POSITIVE_INFINITY, now.minMs ?? Number.POSITIVE_INFINITY),
    ...(medianMs === undefined ? {} : { medianMs }),
  };
}

function medianOf(times: Partial<Times> | undefined): number {
  return times?.medianMs ?? Number.POSITIVE_INFINITY;
}
