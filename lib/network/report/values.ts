import type { Dtype } from '../../tensor/dtype.ts';
import type { Built } from '../build.ts';
import type { Value } from '../graph.ts';
import type { CompileSettings } from '../options.ts';
import { numbersOf } from '../plan/numbers.ts';
import type { Axis } from '../trace/axes.ts';
import { type Fit, fitInteger } from '../trace/fit.ts';
import { leafNames } from '../trace/tree.ts';

/**
 * The description of a network's input or output.
 *
 * @category Networks
 */
export interface NetworkValue {
  /** Its name in calls by name; without such names `input0`, `output0` and so on. */
  readonly name: string;
  readonly dtype: Dtype;
  /** Sizes: numbers, or, for sizes that may differ, expressions of N and L: `['N', 64, 'L - 4']`. An ONNX model may have other names for them. */
  readonly shape: readonly (number | string)[];
}

/** All inputs and outputs of a network. */
export interface NetworkValues {
  readonly inputs: readonly NetworkValue[];
  readonly outputs: readonly NetworkValue[];
}

/** Describes the inputs and outputs of a network. */
export function describeValues(built: Built, { inputNames, outputNames, shapes }: CompileSettings): NetworkValues {
  const { axes, outputForm } = built;
  const { inputs, outputs } = built.plan?.graph ?? built.mixed!;
  const { traced } = numbersOf(inputs, axes);
  const symbols = [nameOf(axes.length, shapes, 'L'), nameOf(axes.batch, shapes, 'N')];
  const describe = (value: Value, name: string): NetworkValue => {
    const { dtype, shape } = value.metas[0]!;
    const sizes = shape.map((_, dim) =>
      sizeText(
        value.metas.map((meta) => meta.shape[dim]!),
        traced,
        symbols,
      ),
    );
    return Object.freeze({ name, dtype, shape: Object.freeze(sizes) });
  };
  const leaves = leafNames(outputForm, '');
  const isObject = outputForm !== 'leaf' && !Array.isArray(outputForm);
  return {
    inputs: inputs.map((value, i) => describe(value, inputNames?.[i] ?? `input${i}`)),
    outputs: outputs.map((value, i) => describe(value, outputNames?.[i] ?? (isObject ? leaves[i]! : `output${i}`))),
  };
}

/** The name that a file gives to the size on an axis. */
function nameOf(axes: readonly (Axis | null)[], shapes: CompileSettings['shapes'], otherwise: string): string {
  for (const [i, axis] of axes.entries()) {
    const name = axis?.times === 1 ? shapes?.[i]?.[axis.dim] : undefined;
    if (typeof name === 'string') return name;
  }
  return otherwise;
}

function sizeText(
  sizes: readonly number[],
  traced: readonly (readonly number[])[],
  symbols: readonly string[],
): number | string {
  if (sizes.every((size) => size === sizes[0])) return sizes[0]!;
  for (const [variable, symbol] of symbols.entries()) {
    const line = wholeLine(
      sizes,
      traced.map((numbers) => numbers[variable]!),
    );
    if (line !== undefined) return lineText({ ...line, divisor: 1 }, symbol);
  }
  const sources = symbols.map((_, variable) => ({
    sizes: traced.map((numbers) => numbers[variable]!),
    from: { variable },
  }));
  const fit = fitInteger(sizes, sources);
  if (fit === undefined || fit.multiple !== undefined || fit.cycle !== undefined || !('variable' in fit.from))
    return '?';
  return lineText(fit.line, symbols[fit.from.variable]!);
}

/** `factor * number + added`, with integers; undefined if the sizes are not of that form. */
function wholeLine(
  sizes: readonly number[],
  numbers: readonly number[],
): { factor: number; added: number } | undefined {
  const other = numbers.findIndex((number) => number !== numbers[0]);
  if (other < 0) return undefined;
  const factor = (sizes[other]! - sizes[0]!) / (numbers[other]! - numbers[0]!);
  const added = sizes[0]! - factor * numbers[0]!;
  const fits = Number.isInteger(factor) && sizes.every((size, i) => size === factor * numbers[i]! + added);
  return fits ? { factor, added } : undefined;
}

function lineText({ factor, added, divisor }: Fit['line'], symbol: string): string {
  const product = factor === 1 ? symbol : `${factor} ${symbol}`;
  const sum = added === 0 ? product : `${product} ${added < 0 ? '-' : '+'} ${Math.abs(added)}`;
  if (divisor === 1) return sum;
  return `floor(${added === 0 ? product : `(${sum})`} / ${divisor})`;
}
