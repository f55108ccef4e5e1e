import { Tensor } from 'conv1d';
import { onnxruntime, sessionOptions } from '../operations/measure.ts';
import { type Call, timesOf } from '../timing.ts';
import { compiled } from './compiled.ts';
import { type Loaded, onnxFile } from './files.ts';
import type { WayId } from './results.ts';
import type { Turn } from './rounds.ts';

/** A network made ready to run in one way. */
export interface Way {
  readonly id: WayId;
  readonly version: string;
  /** What a call computes, an array for each output. */
  readonly outputs: readonly ArrayLike<number>[];
  readonly turn: Turn;
  close(): void | Promise<void>;
}

const nothing = (): void => {};

function turnOf(call: Call): Turn {
  return (ms) => timesOf(call, ms, 'tight');
}

/** The network layer by layer. */
export function eagerWay({ network, inputs }: Loaded, version: string): Way {
  const sync = () => void network.forward(...inputs);
  return {
    id: 'eager',
    version,
    outputs: outputsOf(network.forward(...inputs)),
    turn: turnOf({ sync }),
    close: nothing,
  };
}

/** The network compiled. */
export function compiledWay(id: 'direct' | 'fast', { network, inputs }: Loaded, version: string): Way {
  const program = compiled(network, inputs, id);
  const sync = () => void program.forward(...inputs);
  return {
    id,
    version,
    outputs: outputsOf(program.forward(...inputs)),
    turn: turnOf({ sync }),
    close: () => program.dispose(),
  };
}

/** onnxruntime-node on the file that PyTorch has exported. */
export async function onnxruntimeWay(
  folder: string,
  id: string,
  inputs: readonly Tensor[],
  threads: number,
): Promise<Way> {
  const ort = onnxruntime();
  if (ort === null) throw new Error('onnxruntime-node is not installed in bench/peers');
  const session = await ort.InferenceSession.create(onnxFile(folder, id), sessionOptions(threads));
  const feeds = Object.fromEntries(
    session.inputNames.map((name, i) => {
      const { data, shape } = inputs[i]!;
      return [name, new ort.Tensor('float32', data as Float32Array, shape)];
    }),
  );
  const first = await session.run(feeds);
  return {
    id: 'onnxruntime',
    version: ort.env.versions.node ?? ort.env.versions.common,
    outputs: session.outputNames.map((name) => first[name]!.data),
    turn: turnOf({ async: async () => void (await session.run(feeds)) }),
    close: () => session.release(),
  };
}

/** The values of tensors, in arrays or records of any depth. */
export function outputsOf(result: unknown): ArrayLike<number>[] {
  return Tensor.isTensor(result)
    ? [result.data as ArrayLike<number>]
    : Object.values(result as object).flatMap(outputsOf);
}
