import { rangeError } from '../../check/errors.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type BinFactors, type FrameSizes, overlapAddFrames, spectraOfFrames } from '../../native/spectra.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { floatFunction } from '../../tensor/ops/unary.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** Frames of signals, and what their spectra are multiplied by. Both operations learn the window. */
export interface FrameAttributes extends BinFactors {
  readonly size: number;
  readonly hop: number;
  /** As many as the size. */
  readonly window: FloatArray;
}

export interface OverlapAttributes extends FrameAttributes {
  /** The samples of the first frames that are left out, */
  readonly first: number;
  /** and those of the last frames; below zero, there are zeros behind them. */
  readonly rest: number;
  /** ... by the sum of the squares of all windows at a sample. */
  readonly dividesByWindows: boolean;
}

/** Spectra (..., 2, size / 2 + 1, frames) of x (..., L), one every `hop` samples. Real parts come before imaginary parts, frames lie side by side. */
export const stft: Operation<FrameAttributes> = {
  name: 'stft',
  infer: ([x], { size, hop }) => {
    const { dtype, shape } = x!;
    const length = shape.at(-1)!;
    if (length < size) {
      throw rangeError('ERR_CONV1D_SHAPE', `stft(): expected 0 < n_fft <= ${length}, but got n_fft=${size}`);
    }
    const frames = Math.floor((length - size) / hop) + 1;
    return { dtype, shape: Object.freeze([...shape.slice(0, -1), 2, binsOf(size), frames]) };
  },
  run: ([x], { window, ...attributes }, { dtype, shape }) => {
    const spectra = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (spectra.length > 0) {
      spectraOfFrames(sizesOf(x!.shape, shape, attributes), attributes, floatsOfView(x!), window, spectra);
    }
    return viewOfAll(spectra, dtype, shape);
  },
  lower: (steps, [given], { window, ...attributes }, [{ shape }]) => {
    const x = steps.contiguous(given!);
    const w = steps.constant(window);
    const out = steps.result();
    const { ends, inner } = attributes;
    const { signals, length, frames, size, hop } = sizesOf(x.shape, shape, attributes);
    steps.add([x, w], [out], (program, place) =>
      program.spectraOfFrames(signals, length, frames, size, hop, ends, inner, place(x), place(w), place(out)),
    );
    return [out];
  },
};

/** The other way: the frames of such spectra times the window, added up where they overlap. */
export const istft: Operation<OverlapAttributes> = {
  name: 'istft',
  infer: ([spectra], { size, hop, first, rest }) => {
    const { dtype, shape } = spectra!;
    const length = (shape.at(-1)! - 1) * hop + size - first - rest;
    if (length < 0) {
      throw rangeError('ERR_CONV1D_SHAPE', `istft(): ${shape.at(-1)} frames are too few for what is cut off`);
    }
    return { dtype, shape: Object.freeze([...shape.slice(0, -3), length]) };
  },
  run: ([spectra], { window, ...attributes }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      const { first, dividesByWindows } = attributes;
      const sizes = sizesOf(shape, spectra!.shape, attributes);
      overlapAddFrames(sizes, attributes, first, dividesByWindows, floatsOfView(spectra!), window, out);
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [given], { window, ...attributes }, [{ shape }]) => {
    const spectra = steps.contiguous(given!);
    const w = steps.constant(window);
    const out = steps.result();
    const { ends, inner, first, dividesByWindows } = attributes;
    const { signals, length, frames, size, hop } = sizesOf(shape, spectra.shape, attributes);
    steps.add([spectra, w], [out], (program, place) => {
      const sizes = [signals, length, frames, size, hop, ends, inner, first] as const;
      program.overlapAddFrames(...sizes, dividesByWindows, place(spectra), place(w), place(out));
    });
    return [out];
  },
};

/** Magnitudes of complex numbers, of what the squares of both parts add up to. The gradient is that of the numbers: none where they are zero. */
export const magnitude = floatFunction('sqrt', 'magnitude');

/** How many bins a spectrum of real samples has. */
export function binsOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

function sizesOf(
  signals: readonly number[],
  spectra: readonly number[],
  { size, hop }: Pick<FrameAttributes, 'size' | 'hop'>,
): FrameSizes {
  return { signals: numelOf(signals.slice(0, -1)), length: signals.at(-1)!, frames: spectra.at(-1)!, size, hop };
}
