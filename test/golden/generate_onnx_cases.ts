// Writes onnx-cases.json.gz: what onnxruntime computes of the files in test/helpers/onnx/cases.
//
//     npm install --prefix bench/peers && npx tsx test/golden/generate_onnx_cases.ts
//
// Outputs by name, whole, as {"dtype", "shape", "every": 1, "data": base64 of bytes, little endian}. A case that onnxruntime refuses ends
// the run: it has no reference.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Tensor } from '../../lib/index.ts';
import { fileOf } from '../helpers/onnx/cases/case.ts';
import { cases } from '../helpers/onnx/cases/list.ts';
import { makeInput, type Packed } from './calls.ts';

interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
}
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<Record<string, OrtTensor>> }>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}

const ort = createRequire(new URL('../../bench/peers/package.json', import.meta.url))(
  'onnxruntime-node',
) as OnnxRuntime;
const DTYPES: Readonly<Record<string, Packed['dtype']>> = {
  float32: 'float32',
  float64: 'float64',
  int64: 'int64',
  int32: 'int32',
  bool: 'bool',
};

function packed({ type, dims, data }: OrtTensor): Packed {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: DTYPES[type]!, shape: dims.map(Number), every: 1, data: bytes.toString('base64') };
}

const golden: Record<string, Record<string, Packed>> = {};
const refused: string[] = [];
for (const each of cases) {
  const feeds = Object.entries(each.inputs).map(([name, input]) => {
    const { dtype, data, shape } = makeInput(input) as Tensor;
    return [name, new ort.Tensor(dtype, data, shape)];
  });
  try {
    if (each.name in golden) throw new Error('there are two cases of this name');
    const session = await ort.InferenceSession.create(fileOf(each), { logSeverityLevel: 4, intraOpNumThreads: 1 });
    const results = await session.run(Object.fromEntries(feeds));
    golden[each.name] = Object.fromEntries(each.graph.outputs!.map(({ name }) => [name, packed(results[name]!)]));
  } catch (error) {
    refused.push(`${each.name}: ${(error as Error).message.slice(0, 300)}`);
  }
}
console.log(refused.join('\n'));
if (refused.length > 0) process.exitCode = 1;
else writeFileSync(new URL('onnx-cases.json.gz', import.meta.url), gzipSync(JSON.stringify(golden), { level: 9 }));
console.log(`${Object.keys(golden).length} cases, ${refused.length} refused`);
