import { createRequire } from 'node:module';
import { isDepthwise, outLength, type Problem } from '../problems.ts';
import { serve } from './serve.ts';

// The part of TensorFlow.js that this file uses: we do not install the package with ours.
interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Convolution {
  x: TfTensor;
  filter: TfTensor;
  bias: TfTensor;
  strides: [number, number];
  pad: [[0, 0], [0, 0], [number, number], [0, 0]];
  dataFormat: 'NHWC';
  dilations: [number, number];
}
interface TensorFlow {
  readonly version_core: string;
  readonly fused: { conv2d(options: Convolution): TfTensor; depthwiseConv2d(options: Convolution): TfTensor };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: number[]): TfTensor;
  transpose(x: TfTensor, order: number[]): TfTensor;
  tidy(run: () => TfTensor): TfTensor;
}
interface WasmBackend {
  setThreadsCount(threads: number): void;
}

// In the layout that tfjs wants, (N, 1, L, C), with the tensors in its memory already: the time counts neither
// transposing nor the way in and out. tf.conv1d is this convolution of height 1, with fewer kinds of padding.
await serve(async (threads) => {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as TensorFlow;
  (require('@tensorflow/tfjs-backend-wasm') as WasmBackend).setThreadsCount(threads);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend of tfjs does not start');
  await tf.ready();
  return {
    version: tf.version_core,
    prepare(p, values) {
      const reason = whyNot(p);
      if (reason !== null) return reason;
      const depthwise = isDepthwise(p);
      const perGroup = p.inChannels / p.groups;
      const input = [p.batch, p.inChannels, 1, p.length];
      // (O, C / groups, 1, K) becomes (1, K, C, O), and for depthwise (1, K, C, multiplier).
      const weight = depthwise
        ? [p.inChannels, p.outChannels / p.inChannels, 1, p.kernelSize]
        : [p.outChannels, perGroup, 1, p.kernelSize];
      const options: Convolution = {
        x: tf.tidy(() => tf.transpose(tf.tensor(values.input, input), [0, 2, 3, 1])),
        filter: tf.tidy(() => tf.transpose(tf.tensor(values.weight, weight), depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0])),
        bias: tf.tensor(values.bias, [p.outChannels]),
        strides: depthwise ? [p.stride, p.stride] : [1, p.stride],
        pad: [
          [0, 0],
          [0, 0],
          [p.padLeft, p.padRight],
          [0, 0],
        ],
        dataFormat: 'NHWC',
        dilations: [1, p.dilation],
      };
      const run = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      let y = run(options);
      return {
        call: {
          sync: () => {
            y.dispose();
            y = run(options);
          },
        },
        output: async () => channelsFirst(p, await y.data()),
        dispose: () => {
          for (const tensor of [options.x, options.filter, options.bias, y]) tensor.dispose();
        },
      };
    },
  };
});

function whyNot(p: Problem): string | null {
  if (p.groups > 1 && !isDepthwise(p)) return 'tfjs has no groups';
  if (p.stride > 1 && p.dilation > 1) return 'tfjs has no stride together with a dilation';
  return null;
}

function channelsFirst(p: Problem, values: Float32Array): Float32Array {
  const columns = outLength(p);
  const expected = p.batch * p.outChannels * columns;
  if (values.length !== expected) throw new Error(`the result has ${values.length} values, not ${expected}`);
  const out = new Float32Array(expected);
  for (let n = 0, from = 0; n < p.batch; n++) {
    for (let t = 0; t < columns; t++) {
      for (let o = 0; o < p.outChannels; o++) out[(n * p.outChannels + o) * columns + t] = values[from++]!;
    }
  }
  return out;
}
