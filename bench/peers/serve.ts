import { text } from 'node:stream/consumers';
import { makeValues, samplePositions, type Values } from '../inputs.ts';
import { type Problem, sizes } from '../problems.ts';
import { encodeSamples, type PeerMessage, type PeerRequest } from '../protocol.ts';
import { type Call, timesOf } from '../timing.ts';

/** A layer made ready: weights given, input in place. */
export interface Prepared {
  readonly call: Call;
  /** The result of the last call, in (N, C, L). */
  output(): ArrayLike<number> | Promise<ArrayLike<number>>;
  dispose?(): void | Promise<void>;
  /** The same into memory that is there already. */
  readonly callOut?: Call;
}

export interface Implementation {
  readonly version: string;
  /** The layer, or a sentence that says why there is none. */
  prepare(problem: Problem, values: Values): Prepared | string | Promise<Prepared | string>;
}

/** The life of a peer's process: reads the request, times every layer, writes what protocol.ts lists. */
export async function serve(start: (threads: number) => Implementation | Promise<Implementation>): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as PeerRequest;
  let implementation: Implementation;
  try {
    implementation = await start(request.threads);
  } catch (error) {
    send({ kind: 'unavailable', why: firstLine(error) });
    return;
  }
  send({ kind: 'ready', version: implementation.version });
  for (const problem of request.problems) {
    try {
      send(await measure(implementation, problem, request));
    } catch (error) {
      send({ kind: 'skipped', name: problem.name, why: firstLine(error) });
    }
  }
}

async function measure(implementation: Implementation, problem: Problem, request: PeerRequest): Promise<PeerMessage> {
  const prepared = await implementation.prepare(problem, makeValues(problem));
  if (typeof prepared === 'string') return { kind: 'skipped', name: problem.name, why: prepared };
  const { call, callOut } = prepared;
  const tight = await timesOf(call, request.budget, 'tight');
  const yielding = await timesOf(call, request.budget, 'yielding');
  const out = callOut === undefined ? {} : { out: await timesOf(callOut, request.budget, 'tight') };
  const positions = samplePositions(sizes(problem).output, request.samples);
  const samples = encodeSamples(await prepared.output(), positions);
  await prepared.dispose?.();
  return { kind: 'layer', name: problem.name, tight, yielding, ...out, samples };
}

function send(message: PeerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** What an error says, without what follows. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
