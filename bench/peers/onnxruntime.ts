import { createRequire } from 'node:module';
import { type OnnxForm, onnxModel } from '../onnx.ts';
import { outLength } from '../problems.ts';
import { serve } from './serve.ts';

// The part of onnxruntime-node that this file uses: we do not install the package with ours.
interface Session {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
interface OrtTensor {
  readonly data: Float32Array;
}
interface OnnxRuntime {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: { create(model: Uint8Array, options: Record<string, unknown>): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

const form: OnnxForm = process.argv[2] === 'h1' ? 'h1' : 'ncl';

await serve((threads) => {
  const ort = createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime;
  return {
    version: ort.env.versions.node ?? ort.env.versions.common,
    async prepare(p, values) {
      const session = await ort.InferenceSession.create(onnxModel(p, values, form), {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        executionProviders: ['cpu'],
      });
      const height = form === 'h1' ? [1] : [];
      const feeds = { x: new ort.Tensor('float32', values.input, [p.batch, p.inChannels, ...height, p.length]) };
      let y: OrtTensor | undefined;
      return {
        call: {
          async: async () => {
            y = (await session.run(feeds)).y;
          },
        },
        output() {
          const expected = p.batch * p.outChannels * outLength(p);
          if (y?.data.length !== expected) throw new Error(`the result has ${y?.data.length} values, not ${expected}`);
          return y.data;
        },
        dispose: () => session.release(),
      };
    },
  };
});
