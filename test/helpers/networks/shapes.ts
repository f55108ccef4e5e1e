import { cat, functional, stack, type Tensor } from '../../../lib/index.ts';
import type { Dice } from '../dice.ts';
import type { Maker } from './layers.ts';
import type { Piece } from './piece.ts';
import type { Sized } from './value.ts';

// Pieces that only move elements, with sizes that are read from shapes, and those of several values.

const narrow: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const [dim, skipped] = [dice.integer(0, x.ndim - 1), dice.integer(0, 3)];
  const [text, compute] = dice.pick<readonly [string, (y: Tensor, size: number) => Tensor]>(
    [`narrow(${dim}, ${skipped}, size - ${skipped})`, (y, size) => y.narrow(dim, skipped, size - skipped)],
    [`narrow(${dim}, 0, size - ${skipped})`, (y, size) => y.narrow(dim, 0, size - skipped)],
    [`narrow(${dim}, -${skipped + 1}, ${skipped + 1})`, (y) => y.narrow(dim, -skipped - 1, skipped + 1)],
    [`narrow(${dim}, 0, floor(size / 2))`, (y, size) => y.narrow(dim, 0, Math.floor(size / 2))],
    [
      `narrow(${dim}, floor(size / 3), ceil(size / 2))`,
      (y, size) => y.narrow(dim, Math.floor(size / 3), Math.ceil(size / 2)),
    ],
    [`narrow(${dim}, 0, size - size % 4)`, (y, size) => y.narrow(dim, 0, size - (size % 4))],
    [`at, the last of ${dim}`, (y) => y.at(...new Array(dim).fill([0, Number.POSITIVE_INFINITY]), -1)],
    [`at, [1, -1] of ${dim}`, (y) => y.at(...new Array(dim).fill([0, Number.POSITIVE_INFINITY]), [1, -1])],
  );
  return { text, compute: ([y]) => compute(y!, y!.shape[dim]!) };
};

const pieces: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const [dim, count] = [dice.integer(0, x.ndim - 1), dice.integer(2, 3)];
  if (x.first.shape[dim]! < count || x.second.shape[dim]! < count) return undefined;
  const size = x.fixed(dim);
  if (size !== undefined && dice.integer(0, 1) === 1) {
    const first = dice.integer(1, size - 1);
    return {
      text: `split([${first}, ${size - first}], ${dim})`,
      compute: ([y]) => y!.split([first, size - first], dim),
    };
  }
  return { text: `chunk(${count}, ${dim})`, varies: true, compute: ([y]) => y!.chunk(count, dim) };
};

const reshape: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const dim = dice.integer(0, x.ndim - 1);
  const size = x.fixed(dim);
  const parts = [2, 3, 4].filter((each) => size !== undefined && size > 0 && size % each === 0);
  if (parts.length > 0 && dice.integer(0, 1) === 0) {
    const part = dice.pick(...parts);
    return {
      text: `reshape, ${dim} as (${size! / part}, ${part})`,
      compute: ([y]) => y!.reshape(...y!.shape.toSpliced(dim, 1, size! / part, part)) as Tensor,
    };
  }
  if (x.ndim < 2 || dim === x.ndim - 1) return undefined;
  const [text, compute] = dice.pick<readonly [string, (y: Tensor) => Tensor]>(
    [`flatten(${dim}, ${dim + 1})`, (y) => y.flatten(dim, dim + 1)],
    [`reshape, ${dim} and the next as -1`, (y) => y.reshape(...y.shape.toSpliced(dim, 2, -1)) as Tensor],
    [
      `reshape, ${dim} and the next multiplied`,
      (y) => y.reshape(...y.shape.toSpliced(dim, 2, y.shape[dim]! * y.shape[dim + 1]!)) as Tensor,
    ],
  );
  return { text, compute: ([y]) => compute(y!) };
};

const order: Maker = (dice, x) => {
  if (x.ndim < 2) return undefined;
  const dims = [...Array(x.ndim).keys()];
  for (let i = dims.length - 1; i > 0; i--) {
    const j = dice.integer(0, i);
    [dims[i], dims[j]] = [dims[j]!, dims[i]!];
  }
  return { text: `permute(${dims})`, compute: ([y]) => y!.permute(...dims) };
};

const transpose: Maker = (_, x) =>
  x.ndim < 2 ? undefined : { text: 'transpose(-1, -2)', compute: ([y]) => y!.transpose(-1, -2) };

