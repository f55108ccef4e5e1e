import type { PadAttributes } from '../../tensor/ops/pad.ts';
import type { Reason, RuleMaker, StreamRule } from './rules.ts';

// Operations that move elements.

interface Narrowing {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
}

/**
 * The least and the largest end that an operation may get, over all lengths of the signal. Before the end has come, a stream counts on what holds for all.
 * Undefined where ends change with the length and do not repeat.
 */
export function endsOf(
  ends: readonly number[],
  period: number | undefined,
): { least: number; most: number } | undefined {
  const [first] = ends as [number];
  const repeats =
    period === undefined
      ? ends.every((each) => each === first)
      : ends.slice(period).every((each, i) => each === ends[i]);
  return repeats ? { least: Math.min(...ends), most: Math.max(...ends) } : undefined;
}

/** The stream drops what is cut off the beginning, and holds back as much as is cut off the end at most. */
export const ofNarrow: RuleMaker = ({ dims: [dim], attributes, inputs, period }): StreamRule | Reason | undefined => {
  const told = attributes as readonly Narrowing[];
  const [a] = told as [Narrowing];
  if (a.dim !== dim) return undefined;
  const cuts = endsOf(
    told.map(({ start, length }, i) => inputs[i]![0]!.shape[dim]! - start - length),
    period,
  );
  if (cuts === undefined || told.some(({ start }) => start !== a.start)) {
    return { reason: 'counts from the end of the signal, or takes as much of any' };
  }
  const { start } = a;
  return {
    dim,
    rate: (input) => input,
    makes: (count) => Math.max(0, count - start - cuts.most),
    needs: ({ begin, end }) => ({ begin: begin + start, end: end + start }),
    keeps: (outputs) => outputs + start,
    call: (outputs) => ({ computed: outputs, attributes: { dim, start: 0, length: outputs.end - outputs.begin } }),
  };
};

/** Padding in front comes with the elements that it repeats, padding behind at the end. */
export const ofPad: RuleMaker = ({ dims: [dim], attributes, inputs, period }): StreamRule | Reason | undefined => {
  const told = attributes as readonly PadAttributes[];
  const [{ ends, ...others }] = told as [PadAttributes];
  const at = dim! - (inputs[0]![0]!.shape.length - ends.length);
  const isElsewhere = ({ ends: each }: PadAttributes) =>
    each.some(([before, after], i) => before !== ends[i]![0] || (i !== at && after !== ends[i]![1]));
  const afters = told.some(isElsewhere)
    ? undefined
    : endsOf(
        told.map(({ ends: each }) => each[at]?.[1] ?? 0),
        period,
      );
  if (afters === undefined) return { reason: 'pads by as much as the length says' };
  const before = ends[at]?.[0] ?? 0;
  if (before === 0 && afters.least === 0 && afters.most === 0) {
    return { ...passing(dim!), call: (outputs) => ({ computed: outputs }) };
  }
  const { mode } = others;
  if (mode === 'circular') {
    return { reason: "pads with the signal's other end, which has not come yet; use another padding mode" };
  }
  const [left, right] = [Math.max(before, 0), Math.max(afters.most, 0)];
  // Reflection does not repeat the edge.
  const [atBegin, atEnd] = mode === 'reflect' ? [left + 1, right + 1] : [1, 1];
  const isAtBegin = (output: number) => left > 0 && output < left;
  return {
    dim: dim!,
    rate: (input) => input,
    makes: (count) =>
      count < (left > 0 ? atBegin : 0) || count === 0 ? 0 : Math.max(0, count + before + Math.min(afters.least, 0)),
    needs: ({ begin, end }, length) => ({
      begin: isAtBegin(begin)
        ? 0
        : Math.max(
            0,
            Math.min(begin - before, Number.isFinite(length) && right > 0 ? length - atEnd : Number.POSITIVE_INFINITY),
          ),
      end: Math.min(length, Math.max(end - before, isAtBegin(begin) ? atBegin : 0)),
    }),
    keeps: (outputs, count) => {
      if (isAtBegin(outputs)) return 0;
      return Math.max(0, right > 0 ? Math.min(outputs - before, count - atEnd) : outputs - before);
    },
    call: (outputs, { begin, end }, length) => {
      const isFirst = isAtBegin(outputs.begin);
      const isLast = Number.isFinite(length) && right > 0 && outputs.end > before + length;
      const pair = [isFirst ? left : 0, isLast ? outputs.end - before - length : 0] as const;
      const first = isFirst ? 0 : begin + before;
      return {
        computed: { begin: first, end: first + pair[0] + (end - begin) + pair[1] },
        attributes: { ...others, ends: ends.with(at, pair) },
      };
    },
  };
};

function passing(dim: number): StreamRule {
  return { dim, rate: (input) => input, makes: (n) => n, needs: (outputs) => outputs, keeps: (outputs) => outputs };
}

/** A reshape keeps the order of elements: a point in time stays one, becomes several, or several become one. */
export const ofReshape: RuleMaker = ({ dims: [dim], inputs, results }): StreamRule | undefined => {
  const found = inputs.map(([x], i) => findTimes(x!.shape, dim!, results[i]![0]!.shape));
  const isEverywhere = (a: Time) =>
    found.every((times) => times.some((b) => a.dim === b.dim && a.times === b.times && a.over === b.over));
  const own = found[0]!.find(isEverywhere);
  if (own === undefined) return undefined;
  const { times, over } = own;
  return {
    dim: own.dim,
    rate: (input) => ({ times: input.times * times, over: input.over * over }),
    makes: (count) => Math.floor((count * times) / over),
    needs: ({ begin, end }) => ({
      begin: Math.floor((begin * over) / times),
      end: Math.ceil((end * over) / times),
    }),
    keeps: (outputs) => Math.floor((outputs * over) / times),
    call: (_, { begin, end }) => ({ computed: { begin: (begin * times) / over, end: (end * times) / over } }),
  };
};

/** A possible dimension of time, and how many points become how many. */
interface Time {
  readonly dim: number;
  readonly times: number;
  readonly over: number;
}

/** The possible dimensions of time in a result with the elements of x. */
function findTimes(shape: readonly number[], dim: number, result: readonly number[]): Time[] {
  const [before, behind] = [product(shape.slice(0, dim)), product(shape.slice(dim + 1))];
  const size = shape[dim]!;
  return result.flatMap((own, at): Time[] => {
    if (product(result.slice(0, at)) !== before) return [];
    const rest = product(result.slice(at + 1));
    if (own === size) return rest === behind ? [{ dim: at, times: 1, over: 1 }] : [];
    if (own % size === 0 && rest * (own / size) === behind) return [{ dim: at, times: own / size, over: 1 }];
    return size % own === 0 && rest === behind * (size / own) ? [{ dim: at, times: 1, over: size / own }] : [];
  });
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
