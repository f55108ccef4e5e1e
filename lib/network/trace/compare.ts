import { typeError } from '../../check/errors.ts';
import type { Meta } from '../../tensor/operation.ts';
import { isSymbol, type Made, madeOf } from '../../tensor/tracing.ts';
import { copyOfView, type View } from '../../tensor/view.ts';
import type { AnyOperation, Graph, Node, Value } from '../graph.ts';
import { haveSameValues } from './attributes.ts';
import { productOf, type Source } from './fit.ts';
import { firstOther, type Tape } from './tape.ts';
import { makeTemplate, type Template } from './template.ts';
import { isSameForm } from './tree.ts';

/** A graph that several tapes share. */
export interface Compared {
  readonly graph: Graph;
  /** The largest divisor of a floor in it; 1 if there is none. */
  readonly divisor: number;
}

/**
 * The graph that all tapes are of; TypeError ERR_CONV1D_TRACE if there is none.
 *
 * @param names  the names of modules, by the memory of their weights
 */
export function compare(
  tapes: readonly Tape[],
  variables: readonly Source[],
  names: ReadonlyMap<unknown, string>,
): Compared {
  const [first] = tapes as [Tape];
  for (const tape of tapes) requireSameCourse(first, tape);
  // The values of each tape by its symbols.
  const valuesOf = tapes.map(() => new Map<View, Value>());
  const metasOf = (views: readonly View[]): Meta[] => views.map(({ dtype, shape }) => ({ dtype, shape }));
  const define = (views: readonly View[]): Value => {
    const value: Value = { metas: metasOf(views) };
    for (const [t, view] of views.entries()) valuesOf[t]!.set(view, value);
    return value;
  };
  const known = new Map<View, Value>();
  const find = (views: readonly View[], line: string): Value => {
    const [view] = views as [View];
    if (isSymbol(view)) {
      const value = valuesOf[0]!.get(view);
      if (value !== undefined && views.every((each, t) => valuesOf[t]!.get(each) === value)) return value;
      throw changes(line, 'it reads another tensor when the sizes of the inputs differ');
    }
    const before = known.get(view);
    if (before !== undefined) return before;
    if (!views.every((each) => !isSymbol(each) && haveSameValues(each, view))) return findMade(views, line);
    // A copy, so that the network keeps the values of its compilation.
    const value: Value = { metas: metasOf(views), known: copyOfView(view) };
    known.set(view, value);
    return value;
  };

  const nodes: Node[] = [];
  let divisor = 1;
  const add = (calls: readonly Call[], line: string, rest: Pick<Node, 'name' | 'isMade'>): readonly Value[] => {
    const [{ operation, inputs, results }] = calls as [Call];
    const read = inputs.map((_, k) =>
      find(
        calls.map((each) => each.inputs[k]!),
        line,
      ),
    );
    const template = attributesOf(calls, read, variables, line);
    divisor = Math.max(divisor, template.divisor);
    const values = results.map((_, k) => define(calls.map((each) => each.results[k]!)));
    const known = operation as AnyOperation;
    nodes.push({ operation: known, inputs: read, attributes: template, results: values, line, finishes: [], ...rest });
    return values;
  };
  /** The rule for a tensor that differs between the traces, found from the calls that made it. */
  const findMade = (views: readonly View[], line: string): Value => {
    const calls = views.map(madeOf);
    if (!areAlike(calls)) {
      throw changes(
        line,
        'a tensor that the forward makes itself is another one when the sizes of the inputs differ; make it of zeros(), ones() or the input, or pass it as an input',
      );
    }
    const [{ results, index, line: place }] = calls as readonly Made[] as [Made];
    const before = valuesOf[0]!.get(results[index]!);
    if (before !== undefined && calls.every((each, t) => valuesOf[t]!.get(each!.results[index]!) === before)) {
      return before;
    }
    return add(calls, place(), { name: '', isMade: true })[index]!;
  };

  const inputs = first.inputs.map((_, i) => define(tapes.map((tape) => tape.inputs[i]!)));
  for (const [i, entry] of first.entries.entries()) {
    const entries = tapes.map((tape) => tape.entries[i]!);
    add(entries, entry.line(), { name: names.get(weightsOf(entry.attributes)) ?? entry.part });
  }
  const outputs = first.outputs.map((_, i) =>
    find(
      tapes.map((tape) => tape.outputs[i]!),
      '',
    ),
  );
  return { graph: { inputs, nodes, outputs }, divisor };
}

/** A call in one trace. */
type Call = Pick<Made, 'operation' | 'inputs' | 'attributes' | 'results'>;

/** Whether one node stands for all calls. */
function areAlike(calls: readonly (Made | undefined)[]): calls is readonly Made[] {
  const [first] = calls;
  return calls.every(
    (call) =>
      call !== undefined &&
      call.operation === first!.operation &&
      call.inputs.length === first!.inputs.length &&
      call.results.length === first!.results.length &&
      call.index === first!.index,
  );
}

/** The values that identify the module whose weights an operation uses: a convolution, a norm, a recurrent layer or a PReLU. */
function weightsOf(attributes: unknown): unknown {
  const { layer, weight, cells, a } = (attributes ?? {}) as Readonly<Record<string, unknown>>;
  return (layer as { weight: unknown } | undefined)?.weight ?? weight ?? cells ?? a;
}

function requireSameCourse(first: Tape, tape: Tape): void {
  const other = firstOther(first, tape);
  if (other >= 0 || tape.entries.length !== first.entries.length) {
    const entry = first.entries[other] ?? tape.entries[first.entries.length];
    throw changes(
      entry?.line() ?? '',
      'the forward calls other operations when the sizes of the inputs differ; a network that is compiled has one course for all',
    );
  }
  if (!isSameForm(first.outputForm, tape.outputForm)) {
    throw changes('', 'the forward returns something else when the sizes of the inputs differ');
  }
}

function attributesOf(
  calls: readonly Call[],
  inputs: readonly Value[],
  variables: readonly Source[],
  line: string,
): Template {
  const [first] = calls as [Call];
  const attributes = calls.map((call) => call.attributes);
  // Most attributes do not depend on sizes.
  const alone = makeTemplate(attributes, []);
  const template = 'values' in alone ? makeTemplate(attributes, [...sizesOf(inputs), ...variables]) : alone;
  if (!('values' in template)) return template;
  const [one, ...others] = template.values;
  const another = others.find((each) => each !== one);
  throw changes(
    line,
    `the argument ${template.path} of ${(first.operation as AnyOperation).name} is ${String(one)} for one size of the inputs and ${String(another)} for another, and no line ` +
      'through the sizes explains it; compute it from x.shape by sums, products with constants, floors and remainders',
  );
}

/** The sizes of a node's inputs, and products of neighbouring ones. */
function sizesOf(inputs: readonly Value[]): Source[] {
  return inputs.flatMap(({ metas }, i) => {
    const ndim = metas[0]!.shape.length;
    const runs = [...Array(ndim).keys()].flatMap((begin) =>
      [...Array(ndim - begin).keys()].map((more) => [begin, begin + more + 1] as const),
    );
    // Single sizes before products.
    runs.sort((a, b) => a[1] - a[0] - (b[1] - b[0]));
    return runs.map(([begin, end]) => ({
      sizes: metas.map(({ shape }) => productOf(shape, begin, end)),
      from: { input: i, begin, end },
    }));
  });
}

function changes(line: string, reason: string): TypeError {
  return typeError('ERR_CONV1D_TRACE', `compile(): ${reason}${line === '' ? '' : ` (at ${line})`}`);
}