const backToSignals: Maker = (_, x) =>
  x.ndim < 4 ? undefined : { text: 'flatten(1, -2)', compute: ([y]) => y!.flatten(1, -2) };

const sizesOfOne: Maker = (dice, x) => {
  const one = [...Array(x.ndim).keys()].find((dim) => x.fixed(dim) === 1);
  if (one !== undefined && dice.integer(0, 1) === 0)
    return { text: `squeeze(${one})`, compute: ([y]) => y!.squeeze(one) };
  if (x.ndim > 3) return undefined;
  const [dim, times] = [dice.integer(0, x.ndim), dice.integer(2, 3)];
  return dice.integer(0, 1) === 0
    ? { text: `unsqueeze(${dim})`, compute: ([y]) => y!.unsqueeze(dim) }
    : {
        text: `unsqueeze(${dim}) and expand by ${times}`,
        compute: ([y]) => y!.unsqueeze(dim).expand(...new Array(x.ndim + 1).fill(-1).with(dim, times)) as Tensor,
      };
};

const repeated: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const [dim, times] = [dice.integer(0, x.ndim - 1), dice.integer(2, 3)];
  return { text: `repeatInterleave(${times}, ${dim})`, compute: ([y]) => y!.repeatInterleave(times, dim) };
};

const flip: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const dim = dice.integer(0, x.ndim - 1);
  return { text: `flip(${dim})`, compute: ([y]) => y!.flip(dim) };
};

const paddedToMultiple: Maker = (dice, x) => {
  if (x.ndim === 0) return undefined;
  const multiple = dice.pick(2, 4, 5, 16);
  return {
    text: `padded to a multiple of ${multiple}`,
    compute: ([y]) => functional.pad(y!, [0, (multiple - (y!.shape.at(-1)! % multiple)) % multiple]),
  };
};

export const SHAPES: readonly Maker[] = [
  narrow,
  narrow,
  pieces,
  reshape,
  reshape,
  order,
  transpose,
  backToSignals,
  sizesOfOne,
  repeated,
  flip,
  paddedToMultiple,
];

/** Pieces of a value and of earlier ones: `others` are their numbers. */
export function joint(dice: Dice, values: readonly Sized[], x: Sized): Piece | undefined {
  const numbered = [...values.entries()];
  const alike = numbered.filter(([, each]) => each.isLike(x)).map(([i]) => i);
  const choice = dice.integer(0, 4);
  if (choice < 3) {
    if (alike.length === 0) return undefined;
    const [name, isLeft] = [dice.pick('add', 'add', 'mul', 'sub', 'minimum', 'maximum'), dice.integer(0, 1) === 1];
    return {
      text: `${name}${isLeft ? ' on the left' : ''}`,
      others: [dice.pick(...alike)],
      compute: ([y, z]) => (isLeft ? z![name](y!) : y![name](z!)),
    };
  }
  if (choice === 3) {
    const dim = dice.integer(0, Math.max(x.ndim - 1, 0));
    const beside = x.ndim === 0 ? [] : numbered.filter(([, each]) => each.fitsBeside(x, dim)).map(([i]) => i);
    if (beside.length === 0) return undefined;
    const others = Array.from({ length: dice.integer(1, 3) }, () => dice.pick(...beside));
    return { text: `cat(${dim})`, others, compute: (all) => cat(all, dim) };
  }
  // Repeated along dimensions of size 1, or apart.
  const gates = numbered
    .filter(([, each]) => each.ndim === x.ndim && !each.isLike(x) && isRepeated(each, x))
    .map(([i]) => i);
  if (gates.length > 0) {
    const name = dice.pick('mul', 'add', 'sub');
    return { text: `${name}, repeated`, others: [dice.pick(...gates)], compute: ([y, z]) => y![name](z!) };
  }
  if (alike.length === 0 || x.ndim > 3) return undefined;
  const dim = dice.integer(0, x.ndim);
  return { text: `stack(${dim})`, others: [dice.pick(...alike)], compute: (all) => stack(all, dim) };
}

function isRepeated(gate: Sized, x: Sized): boolean {
  return [gate.first, gate.second].every((one, k) =>
    one.shape.every((size, dim) => size === 1 || size === [x.first, x.second][k]!.shape[dim]),
  );
}
