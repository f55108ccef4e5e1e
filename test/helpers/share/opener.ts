import { parentPort } from 'node:worker_threads';
import { compile, Network, type NetworkHandle, nn, rand, Tensor, type TensorRecord } from '../../../lib/index.ts';

// A worker that opens networks from handles and runs them.

/** What the main thread asks for. */
export interface Request {
  readonly handle: NetworkHandle;
  /**
   * `run` calls forward and forwardAsync with each, `spin` forwardAsync with the first one until the worker ends; `share` takes no notice
   * of the handle: it compiles a network of its own and gives the handle of that, and what it computes of each.
   */
  readonly how: 'run' | 'spin' | 'share';
  /** Arguments of each call: tensors, arrays or objects of tensors. */
  readonly calls: readonly (readonly unknown[])[];
}

/** What comes back: of each call the result of either way, or the code of an error. */
export type Reply = { readonly results: readonly (readonly unknown[])[] } | { readonly code: string };

type Run = (...args: readonly unknown[]) => unknown;

/** A message's copies of tensors as tensors. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  const { shape } = value as { readonly shape?: unknown };
  if (Array.isArray(shape)) return Tensor.from(value as TensorRecord);
  return Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, revive(each)]));
}

/** Holds what this worker compiled. */
const compiled: unknown[] = [];

function compileHere(): Network {
  const network = compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.GELU()).eval(), { input: rand(1, 2, 20) });
  compiled.push(network);
  return network as unknown as Network;
}

async function answer({ handle, how, calls }: Request): Promise<Reply> {
  const network = how === 'share' ? compileHere() : Network.open(handle);
  const forward = network.forward.bind(network) as Run;
  const forwardAsync = network.forwardAsync.bind(network) as Run;
  const given = calls.map((args) => revive(args) as unknown[]);
  if (how === 'share') return { results: given.map((args) => [network.share(), forward(...args)]) };
  if (how === 'run') {
    const results: unknown[][] = [];
    for (const args of given) results.push([forward(...args), await forwardAsync(...args)]);
    return { results };
  }
  for (let i = 0; i < 3; i++)
    void (async () => {
      for (;;) await forwardAsync(...given[0]!);
    })();
  return { results: [] };
}

parentPort?.on('message', async (request: Request) => {
  const reply = await answer(request).catch((error: { readonly code: string }): Reply => ({ code: error.code }));
  parentPort!.postMessage(reply);
});
