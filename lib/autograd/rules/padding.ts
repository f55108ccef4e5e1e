import { runOperation } from '../../tensor/operation.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { type PadMode, pad } from '../../tensor/ops/pad.ts';
import { sum } from '../../tensor/ops/reduce.ts';
import { narrow } from '../../tensor/ops/views.ts';
import { copyOfView, type View } from '../../tensor/view.ts';
import { plus } from '../algebra.ts';
import { put } from '../put.ts';
import { defineRule } from '../rule.ts';

const NAMES: Readonly<Record<PadMode, string>> = {
  constant: 'ConstantPadNdBackward0',
  reflect: 'ReflectionPad1DBackward0',
  replicate: 'ReplicationPad1DBackward0',
  circular: 'CopySlices',
};

defineRule(pad, {
  name: ({ mode, ends }) => NAMES[mode].replace('1D', `${ends.length}D`),
  backward: ({ attributes: { ends, mode }, inputs: [x] }, gradient) => {
    const first = x!.shape.length - ends.length;
    // Dimension by dimension: what was cut off comes back as zeros, and what was repeated is added where it came from.
    return [
      ends.reduce((view, [before, after], i) => {
        const dim = first + i;
        return folded(view, dim, x!.shape[dim]!, before, after, mode);
      }, gradient),
    ];
  },
});

function folded(gradient: View, dim: number, size: number, before: number, after: number, mode: PadMode): View {
  const part = (view: View, start: number, length: number) => runOperation(narrow, [view], { dim, start, length });
  const placed = (view: View, start: number, whole: number) => {
    const ends = view.shape
      .slice(dim)
      .map((length, i) => (i === 0 ? [start, whole - start - length] : [0, 0]) as [number, number]);
    return runOperation(pad, [view], { ends, mode: 'constant', value: 0 });
  };
  if (before === 0 && after === 0) return gradient;
  const [left, right] = [Math.max(before, 0), Math.max(after, 0)];
  if (mode === 'constant') {
    const inner = part(gradient, left, gradient.shape[dim]! - left - right);
    return before < 0 || after < 0 ? placed(inner, Math.max(-before, 0), size) : inner;
  }
  // What reflects or repeats the edge grows before it is cut; what goes round is cut before it grows.
  const cutFirst = mode === 'circular';
  const cutBefore = Math.max(-before, 0);
  const inner = cutFirst ? size - cutBefore - Math.max(-after, 0) : size;
  const grown = cutFirst ? gradient : placed(gradient, cutBefore, size + left + right);
  const sums = copyOfView(part(grown, left, inner));
  for (const [start, length, to] of [
    [0, left, { reflect: 1, replicate: 0, circular: inner - left }[mode]],
    [left + inner, right, { reflect: inner - 1 - right, replicate: inner - 1, circular: 0 }[mode]],
  ] as const) {
    if (length === 0) continue;
    const repeated = part(grown, start, length);
    const back = mode === 'circular' ? repeated : WAYS_BACK[mode](repeated, dim);
    const place = part(sums, to, back.shape[dim]!);
    put(plus(place, back), place);
  }
  return cutFirst && inner !== size ? placed(sums, cutBefore, size) : sums;
}

/** What was repeated, as it lies where it came from. */
const WAYS_BACK = {
  reflect: (view: View, dim: number) => runOperation(flip, [view], { dims: [dim] }),
  replicate: (view: View, dim: number) => runOperation(sum, [view], { dims: [dim], keepdim: true }),
};
