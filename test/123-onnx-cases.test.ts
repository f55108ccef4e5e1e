import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeInput, type Packed, readGoldenObject } from './golden/calls.ts';
import { type Case, dimensionsOf, fileOf } from './helpers/onnx/cases/case.ts';
import { cases } from './helpers/onnx/cases/list.ts';
import { difference, type Named, run, tensorOf } from './helpers/onnx/load.ts';

// Files of single operators in opsets 7 to 21, beside what onnxruntime computes of them (golden/generate_onnx_cases.ts).

const golden = readGoldenObject<Record<string, Record<string, Packed>>>('onnx-cases.json.gz');

/** The cases that need the sizes that the file has, each with the reason. The list only shrinks. */
const fixedSizes = JSON.parse(readFileSync(new URL('onnx/fixed-sizes.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

/** Two float32 libraries differ by roundings of sums. */
const [RTOL, ATOL] = [1e-4, 1e-5];

const inputsOf = ({ inputs }: Case): Named =>
  Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, makeInput(input)]));

function compare(results: Named, { name }: Case): void {
  for (const [output, { dtype, shape, data }] of Object.entries(golden[name]!)) {
    const expected = tensorOf(dtype, shape, Buffer.from(data, 'base64'));
    const { largest, isWithin } = difference(results[output]!, expected, RTOL, ATOL);
    if (!isWithin) throw new Error(`${output} is off by up to ${largest}: ${results[output]} came, not ${expected}`);
  }
}

describe('A file of one operator computes what onnxruntime computes', () => {
  test('and there is a result for every case', () => {
    const names = cases.map(({ name }) => name);
    expect(names).toEqual(Object.keys(golden));
    expect(names).toEqual(expect.arrayContaining(Object.keys(fixedSizes)));
    expect(Object.keys(fixedSizes)).toEqual(Object.keys(fixedSizes).sort());
  });

  describe.each(cases.map((each) => [each.name, each] as const))('opset %s', (_name, each) => {
    test('with the shapes fixed', async () => {
      compare(await run(fileOf(each), inputsOf(each)), each);
    });
    const play = async () =>
      compare(await run(fileOf(each, true), inputsOf(each), { dimensions: dimensionsOf(each) }), each);
    if (!(each.name in fixedSizes)) test('with the first and the last size free', play);
    else {
      test('and is refused with the first and the last size free', async () => {
        const refused = expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) });
        await expect(play(), 'it passes: take it off test/onnx/fixed-sizes.json').rejects.toThrow(refused);
      });
    }
  });
});
