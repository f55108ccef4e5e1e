import { setTimeout } from 'node:timers/promises';
import { setNumThreads } from 'conv1d';
import { packageVersion } from '../machines/code.ts';
import { firstLine } from '../peers/serve.ts';
import { apart, errorsOf } from './accuracy.ts';
import { compiled } from './compiled.ts';
import { type Loaded, loadNetwork, readOutputs } from './files.ts';
import { pytorchWay } from './pytorch.ts';
import type { MeasuredNetwork, NetworkOutcome, Step, WayId } from './results.ts';
import { inTurns } from './rounds.ts';
import { compiledWay, eagerWay, onnxruntimeWay, type Way } from './ways.ts';

// `run.ts REQUEST`: one network with one number of threads in all ways, in turns. Prints what it measured, as JSON.

/** What to run; the folder has the network's files. */
export interface RunRequest {
  readonly folder: string;
  readonly id: string;
  readonly ways: readonly WayId[];
  readonly threads: number;
  readonly rounds: number;
  /** Milliseconds for each way and round. */
  readonly budget: number;
  /** Whether the folder has what PyTorch computes in float64. */
  readonly hasReference: boolean;
}

/** Further apart than rounding explains in any network here: the largest difference over the largest value. */
const MOST_APART = 1e-3;

/** Idle threads of onnxruntime spin for some 30 ms before they sleep, and what a way has left behind is freed meanwhile. */
const REST_MS = 50;

async function open(id: WayId, { folder, id: network, threads }: RunRequest, loaded: Loaded): Promise<Way> {
  if (id === 'onnxruntime') return onnxruntimeWay(folder, network, loaded.inputs, threads);
  if (id === 'pytorch') return pytorchWay(folder, network, threads);
  if (id === 'eager') return eagerWay(loaded, packageVersion());
  return compiledWay(id, loaded, packageVersion());
}

/** A time counts only when the result is that of onnxruntime; without it, that of the first way that runs. */
function wrongResult(way: Way, ways: readonly Way[]): string | null {
  const model = ways.find(({ id }) => id === 'onnxruntime') ?? ways[0]!;
  const distance = apart(way.outputs, model.outputs);
  return distance <= MOST_APART ? null : `a wrong result: ${distance.toPrecision(2)} from that of ${model.id}`;
}

async function measure(request: RunRequest): Promise<MeasuredNetwork> {
  setNumThreads(request.threads);
  const loaded = await loadNetwork(request.folder, request.id);
  const outcomes: Partial<Record<WayId, NetworkOutcome>> = {};
  const ways: Way[] = [];
  for (const id of request.ways) {
    try {
      ways.push(await open(id, request, loaded));
    } catch (error) {
      outcomes[id] = { why: firstLine(error) };
    }
  }
  const right = ways.filter((way) => {
    const why = wrongResult(way, ways);
    if (why !== null) outcomes[way.id] = { why };
    return why === null;
  });
  const exact = request.hasReference ? await readOutputs(request.folder, request.id, 'reference') : null;
  const times = await inTurns(
    right.map(({ turn }) => turn),
    request.rounds,
    request.budget,
    () => setTimeout(REST_MS),
  );
  for (const [i, { id, outputs }] of right.entries()) {
    outcomes[id] = { times: times[i]!, ...(exact === null ? {} : { errors: errorsOf(outputs, exact) }) };
  }
  for (const way of ways) await way.close();
  const steps = stepsOf(loaded);
  const versions = Object.fromEntries(ways.map(({ id, version }) => [id, version]));
  return { outcomes, versions, steps };
}

/** The times of the steps of the compiled network. */
function stepsOf({ network, inputs }: Loaded): readonly Step[] {
  const program = compiled(network, inputs, 'direct');
  const { steps } = program.profile(...inputs);
  program.dispose();
  return steps.map(({ name, ms, limitMs }) => (limitMs === 0 ? { name, ms } : { name, ms, limitMs }));
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]!) as RunRequest)));
