import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { ConvTranspose1d, functional, manualSeed, type Tensor, tensor, zeros } from '../lib/index.ts';
import { restored } from './golden/conv1d.ts';
import {
  document,
  goldens,
  operandsOf,
  type RefusedCall,
  storedOperandsOf,
  type TransposedProblem,
} from './golden/convTranspose1d.ts';
import { isas, withIsa } from './helpers/layer.ts';
import { EPSILON } from './reference/conv1d.ts';
import type { Operands } from './reference/problem.ts';

/** The sums of the magnitudes of what each output adds up, in the order of the outputs. */
function magnitudes(p: TransposedProblem, { x, w, b }: Operands): Float64Array {
  const outLength = p.outShape.at(-1)!;
  const [groupIn, groupOut] = [p.inChannels / p.groups, p.outChannels / p.groups];
  const sums = new Float64Array((p.batch ?? 1) * p.outChannels * outLength);
  for (let row = 0; row < sums.length / Math.max(outLength, 1); row++) {
    const [n, o] = [Math.floor(row / p.outChannels), row % p.outChannels];
    if (b !== null) sums.fill(Math.abs(b[o]!), row * outLength, (row + 1) * outLength);
    for (let c = 0; c < groupIn; c++) {
      const channel = Math.floor(o / groupOut) * groupIn + c;
      for (let i = 0; i < p.length; i++) {
        for (let k = 0; k < p.kernelSize; k++) {
          const t = i * p.stride + k * p.dilation - p.padding;
          if (t < 0 || t >= outLength) continue;
          const weight = w[(channel * groupOut + (o % groupOut)) * p.kernelSize + k]!;
          sums[row * outLength + t]! += Math.abs(weight * x[(n * p.inChannels + channel) * p.length + i]!);
        }
      }
    }
  }
  return sums;
}

type Run = (p: TransposedProblem, operands: Operands) => Tensor;

const inputOf = (p: TransposedProblem, { x }: Operands): Tensor =>
  tensor(x, p.batch === null ? [p.inChannels, p.length] : [p.batch, p.inChannels, p.length]);

function layerOf(p: TransposedProblem, { w, b }: Operands): ConvTranspose1d {
  const { stride, padding, outputPadding, groups, dilation, dtype } = p;
  const options = { stride, padding, outputPadding, groups, dilation, dtype, bias: b !== null };
  const layer = new ConvTranspose1d(p.inChannels, p.outChannels, p.kernelSize, options);
  layer.weight.data.set(w);
  if (b !== null) layer.bias!.data.set(b);
  return layer;
}

const call = (layer: ConvTranspose1d, p: TransposedProblem, operands: Operands): Tensor =>
  layer.forward(inputOf(p, operands), p.outputSize === null ? undefined : { outputSize: p.outputSize });
const byLayer: Run = (p, operands) => call(layerOf(p, operands), p, operands);
const byPackedLayer: Run = (p, operands) => call(layerOf(p, operands).eval(), p, operands);
const byFunction: Run = (p, operands) => {
  const { stride, padding, outputPadding, groups, dilation } = p;
  const weight = tensor(operands.w, [p.inChannels, p.outChannels / groups, p.kernelSize]);
  const bias = operands.b && tensor(operands.b, [p.outChannels]);
  const options = { stride, padding, outputPadding, groups, dilation };
  return functional.convTranspose1d(inputOf(p, operands), weight, bias, options);
};

const runs: [name: string, run: Run, applies: (p: TransposedProblem) => boolean][] = [
  ['ConvTranspose1d', byLayer, () => true],
  ['ConvTranspose1d in eval mode', byPackedLayer, () => true],
  ['functional.convTranspose1d', byFunction, (p) => p.outputSize === null],
];

const problems = goldens.map(({ problem, expected }) => {
  const operands = operandsOf(problem);
  return { problem, expected, operands, bounds: magnitudes(problem, operands) };
});

describe.each(isas)('with %s', (isa) => {
  describe.each(runs)('%s', (_, run, applies) => {
    it('is within the rounding of PyTorch on every golden problem, and equals it on those of integers', () => {
      const chosen = problems.filter(({ problem }) => applies(problem));
      expect(chosen.length).toBeGreaterThan(100);
      withIsa(isa, () => {
        for (const { problem, operands, expected, bounds } of chosen) {
          const y = run(problem, operands);
          expect(y.shape, JSON.stringify(problem)).toEqual(problem.outShape);
          const eps = problem.values === 'integer' ? 0 : EPSILON[problem.dtype];
          const products = (problem.inChannels / problem.groups) * problem.kernelSize;
          const wrong = y.data.findIndex(
            (actual, i) => !(Math.abs(actual - expected[i]!) <= (Math.sqrt(products) + 1) * eps * bounds[i]!),
          );
          expect(wrong, JSON.stringify(problem)).toBe(-1);
        }
      });
    });

    it('equals PyTorch on NaN, infinities, signed zeros and subnormals', () => {
      withIsa(isa, () => {
        for (const special of document.specials) {
          const y = run(special, storedOperandsOf(special));
          // Zeros are positive here, whatever sign they have in PyTorch.
          const expected = restored(special.output, special.dtype).map((value) => value + 0);
          expect([...y.data], special.name).toEqual([...expected]);
        }
      });
    });
  });
});

describe('what PyTorch refuses is refused with its sentence', () => {
  const make = (call: RefusedCall, which: 'input' | 'weight' | 'bias', shape: readonly number[]): Tensor =>
    zeros(shape, { dtype: call.doubles?.includes(which) ? 'float64' : 'float32' });
  const run = (call: RefusedCall): unknown => {
    const input = make(call, 'input', call.input);
    if (call.arguments !== undefined) {
      const outputSize = call.outputSize ?? undefined;
      return new ConvTranspose1d(...call.arguments, call.options).forward(input, { outputSize });
    }
    const bias = call.bias ? make(call, 'bias', call.bias) : null;
    return functional.convTranspose1d(input, make(call, 'weight', call.weight!), bias, call.options);
  };
  test.each(document.calls)('$name', (call) => {
    let error: (Error & { code?: string }) | undefined;
    try {
      run(call);
    } catch (caught) {
      error = caught as Error;
    }
    expect(error?.message.slice(0, call.error.message.length)).toBe(call.error.message);
    expect(error?.code).toMatch(/^ERR_CONV1D_(TYPE|DTYPE|VALUE|SHAPE)$/);
  });
});

describe('a layer is printed as PyTorch prints it', () => {
  test.each(document.layers)('$text', ({ arguments: sizes, options, text }) => {
    const layer = new ConvTranspose1d(...sizes, options);
    expect(String(layer)).toBe(text);
    expect(inspect({ layer })).toContain(text);
  });
});

describe('a seed makes the layer that it makes in PyTorch', () => {
  const sha256 = ({ data }: Tensor) =>
    createHash('sha256')
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest('hex');
  test.each(document.drawn)('$arguments', ({ seed, arguments: sizes, options, weight, bias, keys }) => {
    manualSeed(seed);
    const layer = new ConvTranspose1d(...sizes, options);
    expect(sha256(layer.weight)).toBe(weight);
    expect(layer.bias && sha256(layer.bias)).toBe(bias);
    expect(Object.keys(layer.stateDict())).toEqual(keys);
  });
});
