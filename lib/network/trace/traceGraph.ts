import { typeError } from '../../check/errors.ts';
import type { Module } from '../../nn/module.ts';
import type { Meta } from '../../tensor/operation.ts';
import { sameShape } from '../../tensor/shape.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { isSymbol } from '../../tensor/tracing.ts';
import type { View } from '../../tensor/view.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { type Axes, findAxes, resized } from './axes.ts';
import { productOf, type Source } from './fit.ts';
import { type Entry, follow, type Tape } from './tape.ts';
import { fixed, makeTemplate } from './template.ts';
import { type Form, isSameForm } from './tree.ts';

/** A forward as a graph, for inputs of any sizes that it takes. */
export interface Traced {
  readonly graph: Graph;
  readonly axes: Axes;
  readonly outputForm: Form;
  /** The shapes of the inputs in the first trace. */
  readonly metas: readonly Meta[];
}

/** By how much N, and by how many steps L, are larger in each trace: a floor shows itself only in several lengths. */
const SIZES = [
  [0, 0],
  [1, 1],
  [2, 3],
  [0, 6],
  [1, 11],
  [3, 2],
] as const;

/** Follows the forward of a module with several sizes of its inputs. */
export function traceGraph(module: Module, argumentForms: readonly Form[], metas: readonly Meta[]): Traced {
  const first = follow(module, argumentForms, metas); // what it throws here, it throws for any reader of the message
  const attempt = (other: readonly Meta[]) => {
    try {
      return follow(module, argumentForms, other);
    } catch {
      return undefined; // such sizes do not fit: they are fixed
    }
  };
  const axes = findAxes(metas, attempt);
  const tapes = SIZES.flatMap(([more, longer], i) => {
    const sized = resized(resized(metas, axes.batch, more), axes.length, longer * axes.lengthStep);
    const tape = i === 0 ? first : attempt(sized);
    return tape === undefined ? [] : [{ tape, metas: sized }];
  });
  const sources = variablesOf(
    axes,
    tapes.map((each) => each.metas),
  );
  const graph = compare(
    tapes.map(({ tape }) => tape),
    sources,
    namesByWeights(module),
  );
  return { graph, axes, outputForm: first.outputForm, metas };
}

/** The names of modules by the memory of their weights. */
function namesByWeights(module: Module): Map<unknown, string> {
  return new Map(
    module.namedModules().flatMap(([name, each]) => {
      const weight = viewOf((each as { weight?: unknown }).weight);
      return weight === undefined ? [] : [[weight.storage, name] as const];
    }),
  );
}

/** N and L as sources, read off the inputs. */
function variablesOf(axes: Axes, traces: readonly (readonly Meta[])[]): Source[] {
  return [axes.length, axes.batch].map((places, i) => ({
    sizes: traces.map((metas) =>
      numberAt(
        places,
        metas.map(({ shape }) => shape),
      ),
    ),
    from: { variable: i },
  }));
}

/** L and N of inputs of these shapes; 0 where there is none. */
export function variablesAt(axes: Axes, shapes: readonly (readonly number[])[]): number[] {
  return [axes.length, axes.batch].map((places) => numberAt(places, shapes));
}

function numberAt(places: Axes['batch'], shapes: readonly (readonly number[])[]): number {
  const i = places.findIndex((axis) => axis !== null);
  return i < 0 ? 0 : shapes[i]![places[i]!.dim]! / places[i]!.times;
}

/** The graph that all tapes are of. */
function compare(tapes: readonly Tape[], variables: readonly Source[], names: ReadonlyMap<unknown, string>): Graph {
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
    if (!views.every((each) => !isSymbol(each) && haveSameElements(each, view))) {
      throw changes(
        line,
        'a tensor that the forward makes itself is another one when the sizes of the inputs differ; make it of the input, or pass it as an input',
      );
    }
    const value: Value = { metas: metasOf(views), known: view };
    known.set(view, value);
    return value;
  };

  const inputs = first.inputs.map((_, i) => define(tapes.map((tape) => tape.inputs[i]!)));
  const nodes = first.entries.map((entry, i): Node => {
    const entries = tapes.map((tape) => tape.entries[i]!);
    const read = entry.inputs.map((_, k) =>
      find(
        entries.map((each) => each.inputs[k]!),
        entry.line,
      ),
    );
    const node = {
      operation: entry.operation,
      inputs: read,
      attributes: attributesOf(entries, read, variables),
      results: [] as Value[],
      name: names.get(weightsOf(entry.attributes)) ?? '',
      line: entry.line,
      finishes: [],
    };
    node.results = entry.results.map((_, k) => define(entries.map((each) => each.results[k]!)));
    return node;
  });
  const outputs = first.outputs.map((_, i) =>
    find(
      tapes.map((tape) => tape.outputs[i]!),
      '',
    ),
  );
  return { inputs, nodes, outputs };
}

/** What tells whose module an operation has its weights from. */
function weightsOf(attributes: unknown): unknown {
  return (attributes as { layer?: { weight: unknown } } | undefined)?.layer?.weight;
}

function requireSameCourse(first: Tape, tape: Tape): void {
  const other = first.entries.findIndex((entry, i) => {
    const same = tape.entries[i];
    return same === undefined || same.operation !== entry.operation || same.inputs.length !== entry.inputs.length;
  });
  if (other >= 0 || tape.entries.length !== first.entries.length) {
    const entry = first.entries[other] ?? tape.entries[first.entries.length];
    throw changes(
      entry?.line ?? '',
      'the forward calls other operations when the sizes of the inputs differ; a network that is compiled has one course for all',
    );
  }
  if (!isSameForm(first.outputForm, tape.outputForm)) {
    throw changes('', 'the forward returns something else when the sizes of the inputs differ');
  }
}

function attributesOf(entries: readonly Entry[], inputs: readonly Value[], variables: readonly Source[]) {
  const [{ operation, attributes, line }] = entries as [Entry];
  const template = makeTemplate(
    entries.map((entry) => entry.attributes),
    [...sizesOf(inputs), ...variables],
  );
  if (!('values' in template)) return template.isFixed ? fixed(attributes) : template;
  const [one, ...others] = template.values;
  const another = others.find((each) => each !== one);
  throw changes(
    line,
    `the argument ${template.path} of ${operation.name} is ${String(one)} for one size of the inputs and ${String(another)} for another, and no line ` +
      'through the sizes explains it; compute it from x.shape by sums, products with constants and floors',
  );
}

/** The sizes of what a node reads, and products of neighbouring ones. */
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

function haveSameElements(a: View, b: View): boolean {
  if (a === b) return true;
  const isAlike = a.dtype === b.dtype && sameShape(a.shape, b.shape) && a.strides === null && b.strides === null;
  if (!isAlike) return false;
  for (let i = 0; i < a.numel; i++) {
    if (!Object.is(a.storage[a.offset + i], b.storage[b.offset + i])) return false;
  }
  return true;
}

function changes(line: string, reason: string): TypeError {
  return typeError('ERR_CONV1D_TRACE', `compile(): ${reason}${line === '' ? '' : ` (at ${line})`}`);
}
