import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { loadSafetensors, setNumThreads } from 'conv1d';
import { type Conversation, converse } from '../conversation.ts';
import { loadAddon } from '../library.ts';
import { inTurns } from '../networks/rounds.ts';
import { firstLine } from '../peers/serve.ts';
import type { Problem } from '../problems.ts';
import { openLayer } from './layers.ts';
import type { BackwardOutcome, MeasuredBackward, WayId } from './results.ts';
import { LEARNING_RATE, openTraining } from './training.ts';
import type { Gradients, Way, Work } from './work.ts';

// `run.ts REQUEST`: layers and networks with one number of threads, one after the other, ours and PyTorch in turns. Prints a RunLine for
// PyTorch's version, or why there is none, and one for each of them, as JSON.

/** What to run. */
export interface RunRequest {
  /** Has the networks' files; PyTorch writes its gradients there. */
  readonly folder: string;
  readonly work: readonly Asked[];
  readonly threads: number;
  readonly rounds: number;
  /** Milliseconds for each way and round. */
  readonly budget: number;
}

/** A layer, or a network by its id. */
export type Asked = { readonly problem: Problem } | { readonly network: string };

export type RunLine = { readonly pytorch: string | null } | { readonly measured: MeasuredBackward };

/**
 * Further from float64's gradients than rounding explains. One ReLU whose input falls to the other side of zero changes all gradients before it,
 * in any float32: so the worst may be far off, and the one in the middle may not.
 */
const [MOST_APART, WORST_APART, TIMES_PYTORCHS] = [1e-4, 0.1, 4];

/** Threads that have nothing to do may spin for a while before they sleep, and what a way has left behind is freed meanwhile. */
const REST_MS = 20;

/** Where PyTorch writes its gradients, in the folder. */
const GRADIENTS_FILE = 'gradients.safetensors';

/** How far gradients are from others, over their length: the one in the middle, and the worst. Infinite where one side has one that the other has not. */
export function gradientsApart(
  ours: Gradients,
  theirs: Gradients,
): { readonly middle: number; readonly worst: number } {
  const names = Object.keys(ours).sort();
  const none = Number.POSITIVE_INFINITY;
  if (names.join() !== Object.keys(theirs).sort().join()) return { middle: none, worst: none };
  const all = names.map((name) => distanceOf(ours[name]!, theirs[name]!)).sort((a, b) => a - b);
  return { middle: all[Math.floor(all.length / 2)]!, worst: all.at(-1)! };
}

function distanceOf(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let [difference, length] = [0, 0];
  for (let i = 0; i < other.length; i++) {
    difference += (one[i]! - other[i]!) ** 2;
    length += other[i]! ** 2;
  }
  if (difference === 0) return 0;
  const distance = Math.sqrt(difference / length);
  // NaN has no place in an order: sorted, it could be passed over.
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

async function openPytorch(pytorch: Conversation, folder: string, asked: Asked): Promise<Work & { apart: number }> {
  const request = 'problem' in asked ? asked : { ...asked, rate: LEARNING_RATE };
  const answer = await pytorch.ask<{ readonly apart: number }>({ ...request, file: GRADIENTS_FILE });
  const read = await loadSafetensors(join(folder, GRADIENTS_FILE));
  const gradients = Object.fromEntries(
    Object.entries(read).map(([name, { data }]) => [name, data as ArrayLike<number>]),
  );
  return { gradients, ways: [{ id: 'pytorch', turn: (ms) => pytorch.ask(ms) }], apart: answer.apart };
}

async function measure(
  asked: Asked,
  { folder, rounds, budget }: RunRequest,
  pytorch: Conversation | string,
): Promise<MeasuredBackward> {
  const outcomes: Partial<Record<WayId, BackwardOutcome>> = {};
  const open = async <W extends Work>(id: WayId, make: () => W | Promise<W>): Promise<W | null> => {
    try {
      return await make();
    } catch (error) {
      outcomes[id] = { why: firstLine(error) };
      return null;
    }
  };
  const addon = await loadAddon();
  const ours = await open('ours', () =>
    'problem' in asked ? openLayer(asked.problem, addon) : openTraining(folder, asked.network),
  );
  const theirs = await open('pytorch', () => {
    if (typeof pytorch === 'string') throw new Error(pytorch);
    return openPytorch(pytorch, folder, asked);
  });
  const distance = ours === null || theirs === null ? undefined : gradientsApart(ours.gradients, theirs.gradients);
  // A time counts only when the gradients are PyTorch's, as far as rounding allows.
  const most = Math.max(MOST_APART, TIMES_PYTORCHS * (theirs?.apart ?? 0));
  const isWrong = distance !== undefined && !(distance.middle <= most && distance.worst <= WORST_APART);
  if (isWrong) {
    const [middle, worst] = [distance.middle.toPrecision(2), distance.worst.toPrecision(2)];
    outcomes.ours = { why: `wrong gradients: ${middle}, at worst ${worst}, from those of PyTorch in float64` };
  }
  const ways: Way[] = [...(isWrong ? [] : (ours?.ways ?? [])), ...(theirs?.ways ?? [])];
  const times = await inTurns(
    ways.map(({ turn }) => turn),
    rounds,
    budget,
    () => setTimeout(REST_MS),
  );
  for (const [i, { id }] of ways.entries()) outcomes[id] = { times: times[i]! };
  return { outcomes, ...(distance === undefined ? {} : { apart: distance.middle, pytorchApart: theirs!.apart }) };
}

function print(line: RunLine): void {
  console.log(JSON.stringify(line));
}

async function main(request: RunRequest): Promise<void> {
  const { folder, threads, work } = request;
  setNumThreads(threads);
  const script = ['bench/backward/pytorch.py', [folder, String(threads)], threads] as const;
  const pytorch = await converse(...script).catch(firstLine);
  print({ pytorch: typeof pytorch === 'string' ? null : pytorch.version });
  for (const asked of work) print({ measured: await measure(asked, request, pytorch) });
  if (typeof pytorch !== 'string') await pytorch.close();
}

if (process.argv[2] !== undefined) await main(JSON.parse(process.argv[2]) as RunRequest);
