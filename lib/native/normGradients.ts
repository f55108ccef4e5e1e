import type { FloatArray } from '../tensor/dtype.ts';
import type { NormShape } from './norms.ts';

/** Where gradients go; null where none is asked for. */
export interface NormGradients {
  readonly x: FloatArray | null;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
}

/** The gradients of a norm over groups: weight and bias have an element for each channel of all groups. */
export function groupGradients(
  shape: NormShape,
  eps: number,
  gradient: FloatArray,
  x: FloatArray,
  weight: FloatArray | null,
  out: NormGradients,
): void {
  const { batch, groups, channels, length } = shape;
  normGradients(batch, groups, channels, length, eps, gradient, x, weight, false, out);
}

/** The gradients of a norm over rows: weight and bias have an element for each of a row. */
export function rowGradients(
  rows: number,
  count: number,
  eps: number,
  gradient: FloatArray,
  x: FloatArray,
  weight: FloatArray | null,
  out: NormGradients,
): void {
  normGradients(rows, 1, 1, count, eps, gradient, x, weight, true, out);
}

function normGradients(
  batch: number,
  groups: number,
  channels: number,
  length: number,
  eps: number,
  gradient: FloatArray,
  x: FloatArray,
  weight: FloatArray | null,
  areElementwise: boolean,
  out: NormGradients,
): void {
  const count = channels * length;
  const size = areElementwise ? count : groups * channels;
  const [weights, biases] = [new Float64Array(size), new Float64Array(size)];
  for (let row = 0; row < batch * groups; row++) {
    const first = row * count;
    let mean = 0;
    for (let i = 0; i < count; i++) mean += x[first + i]! / count;
    let variance = 0;
    for (let i = 0; i < count; i++) variance += (x[first + i]! - mean) ** 2 / count;
    const rstd = 1 / Math.sqrt(variance + eps);
    const at = (i: number) => (areElementwise ? i : (row % groups) * channels + Math.floor(i / length));
    let [sum, product] = [0, 0];
    for (let i = 0; i < count; i++) {
      const g = gradient[first + i]!;
      const normed = (x[first + i]! - mean) * rstd;
      biases[at(i)]! += g;
      weights[at(i)]! += g * normed;
      sum += g * (weight?.[at(i)] ?? 1);
      product += g * (weight?.[at(i)] ?? 1) * normed;
    }
    for (let i = 0; out.x !== null && i < count; i++) {
      const normed = (x[first + i]! - mean) * rstd;
      out.x[first + i] = rstd * (gradient[first + i]! * (weight?.[at(i)] ?? 1) - (sum + normed * product) / count);
    }
  }
  out.weight?.set(weights);
  out.bias?.set(biases);
}

/**
 * The gradients of a norm over channels, x (batch, channels, length), from their means, one over their deviations, and what x was
 * multiplied with.
 *
 * @param areOfInput  whether means and deviations change with x
 */
export function channelGradients(
  batch: number,
  channels: number,
  length: number,
  areOfInput: boolean,
  gradient: FloatArray,
  x: FloatArray,
  mean: FloatArray,
  rstd: FloatArray,
  scale: FloatArray,
  out: NormGradients,
): void {
  const count = batch * length;
  for (let c = 0; c < channels; c++) {
    let [sum, product] = [0, 0];
    for (let n = 0; n < batch; n++) {
      for (let i = (n * channels + c) * length, end = i + length; i < end; i++) {
        sum += gradient[i]!;
        product += gradient[i]! * (x[i]! - mean[c]!) * rstd[c]!;
      }
    }
    if (out.weight !== null) out.weight[c] = product;
    if (out.bias !== null) out.bias[c] = sum;
    for (let n = 0; out.x !== null && n < batch; n++) {
      for (let i = (n * channels + c) * length, end = i + length; i < end; i++) {
        const through = areOfInput ? (sum + (x[i]! - mean[c]!) * rstd[c]! * product) / count : 0;
        out.x[i] = scale[c]! * (gradient[i]! - through);
      }
    }
  }
}

/** The gradients of a function with parameters of a channel; that of `a` is what is learned. */
export function functionGradients(
  name: 'snake' | 'leakyRelu',
  rows: number,
  channels: number,
  length: number,
  gradient: FloatArray,
  x: FloatArray,
  a: FloatArray,
  b: FloatArray | null,
  out: { readonly x: FloatArray | null; readonly a: FloatArray | null },
): void {
  const sums = new Float64Array(channels);
  for (let row = 0; row < rows; row++) {
    const channel = row % channels;
    const slope = a[channel]!;
    const factor = b?.[channel] ?? 0;
    for (let i = row * length; i < (row + 1) * length; i++) {
      const [g, v] = [gradient[i]!, x[i]!];
      let [derivative, learned] = [0, 0];
      if (name === 'snake') {
        const double = Math.sin(2 * slope * v);
        derivative = 1 + factor * slope * double;
        learned = factor * (v * double - factor * Math.sin(slope * v) ** 2);
      } else {
        derivative = v > 0 ? 1 : slope;
        learned = v > 0 ? 0 : v;
      }
      if (out.x !== null) out.x[i] = g * derivative;
      sums[channel]! += g * learned;
    }
  }
  out.a?.set(sums);
}
