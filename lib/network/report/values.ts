import type { Dtype } from '../../tensor/dtype.ts';
import type { Built } from '../build.ts';
import type { Value } from '../graph.ts';
import type { CompileSettings } from '../options.ts';
import type { Axis } from '../trace/axes.ts';
import { leafNames } from '../trace/tree.ts';
import { sizeTexts } from './sizeTexts.ts';

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
  const symbols = [nameOf(axes.length, shapes, 'L'), nameOf(axes.batch, shapes, 'N')] as const;
  const textsOf = sizeTexts(built);
  const describe = (value: Value, name: string): NetworkValue =>
    Object.freeze({ name, dtype: value.metas[0]!.dtype, shape: Object.freeze(textsOf(value, symbols)) });
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
