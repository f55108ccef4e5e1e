// Adds to onnx-operators.json.gz what onnxruntime computes of its models, after generate_onnx_operators.py has written them:
//
//     npm install --prefix bench/peers && npx tsx test/golden/generate_onnx_operators.ts

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Tensor } from '../../lib/index.ts';
import type { GoldenTensor, OnnxGolden } from './files.ts';
import { tensorOfGolden } from './tensorOfGolden.ts';

interface OrtTensor {
  readonly type: GoldenTensor['dtype'];
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
}
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<Record<string, OrtTensor>> }>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}

const peers = new URL('../../bench/peers/package.json', import.meta.url);
const ort = createRequire(peers)('onnxruntime-node') as OnnxRuntime;
const file = new URL('onnx-operators.json.gz', import.meta.url);
const golden = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Record<string, OnnxGolden>;

for (const [name, { model, inputs }] of Object.entries(golden)) {
  const options = { logSeverityLevel: 4, graphOptimizationLevel: 'disabled' };
  const session = await ort.InferenceSession.create(Buffer.from(model, 'base64'), options);
  const feeds = Object.entries(inputs).map(([input, given]) => {
    const { dtype, data, shape } = tensorOfGolden(given) as Tensor;
    return [input, new ort.Tensor(dtype, data, shape)];
  });
  const results = await session.run(Object.fromEntries(feeds));
  const outputs = Object.entries(results).map(([output, { type, dims, data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return [output, { dtype: type, shape: dims.map(Number), data: bytes.toString('base64') }];
  });
  golden[name] = { model, inputs, outputs: Object.fromEntries(outputs) as OnnxGolden['outputs'] };
}
writeFileSync(file, gzipSync(JSON.stringify(golden), { level: 9 }));
