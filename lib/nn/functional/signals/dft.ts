import { runOperation } from '../../../tensor/operation.ts';
import { cat } from '../../../tensor/ops/cat.ts';
import { add, sub } from '../../../tensor/ops/elementwise.ts';
import { pad } from '../../../tensor/ops/pad.ts';
import { reshape } from '../../../tensor/ops/reshape.ts';
import { NO_PARAMETERS, neg } from '../../../tensor/ops/unary.ts';
import { narrow, permute } from '../../../tensor/ops/views.ts';
import type { View } from '../../../tensor/view.ts';
import { binsOf, type FrameAttributes, istft, stft } from '../../ops/spectra.ts';
import { bothSides } from './stft.ts';

/** The parameters of a discrete Fourier transform, in the terms of ONNX. */
export interface Dft {
  /** The dimension of the signals; not the last one, which has the real part, or the real and the imaginary part. */
  readonly dim: number;
  /** The size of the transform, to which signals are cut or filled up with zeros. Default: that of the signals; for a onesided inverse, what its bins make. */
  readonly size?: number | undefined;
  /** Whether it is the inverse, with a factor of one over the size. */
  readonly inverse: boolean;
  /** Whether there are the bins 0 to size / 2 only: in the result, or, for the inverse, in the input; the inverse is then real. */
  readonly onesided: boolean;
}

/**
 * The discrete Fourier transform along a dimension, or its inverse, composed of {@link stft} with frames that do not overlap. It checks nothing.
 *
 * @param x  (..., 1), real, or (..., 2), complex
 * @returns  (..., 2), or, for a onesided inverse, (..., 1)
 */
export function dft(x: View, { dim, size: given, inverse, onesided }: Dft): View {
  const last = x.shape.length - 1;
  const isReal = inverse && onesided;
  const size = given ?? (isReal ? 2 * (x.shape[dim]! - 1) : x.shape[dim]!);
  const others = x.shape.filter((_, i) => i !== dim && i !== last);
  // (parts, others..., size): the signals are one long one, of which each is a frame.
  const order = [last, ...Array.from(x.shape.keys()).filter((i) => i !== dim && i !== last), dim];
  const rows = runOperation(permute, [resized(x, dim, isReal ? binsOf(size) : size)], { dims: order });
  if (isReal) {
    const count = rows.numel / 2 / binsOf(size);
    const spectra = runOperation(permute, [shaped(rows, [2, count, binsOf(size)])], { dims: [0, 2, 1] });
    const whole = { ...framesOf(x, size, 1 / size, 2 / size), first: 0, rest: 0, dividesByWindows: false };
    return movedTo(dim, shaped(runOperation(istft, [spectra], whole), [...others, size, 1]));
  }
  const factor = inverse ? 1 / size : 1;
  const spectraOf = (part: number): View => {
    const signals = runOperation(narrow, [rows], { dim: 0, start: part, length: 1 });
    const half = runOperation(stft, [shaped(signals, [signals.numel])], framesOf(x, size, factor, factor));
    return onesided ? half : bothSides(half, size);
  };
  const spectra = x.shape[last] === 1 ? ofReal(spectraOf(0), inverse) : ofComplex(spectraOf(0), spectraOf(1), inverse);
  const ordered = runOperation(permute, [spectra], { dims: [2, 1, 0] });
  return movedTo(dim, shaped(ordered, [...others, spectra.shape[1]!, 2]));
}

function framesOf({ dtype }: View, size: number, ends: number, inner: number): FrameAttributes {
  const window = (dtype === 'float64' ? new Float64Array(size) : new Float32Array(size)).fill(1);
  return { size, hop: size, ends, inner, window };
}

/** Cut off at the end, or filled up with zeros there. */
function resized(x: View, dim: number, size: number): View {
  const more = size - x.shape[dim]!;
  if (more === 0) return x;
  const ends = x.shape.slice(dim).map((_, i): [number, number] => [0, i === 0 ? more : 0]);
  return runOperation(pad, [x], { ends, mode: 'constant', value: 0 });
}

/** The inverse transform of real numbers is the conjugate of the transform. */
function ofReal(spectra: View, inverse: boolean): View {
  return inverse ? joined(part(spectra, 0), runOperation(neg, [part(spectra, 1)], NO_PARAMETERS)) : spectra;
}

/** Of the spectra of real and imaginary parts. */
function ofComplex(a: View, b: View, inverse: boolean): View {
  const [aRe, aIm, bRe, bIm] = [part(a, 0), part(a, 1), part(b, 0), part(b, 1)];
  return inverse
    ? joined(runOperation(add, [aRe, bIm], {}), runOperation(sub, [bRe, aIm], {}))
    : joined(runOperation(sub, [aRe, bIm], {}), runOperation(add, [aIm, bRe], {}));
}

function part(spectra: View, start: number): View {
  return runOperation(narrow, [spectra], { dim: 0, start, length: 1 });
}

function joined(re: View, im: View): View {
  return runOperation(cat, [re, im], { dim: 0 });
}

function shaped(x: View, sizes: readonly number[]): View {
  return runOperation(reshape, [x], { sizes });
}

/** With the last dimension but one somewhere else. */
function movedTo(dim: number, x: View): View {
  const last = x.shape.length - 1;
  const dims = Array.from(x.shape, (_, i) => (i === last || i < dim ? i : i === dim ? last - 1 : i - 1));
  return runOperation(permute, [x], { dims });
}
