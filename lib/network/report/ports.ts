import type { Dtype } from '../../tensor/dtype.ts';
import type { Built } from '../build.ts';
import type { Value } from '../graph.ts';
import type { NetworkTraits } from '../share/handle.ts';
import type { Axes } from '../trace/axes.ts';
import { fitInteger } from '../trace/fit.ts';
import { variablesAt } from '../trace/traceGraph.ts';
import { type Form, leafNames } from '../trace/tree.ts';

/** An input or output tensor of a network. */
export interface Port {
  readonly name: string;
  readonly dtype: Dtype;
  /** The sizes of the example. */
  readonly shape: readonly number[];
  /** The sizes with `N`, `L` and expressions of them, such as `L / 320`. */
  readonly sizes: readonly string[];
  /** Which dimension is the batch, and which the length; null for none. */
  readonly batch: number | null;
  readonly length: number | null;
}

/** The inputs and outputs of a network, in the order of its arguments and results. */
export function portsOf({ settings, forms }: NetworkTraits, { plan, mixed, axes, outputForm }: Built) {
  const { inputs, outputs } = plan?.graph ?? mixed!;
  const { inputNames, outputNames } = settings;
  const describe = portDescriber(inputs, axes);
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

function portDescriber(inputs: readonly Value[], axes: Axes) {
  const traces = inputs[0]!.metas.map((_, t) =>
    variablesAt(
      axes,
      inputs.map(({ metas }) => metas[t]!.shape),
    ),
  );
  const sources = ['L', 'N'].map((name, i) => ({ name, sizes: traces.map((variables) => variables[i]!) }));
  const sizeOf = (sizes: readonly number[]): string => {
    if (sizes.every((size) => size === sizes[0])) return String(sizes[0]);
    for (const { name, sizes: known } of sources) {
      const fit = fitInteger(sizes, [{ sizes: known, from: { variable: 0 } }]);
      if (fit === undefined) continue;
      const { factor, added, divisor } = fit.line;
      if (fit.multiple !== undefined || fit.cycle !== undefined) return `f(${name})`;
      const times = factor === 1 ? name : `${factor} ${name}`;
      const sum = added === 0 ? times : `${times} ${added < 0 ? '-' : '+'} ${Math.abs(added)}`;
      return divisor === 1 ? sum : `${added === 0 ? sum : `(${sum})`} / ${divisor}`;
    }
    return '?';
  };
  return ({ metas }: Value, name: string): Port => {
    const [{ dtype, shape }] = metas as [(typeof metas)[number]];
    const sizes = shape.map((_, dim) => sizeOf(metas.map((meta) => meta.shape[dim]!)));
    const dimOf = (variable: string) => {
      const dim = sizes.findIndex((size) => size === variable || (variable === 'L' && size.includes('L')));
      return dim < 0 ? null : dim;
    };
    return { name, dtype, shape, sizes, batch: dimOf('N'), length: dimOf('L') };
  };
}
