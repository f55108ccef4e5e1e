import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Values } from '../inputs.ts';
import { onnxModel } from '../onnx.ts';
import type { Problem } from '../problems.ts';

// The part of onnxruntime-node that this file uses: bench:peers installs it.
interface OrtTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
interface Session {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
}
interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: Record<string, unknown>): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

/** One convolution by onnxruntime-node: input (batch, inChannels, length) of the problem's channels and any sizes. */
export type OrtConvolution = (input: Float32Array, batch: number, length: number) => Promise<OrtTensor>;

/** Throws where onnxruntime-node is not installed in bench/peers. */
export async function makeOrtConvolution(p: Problem, values: Values, threads: number): Promise<OrtConvolution> {
  const require = createRequire(fileURLToPath(new URL('../peers/package.json', import.meta.url)));
  const ort = require('onnxruntime-node') as OnnxRuntime;
  const session = await ort.InferenceSession.create(onnxModel(p, values, 'ncl', true), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionProviders: ['cpu'],
  });
  return async (input, batch, length) => {
    const x = new ort.Tensor('float32', input, [batch, p.inChannels, length]);
    return (await session.run({ x })).y!;
  };
}
