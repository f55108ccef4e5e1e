import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { makeValues } from '../../../bench/inputs.ts';
import { onnxModel } from '../../../bench/onnx.ts';
import { LAYERS, type Problem } from '../../../bench/problems.ts';
import { Conv1d, compile, nn, rand, saveSafetensors, type Tensor } from '../../../lib/index.ts';

// What the examples in doc comments use without saying where it comes from: the package's exports, those of the comment's own file,
// and these.

export { readFile } from 'node:fs/promises';
export { pipeline } from 'node:stream/promises';

/** A layer and a batch that fits it. */
export const conv = new Conv1d(2, 3, 5);
export const x: Tensor = rand(4, 2, 6);

/** A network. */
export const net: nn.Module = new nn.Sequential(new nn.Conv1d(2, 8, 3), new nn.ReLU(), new nn.Conv1d(8, 1, 1));

/** The layer as a network of its own. */
export const network = compile(new nn.Sequential(new Conv1d(2, 3, 5)).eval(), { input: x });

/** A signal in chunks. */
export const chunks: readonly Tensor[] = [rand(2, 7), rand(2, 9), rand(2, 20)];

/** Chunks as they come from elsewhere, and where results go. */
export const source = Readable.from(chunks);
export const readable = new ReadableStream<Tensor>({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});
export const sink = async (results: AsyncIterable<Tensor>): Promise<void> => {
  for await (const y of results) write(y);
};
export const writable = new WritableStream<Tensor>({ write });

export function write(_: Tensor): void {}

export function report(error: unknown): never {
  throw error;
}

/** The layer's weights in a file, and the layer as an ONNX model beside it, for the examples that load them. */
export async function withLayerFile(path: string, run: () => Promise<unknown>): Promise<void> {
  const model = join(path, '../model.onnx');
  await saveSafetensors(path, conv.stateDict());
  await writeFile(model, layerModel());
  try {
    await run();
  } finally {
    await rm(path);
    await rm(model);
  }
}

/** From x (N, 2, L) to y (N, 3, L - 4). */
function layerModel(): Uint8Array {
  const [problem] = LAYERS as [Problem];
  return onnxModel(problem, makeValues(problem), 'ncl', true);
}
