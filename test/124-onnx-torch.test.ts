import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { largestDistance, largestOf, makeInput, readGolden } from './golden/calls.ts';
import { load, type Named } from './helpers/onnx/load.ts';
import { tensorMessage } from './helpers/onnx/model.ts';
import { type TorchCase, type Weight, weightsOf, withInitializers, withWeights } from './helpers/onnx/torchFile.ts';

// Files that torch.onnx.export of PyTorch 1.13 writes, in opsets 9 to 17, beside what PyTorch computes (golden/generate_onnx_torch.py).

/** Two float32 networks differ by a few times what one of them is off; weights that are folded add theirs. */
const DEVIATIONS = 16;
const EPSILON = 2 ** -24;
/** Inputs are that large: a sum of them that is nearly 0 has their rounding. */
const INPUTS = 2;

const folder = mkdtempSync(join(tmpdir(), 'conv1d-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The model in a file with its weights in another one, as torch exports what is above 2 GB. */
function writeExternal(model: Uint8Array, weights: readonly Weight[], name: string): string {
  let offset = 0;
  const initializers = weights.map((weight) => {
    const external = { location: `${name}.weights`, offset: String(offset), length: String(weight.bytes.length) };
    offset += weight.bytes.length;
    return tensorMessage({ dims: weight.dims, type: 'float32', external }, weight.name);
  });
  writeFileSync(join(folder, `${name}.weights`), Buffer.concat(weights.map(({ bytes }) => bytes)));
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, withInitializers(model, initializers));
  return path;
}

async function compare(each: TorchCase, isExternal: boolean): Promise<void> {
  const model = Buffer.from(each.model, 'base64');
  const weights = weightsOf(each);
  const file = isExternal ? writeExternal(model, weights, 'model') : withWeights(model, weights);
  const network = await load(file);
  // The second call has other sizes than the exported ones.
  for (const { inputs, results, deviation } of each.calls) {
    const named = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, makeInput(input)])) as Named;
    const outputs = network.forward(named);
    for (const [name, expected] of Object.entries(results)) {
      const got = outputs[name]!;
      expect([got.dtype, ...got.shape], name).toEqual([expected.dtype, ...expected.shape]);
      const largest = largestOf(expected);
      const allowed = DEVIATIONS * Math.max(deviation[name]!, EPSILON * Math.max(largest, INPUTS));
      expect(largestDistance(got as never, expected, largest) * unitOf(largest), name).toBeLessThanOrEqual(allowed);
    }
  }
}

/** The unit in the last place of a number. */
function unitOf(value: number): number {
  return value === 0 ? 1 : 2 ** (Math.floor(Math.log2(value)) - 23);
}

const titleOf = ({ name, opset, isDynamic }: TorchCase) =>
  [name, `opset ${opset}`, isDynamic ? 'of any size' : 'of fixed sizes'] as const;

const named = (cases: readonly TorchCase[]) => cases.map((each) => [...titleOf(each), each] as const);

describe('A file that torch exported computes what torch computes', () => {
  const networks = readGolden<TorchCase>('onnx-networks.json.gz');
  test.each(named(networks))('%s, %s, %s', (_name, _opset, _axes, each) => compare(each, false));

  test('with its weights in a file beside it', () => compare(networks[0]!, true));

  test.each(named(readGolden<TorchCase>('onnx-random.json.gz')))('%s, %s, %s', (_name, _opset, _axes, each) =>
    compare(each, each.opset % 2 === 0),
  );

  test.each(named(readGolden<TorchCase>('onnx-layers.json.gz')))('%s, %s, %s', (_name, _opset, _axes, each) =>
    compare(each, false),
  );
});
