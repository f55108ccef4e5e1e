import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Parameter } from '../lib/nn/parameter.ts';
import type { Dtype } from '../lib/tensor/dtype.ts';
import { tensor } from '../lib/tensor/factories.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';

interface Golden {
  name: string;
  dtype: Dtype;
  shape: number[];
  /** base64 of the elements' bytes */
  data: string;
  requiresGrad: boolean;
  parameter: boolean;
  text: string;
}

const goldens: Golden[] = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/printing.json.gz', import.meta.url))).toString(),
);

function build({ dtype, shape, data, requiresGrad, parameter }: Golden): Tensor {
  const bytes = new Uint8Array(Buffer.from(data, 'base64')).buffer;
  const values = dtype === 'float32' ? new Float32Array(bytes) : new Float64Array(bytes);
  return parameter ? new Parameter(values, shape) : tensor(values, shape, { requiresGrad });
}

describe('a tensor prints as torch prints it', () => {
  test.each(goldens)('$name', (golden) => {
    const t = build(golden);
    expect(String(t)).toBe(golden.text);
    expect(inspect(t)).toBe(golden.text);
  });
});

describe('views', () => {
  const ramp = tensor(
    Float32Array.from({ length: 2400 }, (_, i) => i),
    [30, 80],
  );

  test('a view with gaps prints like a copy of it', () => {
    for (const view of [ramp.at([0, 30], 3), ramp.at([2, 30], [1, 80]), ramp.at(4, [7, 9]), ramp.at(4, 4)]) {
      expect(String(view)).toBe(String(view.clone()));
    }
  });

  test('a view of a parameter is a plain tensor without suffix', () => {
    const view = new Parameter(new Float32Array([0.5, 1.5]), [2]).at(1);
    expect(view).not.toBeInstanceOf(Parameter);
    expect(String(view)).toBe('tensor(1.5000)');
  });
});

test('a parameter can be frozen', () => {
  const frozen = new Parameter(new Float32Array([1, 2]), [2], false);
  expect(String(frozen)).toBe('Parameter containing:\ntensor([1., 2.])');
});

test('many dimensions of size 2 are never summarised', () => {
  const shape = Array.from({ length: 12 }, () => 2);
  const text = String(tensor(new Float32Array(2 ** 12), shape));
  expect(text.startsWith(`tensor(${'['.repeat(12)}0., 0.]`)).toBe(true);
  expect(text).not.toContain('...');
});

test('printing a tensor whose memory was transferred gives a coded error', () => {
  const array = new Float32Array(4);
  const t = tensor(array, [2, 2]);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  expect(() => String(t)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }));
  expect(() => String(t)).toThrow('shape [2, 2] is gone');
  expect(inspect({ t })).toBe('{ t: tensor(<memory transferred or shrunk>, size=(2, 2)) }');
  expect(inspect(t.at(1))).toContain('size=(2)');
});
