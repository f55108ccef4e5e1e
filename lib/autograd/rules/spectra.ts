import { type FrameAttributes, istft, magnitude, stft } from '../../nn/ops/spectra.ts';
import { WindowSums } from '../../nn/ops/windowSums.ts';
import { runOperation } from '../../tensor/operation.ts';
import { add, div, mul } from '../../tensor/ops/elementwise.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { sum } from '../../tensor/ops/reduce.ts';
import { numelOf } from '../../tensor/shape.ts';
import { makeView, packedView, type View, viewOfAll } from '../../tensor/view.ts';
import { over, replaced, times } from '../algebra.ts';
import { equal } from '../masks.ts';
import { defineRule } from '../rule.ts';
import { reshaped } from '../shapes.ts';

// Either of the two operations is the other one transposed. Both are linear in the window, too, but for the division.

defineRule(stft, {
  name: 'ViewAsRealBackward0',
  saves: ({ inputs: [x], needs }) => [needs[1] ? x! : null],
  backward: ({ attributes, inputs: [x], needs, saved: [signal] }, gradient) => {
    const made = (gradient.shape.at(-1)! - 1) * attributes.hop + attributes.size;
    const rest = made - x!.shape.at(-1)!;
    return [
      needs[0] ? runOperation(istft, [gradient], { ...attributes, first: 0, rest, dividesByWindows: false }) : null,
      needs[1] ? ofWindow(signal!, gradient, attributes) : null,
    ];
  },
});

defineRule(istft, {
  name: ({ dividesByWindows }) => (dividesByWindows ? 'DivBackward0' : 'UnfoldBackwardBackward0'),
  saves: ({ inputs: [spectra], results: [y], needs }) => [needs[1] ? spectra! : null, needs[1] ? y! : null],
  backward: ({ attributes, inputs: [x], needs, saved: [spectra, y] }, given) => {
    const { first, rest, dividesByWindows, ...framing } = attributes;
    // Of all samples that frames make, those that were left out as well.
    const whole = (view: View) =>
      runOperation(pad, [view], { ends: [[first, rest]] as const, mode: 'constant', value: 0 });
    const windows = dividesByWindows ? windowSums(framing, x!.shape.at(-1)!, given) : null;
    const gradient = windows === null ? whole(given) : runOperation(div, [whole(given), windows], {});
    const direct = needs[1] ? ofWindow(gradient, spectra!, framing) : null;
    return [
      needs[0] ? runOperation(stft, [gradient], framing) : null,
      direct && windows ? runOperation(add, [direct, throughSums(gradient, whole(y!), framing)], {}) : direct,
    ];
  },
});

defineRule(magnitude, {
  name: 'AbsBackward0',
  saves: ({ results }) => results,
  backward: ({ saved: [y] }, gradient) => [replaced(equal(y!, 0), over(gradient, times(y!, 2)), 0)],
});

/** Of the window that frames of a signal, or of its gradient, are multiplied by; of the others, which meet them, there are the spectra. */
function ofWindow(signal: View, spectra: View, attributes: FrameAttributes): View {
  const { size } = attributes;
  const window = attributes.window.map(() => 1);
  const apart = { ...attributes, window, hop: size, first: 0, rest: 0, dividesByWindows: false };
  const frames = runOperation(istft, [spectra], apart);
  const count = spectra.shape.at(-1)!;
  const others = reshaped(frames, [frames.numel / (count * size), count, size]);
  return sumOverFrames(runOperation(mul, [framesOf(signal, attributes, count), others], {}));
}

/** The part of the window's gradient that comes through the sums of squares: -2 w times that of all frames. */
function throughSums(gradient: View, y: View, attributes: FrameAttributes): View {
  const { size, hop, window } = attributes;
  const count = (y.shape.at(-1)! - size) / hop + 1;
  const frames = framesOf(runOperation(mul, [gradient, y], {}), attributes, count);
  const slope = viewOfAll(
    window.map((each) => -2 * each),
    gradient.dtype,
    Object.freeze([size]),
  );
  return runOperation(mul, [sumOverFrames(frames), slope], {});
}

/** The sums of squares; 1 where nothing was divided, since no window reaches that far. */
function windowSums(attributes: FrameAttributes, frames: number, { dtype }: View): View {
  const sums = new WindowSums(attributes, frames);
  const values = dtype === 'float32' ? new Float32Array(sums.length) : new Float64Array(sums.length);
  for (let sample = 0; sample < values.length; sample++) values[sample] = sums.at(sample) || 1;
  return viewOfAll(values, dtype, Object.freeze([values.length]));
}

/** The frames of signals (signals, frames, size), which overlap in memory. */
function framesOf(signal: View, { size, hop }: FrameAttributes, count: number): View {
  const { storage, shape, offset } = packedView(signal);
  const signals = numelOf(shape.slice(0, -1));
  return makeView(storage, [signals, count, size], offset, [shape.at(-1)!, hop, 1]);
}

function sumOverFrames(frames: View): View {
  return runOperation(sum, [frames], { dims: [0, 1], keepdim: false });
}
