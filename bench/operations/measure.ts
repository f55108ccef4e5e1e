import { createRequire } from 'node:module';
import { noise } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { onnxNodeModel } from '../onnx.ts';
import { runProcess } from '../runPeer.ts';
import { callsPerRun } from '../timing.ts';
import type { OperationCase } from './cases.ts';

/** The shortest times of one operation in milliseconds; null for a library that has none, or is not installed. */
export interface OperationTimes {
  readonly oursMs: number;
  readonly onnxruntimeMs: number | null;
  readonly pytorchMs: number | null;
}

/** The part of onnxruntime-node that this file uses. */
export interface OnnxRuntime {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: {
    create(model: Uint8Array | string, options: Record<string, unknown>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
}

interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

/** onnxruntime-node, which bench/peers installs; null where nobody has. */
export function onnxruntime(): OnnxRuntime | null {
  try {
    return createRequire(new URL('../peers/package.json', import.meta.url))('onnxruntime-node') as OnnxRuntime;
  } catch {
    return null;
  }
}

/** The options of a session that computes on this number of threads. */
export function sessionOptions(threads: number): Record<string, unknown> {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    executionProviders: ['cpu'],
  };
}

/** Debian's Python, which has the package python3-torch. */
export const PYTHON = '/usr/bin/python3';

/** One way of doing the work; what is synchronous is not awaited, since that takes time too. */
export type Way = () => unknown;

/** The shortest time of each way, in turns, so that none has the machine at a better moment than another. */
export async function shortestInTurns(ways: readonly (Way | null)[], rounds: number, msPerRound: number) {
  const best = ways.map(() => Number.POSITIVE_INFINITY);
  const calls = ways.map(() => 1);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const i = (round + turn) % ways.length;
      const way = ways[i];
      if (way === null || way === undefined) continue;
      const end = performance.now() + msPerRound;
      do {
        const start = performance.now();
        for (let call = 0; call < calls[i]!; call++) {
          const result = way();
          if (result instanceof Promise) await result;
        }
        const ms = (performance.now() - start) / calls[i]!;
        best[i] = Math.min(best[i]!, ms);
        calls[i] = Math.max(calls[i]!, callsPerRun(ms));
      } while (performance.now() < end);
    }
  }
  return best.map((ms) => (Number.isFinite(ms) ? ms : null));
}

/** Times operations: ours and onnxruntime's in turns in this process, PyTorch's in one of its own. */
export async function measureOperations(
  cases: readonly OperationCase[],
  threads: number,
  rounds: number,
  msPerRound: number,
): Promise<OperationTimes[]> {
  const lib = await loadLibrary();
  lib.setNumThreads(threads);
  const ort = onnxruntime();
  const pytorch = await pytorchTimes(cases, threads, (rounds * msPerRound) / 1000);
  const times: OperationTimes[] = [];
  for (const [index, each] of cases.entries()) {
    const count = each.shape.reduce((product, size) => product * size, 1);
    const data = noise(count, 1);
    const x = lib.tensor(data, each.shape);
    const run = each.ours(lib);
    const session =
      ort === null || each.onnx === null
        ? null
        : await ort.InferenceSession.create(onnxNodeModel(each.onnx, each.shape), sessionOptions(threads));
    const feeds = session === null ? {} : { x: new ort!.Tensor('float32', data, each.shape) };
    const ways = [() => run(x), session === null ? null : () => session.run(feeds)];
    const [oursMs, onnxruntimeMs] = await shortestInTurns(ways, rounds, msPerRound);
    await session?.release();
    times.push({ oursMs: oursMs!, onnxruntimeMs: onnxruntimeMs ?? null, pytorchMs: pytorch[index] ?? null });
  }
  return times;
}

/** PyTorch's times, in the order of the cases; none where there is no PyTorch. */
async function pytorchTimes(cases: readonly OperationCase[], threads: number, seconds: number): Promise<number[]> {
  const request = { threads, seconds, cases: cases.map(({ shape, torch }) => ({ shape, torch })) };
  const times: number[] = [];
  try {
    await runProcess(
      PYTHON,
      ['bench/operations/pytorch.py'],
      { OMP_NUM_THREADS: String(threads) },
      JSON.stringify(request),
      (line) => {
        if (line.startsWith('{"torch"')) times.push((JSON.parse(line) as { ms: number }).ms);
      },
    );
  } catch (error) {
    console.error(`PyTorch: ${error instanceof Error ? error.message : String(error)}`);
  }
  return times;
}
