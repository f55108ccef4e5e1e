import { convolution } from '../../convolution/operation.ts';
import { linear } from '../../nn/ops/linear.ts';
import { allocate } from '../../tensor/allocate.ts';
import { spendMemory } from '../../tensor/budget.ts';
import { bytesPerElement, type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import { tensorOf } from '../../tensor/tensor.ts';
import { elementsOfView, viewOfAll } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { elementType } from '../file/types.ts';
import { convolutionLayer, linearLayer } from '../layers.ts';
import { onnxError } from '../onnxError.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, axisOf, ends, moved, narrowed, padded, permuted, reshaped, run } from './tensors.ts';

/** The most numbers that a transform may have as a matrix. */
const MOST_NUMBERS = 2 ** 25;

/** More than a minute of sound. */
const LONGEST_WINDOW = 2 ** 22;

/** As it is made, and packed. */
const COPIES = 2;

function floatDtype(call: Call): FloatDtype {
  const dtype = call.dtype(0);
  if (isFloatDtype(dtype)) return dtype;
  throw onnxError(`the input is of ${dtype}, and spectra are of floats`);
}

function binsOf(length: number, isOneSided: boolean): number {
  return isOneSided ? Math.floor(length / 2) + 1 : length;
}

function requireFewNumbers(count: number, dtype: FloatDtype): void {
  if (count > MOST_NUMBERS)
    throw onnxError(`the transform is a matrix of ${count} numbers, and ${MOST_NUMBERS} are the most`);
  spendMemory(count * COPIES * bytesPerElement(dtype));
}

/** Cosine and sine of 2 pi k t / n, the angle reduced first: products of large numbers lose it. */
function turn(k: number, t: number, n: number): readonly [cosine: number, sine: number] {
  const angle = (2 * Math.PI * ((k * t) % n)) / n;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Spectra of windows: a convolution with the window times cosines and sines, as (N, frames, bins, 2). */
function shortTime(call: Call): Any {
  const dtype = floatDtype(call);
  const signal = call.tensor(0);
  const [batch, length, parts = 1] = signal.shape as [number, number, number?];
  if (parts !== 1) throw onnxError('spectra of complex signals are not computed');
  const step = call.number(1);
  const window = call.has(2) ? (elementsOfView(call.known(2) ?? refuseWindow()) as FloatArray) : null;
  const size = call.has(3) ? call.number(3) : window?.length;
  if (size === undefined || !(size >= 1) || !(step >= 1))
    throw onnxError('frame_length or window, and frame_step, must be 1 or more');
  if (window !== null && window.length !== size)
    throw onnxError(`the window has ${window.length} elements, and a frame ${size}`);
  const bins = binsOf(size, call.flag('onesided', true));
  const layer = call.once(`spectra ${size} ${step}`, [1, 2, 3], () => {
    requireFewNumbers(2 * bins * size, dtype);
    const basis = allocate(dtype, 2 * bins * size);
    for (let k = 0; k < bins; k++) {
      for (let t = 0; t < size; t++) {
        const [cosine, sine] = turn(k, t, size);
        basis[k * size + t] = (window?.[t] ?? 1) * cosine;
        basis[(bins + k) * size + t] = -(window?.[t] ?? 1) * sine;
      }
    }
    return convolutionLayer([2 * bins, 1, size], { stride: step, dilation: 1, groups: 1 }, [0, 0], dtype, basis, null);
  });
  const spectra = run(convolution, [reshaped(signal, [batch, 1, length])], { layer });
  return permuted(reshaped(spectra, [batch, 2, bins, spectra.shape[2]!]), [0, 3, 2, 1]);
}

function refuseWindow(): never {
  throw onnxError('the window depends on the inputs of the network');
}

/** A discrete Fourier transform along one axis, as a product with its matrix: the last dimension has real and imaginary parts. */
function discrete(call: Call): Any {
  const dtype = floatDtype(call);
  const x = call.tensor(0);
  const ndim = x.shape.length;
  const parts = x.shape[ndim - 1]!;
  const given = call.opset >= 20 ? (call.has(2) ? call.number(2) : -2) : call.integer('axis', 1);
  const axis = axisOf(given, ndim);
  const isInverse = call.flag('inverse');
  const isOneSided = call.flag('onesided');
  if (axis === ndim - 1 || parts < 1 || parts > 2)
    throw onnxError(`there is no signal along axis ${given} of [${x.shape.join(', ')}]`);
  if (isOneSided && (isInverse || parts === 2))
    throw onnxError('one side of an inverse or a complex transform is not computed');
  const n = call.has(1) ? call.number(1) : x.shape[axis]!;
  if (!(n >= 1)) throw onnxError(`a transform of ${n} elements`);
  const behind = resizedTo(moved(x, axis, ndim - 2), n);
  const bins = binsOf(n, isOneSided);
  const layer = call.once(`dft ${n}`, [], () => {
    requireFewNumbers(n * parts * bins * 2, dtype);
    return linearLayer(n * parts, 2 * bins, dtype, matrix(n, parts, bins, isInverse, dtype), null);
  });
  const rows = reshaped(behind, [...behind.shape.slice(0, -2), n * parts]);
  const spectra = run(linear, [rows], { layer });
  return moved(reshaped(spectra, [...rows.shape.slice(0, -1), bins, 2]), ndim - 2, axis);
}

/** Cut, or longer by zeros. */
function resizedTo(x: Any, n: number): Any {
  const dim = x.shape.length - 2;
  const size = x.shape[dim]!;
  return size >= n ? narrowed(x, dim, 0, n) : padded(x, ends(x.shape.length, dim, 0, n - size), 'constant', 0);
}

/** (bins, 2) rows of (n, parts): real and imaginary part of each bin, of those of each element. */
function matrix(n: number, parts: number, bins: number, isInverse: boolean, dtype: FloatDtype): FloatArray {
  const all = allocate(dtype, 2 * bins * n * parts);
  const scale = isInverse ? 1 / n : 1;
  for (let k = 0; k < bins; k++) {
    for (let t = 0; t < n; t++) {
      const [cosine, angle] = turn(k, t, n);
      const sine = isInverse ? -angle : angle;
      const [real, imaginary] = [2 * k * n * parts + t * parts, (2 * k + 1) * n * parts + t * parts];
      all[real] = scale * cosine;
      all[imaginary] = -scale * sine;
      if (parts === 2) {
        all[real + 1] = scale * sine;
        all[imaginary + 1] = scale * cosine;
      }
    }
  }
  return all;
}

/** A window as a sum of cosines. */
function window(...weights: readonly number[]): Operator {
  return {
    inputs: [1, 1],
    attributes: ['output_datatype', 'periodic'],
    since: 17,
    run: (call) => {
      const size = call.number(0);
      const { dtype } = elementType(call.integer('output_datatype', 1), 'the window');
      if (!isFloatDtype(dtype) || !Number.isSafeInteger(size) || size < 0 || size > LONGEST_WINDOW) {
        throw onnxError(`there is no window of ${size} elements of ${dtype}`);
      }
      spendMemory(size * bytesPerElement(dtype));
      const period = call.flag('periodic', true) ? size : size - 1;
      const values = allocate(dtype, size);
      for (let i = 0; i < size; i++) {
        values[i] = weights.reduce((sum, weight, k) => sum + weight * Math.cos((2 * Math.PI * k * i) / period), 0);
      }
      return tensorOf(viewOfAll(values, dtype, Object.freeze([size])));
    },
  };
}

/** Spectra, and the windows of signals that they are of. */
export const spectra: Operators = {
  STFT: { inputs: [2, 4], attributes: ['onesided'], since: 17, run: shortTime },
  DFT: { inputs: [1, 3], attributes: ['axis', 'inverse', 'onesided'], since: 17, run: discrete },
  HannWindow: window(0.5, -0.5),
  HammingWindow: window(25 / 46, -21 / 46),
  BlackmanWindow: window(0.42, -0.5, 0.08),
};
