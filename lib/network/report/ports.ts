import type { Dtype } from '../../tensor/dtype.ts';
import type { Built } from '../build.ts';
import type { Value } from '../graph.ts';
import type { NetworkTraits } from '../share/handle.ts';
import { type Form, leafNames } from '../trace/tree.ts';
import { sizeTexts } from './sizeTexts.ts';

/** An input or output tensor of a network. */
export interface Port {
  readonly name: string;
  readonly dtype: Dtype;
  /** The sizes of the example. */
  readonly shape: readonly number[];
  /** The sizes with `N`, `L` and expressions of them, such as `floor(L / 320)`. */
  readonly sizes: readonly string[];
  /** Which dimension is the batch, and which the length; null for none. */
  readonly batch: number | null;
  readonly length: number | null;
}

/** The inputs and outputs of a network, in the order of its arguments and results. */
export function portsOf({ settings, forms }: NetworkTraits, built: Built) {
  const { plan, mixed, outputForm } = built;
  const { inputs, outputs } = plan?.graph ?? mixed!;
  const { inputNames, outputNames } = settings;
  const describe = portDescriber(built);
  const namesOfInputs = forms.flatMap((form, i) =>
    leafNames(form, inputNames?.[i] ?? nameAlone('input', i, forms.length)),
  );
  return {
    inputs: inputs.map((value, i): Port => describe(value, namesOfInputs[i]!)),
    outputs: outputs.map((value, i): Port => describe(value, outputNames?.[i] ?? outputName(outputForm, i))),
  };
}

function outputName(form: Form, i: number): string {
  const names = leafNames(form, '');
  // Neither an array nor a single tensor has names.
  return form !== 'leaf' && !Array.isArray(form) ? names[i]! : nameAlone('output', i, names.length);
}

function nameAlone(name: string, i: number, count: number): string {
  return count === 1 ? name : `${name}${i}`;
}

function portDescriber(built: Built) {
  const textsOf = sizeTexts(built);
  return (value: Value, name: string): Port => {
    const { dtype, shape } = value.metas[0]!;
    const sizes = textsOf(value, ['L', 'N']).map(String);
    const dimOf = (variable: string) => {
      const dim = sizes.findIndex((size) => size === variable || (variable === 'L' && size.includes('L')));
      return dim < 0 ? null : dim;
    };
    return { name, dtype, shape, sizes, batch: dimOf('N'), length: dimOf('L') };
  };
}
