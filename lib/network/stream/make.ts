import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { formatShape, numelOf, sameShape } from '../../tensor/shape.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { type Built, graphsOf } from '../build.ts';
import type { Graph, Node } from '../graph.ts';
import { hasLayer } from '../passes/layers.ts';
import { findItems, type Items } from '../plan/items.ts';
import { numbersOf } from '../plan/numbers.ts';
import type { Plan } from '../plan/planner.ts';
import type { Ready } from '../run/ready.ts';
import { type Axes, resized } from '../trace/axes.ts';
import type { Form } from '../trace/tree.ts';
import { ChunkRows } from './chunkRows.ts';
import { StreamEngine } from './engine.ts';
import type { StreamTraits } from './networkStream.ts';
import type { StreamSettings } from './options.ts';
import type { RowsBody, StreamedInput } from './rowsBody.ts';
import { SignalRows } from './signalRows.ts';
import { kindOf } from './standing.ts';

/** The parts of its network that a stream uses. */
export interface StreamedNetwork {
  readonly built: Built;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Throws what `forward` throws for inputs of these sizes. */
  require(metas: readonly Meta[]): void;
  ready(metas: readonly Meta[]): Ready;
}

/** The parts of a stream: its rows, and how many of them a batch has. */
export interface StreamParts {
  readonly body: RowsBody;
  readonly traits: StreamTraits;
  readonly batch: number;
  /** The batch, or 1 if the network does not compute its items one by one. */
  readonly rows: number;
}

/** The parts of a stream whose batch goes on in step. */
export function makeStreamParts(network: StreamedNetwork, settings: StreamSettings): StreamParts {
  requireDirect(network.built);
  const own = settings.chunk === null ? along(network) : network;
  const { batch = usualBatch(own.built) } = settings;
  const isApart = batch > 1 && separable(own.built, metasOf(own, 1)) !== undefined;
  const rows = isApart ? batch : 1;
  return { ...makeBody(own, settings, isApart ? 1 : batch), batch, rows };
}

/** The rows of many streams. */
export function makeRows(network: StreamedNetwork, settings: StreamSettings): Omit<StreamParts, 'batch' | 'rows'> {
  requireDirect(network.built);
  return makeBody(settings.chunk === null ? along(network) : network, settings, 1);
}

/** @param batch  of one row */
function makeBody(network: StreamedNetwork, settings: StreamSettings, batch: number) {
  return settings.chunk === null
    ? ofSignals(network, settings, batch)
    : ofChunks(network, settings, settings.chunk, batch);
}

/** The same network, with the length of its signals as the length that varies. */
function along(network: StreamedNetwork): StreamedNetwork {
  return { ...network, built: { ...network.built, axes: oriented(network.built) } };
}

/** Refuses fast algorithms, whose tiles have absolute positions and other bits. */
function requireDirect(built: Built): void {
  const layerOf = (node: Node) =>
    (node.attributes.at({ shapes: node.inputs.map(({ metas }) => metas[0]!.shape), variables: [0, 0] }) as Layered)
      .layer;
  const fast = graphsOf(built)
    .flatMap(({ nodes }) => nodes)
    .find((node) => hasLayer(node) && layerOf(node).parameters.algorithm !== 'direct');
  if (fast === undefined) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `network.stream() keeps the order of the sums, which the algorithm 'fast'${fast.name === '' ? '' : ` of '${fast.name}'`} does not; compile the network with ` +
      "algorithm: 'direct'",
  );
}

/** The graph of a wholly native network; the host's operations cannot stream. */
function requirePlan({ plan, mixed }: Built): Plan {
  if (plan !== null) return plan;
  const host = mixed.segments.flatMap((segment) => segment.host?.nodes ?? [])[0];
  const place = host === undefined || host.line === '' ? '' : ` (at ${host.line})`;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `network.stream(): ${host === undefined ? 'an input or output of another dtype' : host.operation.name} has no native step, and cannot go on with the signal; give whole signals to ` +
      `forward(), or chunks of one length: network.stream({ chunk: 512 })${place}`,
  );
}

interface Layered {
  readonly layer: { readonly parameters: { readonly algorithm: string } };
}

function traitsOf({ built, outputNames }: StreamedNetwork): Omit<StreamTraits, 'batchDims' | 'canJoin'> {
  return { outputForm: built.outputForm, outputNames, kind: kindOf(requirePlan(built).graph) };
}

/** Inputs with one signal. If the batch dimension is neither first nor after the signal, it may mean something else, and keeps its size of compile(). */
function usualBatch({ axes }: Built): number {
  const batch = axes.batch.find((axis) => axis !== null);
  const length = axes.length.find((axis) => axis !== null);
  return batch === undefined || batch === null || batch.dim <= (length?.dim === 0 ? 1 : 0) ? 1 : axes.batchSize;
}

function ofSignals(network: StreamedNetwork, { fixed }: StreamSettings, batch: number) {
  const { built, inputNames } = network;
  const { axes } = built;
  const plan = requirePlan(built);
  const metas = metasOf(network, batch);
  network.require(metas);
  const items = batch === 1 ? separable(built, metas) : undefined;
  const engine = new StreamEngine(plan, axes, metas, items);
  const places = metas.flatMap((_, i) => (axes.length[i] ? [i] : []));
  const inputs = places.map((place): StreamedInput => {
    const { dim, times } = axes.length[place]!;
    const { shape } = metas[place]!;
    const batchDim = axes.batch[place]?.dim ?? 0;
    return {
      name: inputNames[place]!,
      shapeOf: (positions) => shape.with(dim, positions * times),
      dim,
      batchDim,
      times,
    };
  });
  const fixedFor = fixedInputs(network, metas, fixed, (i) => !places.includes(i));
  const sizesOf = (positions: number) => {
    network.require(resized(metas, axes.length, positions - axes.lengthSize));
    return engine.streamable.at(positions);
  };
  const body = new SignalRows({ engine, inputs, places, fixedFor, sizesOf, isBatched: items !== undefined });
  const batchDims = plan.graph.outputs.map((_, i) => items?.outputs[i] ?? 0);
  return { body, traits: { ...traitsOf(network), canJoin: items !== undefined, batchDims } };
}

/** The inputs that stay the same, for a number of rows: inputs with a batch are repeated for each row. */
function fixedInputs(
  { built: { axes }, inputNames }: StreamedNetwork,
  metas: readonly Meta[],
  given: ReadonlyMap<string, unknown>,
  isFixed: (input: number) => boolean,
): (rows: number) => readonly (FloatArray | undefined)[] {
  const own = metas.map((meta, i) =>
    isFixed(i) ? fixedInput(given.get(inputNames[i]!), meta, inputNames[i]!) : undefined,
  );
  refuseOthers(
    given,
    inputNames.filter((_, i) => isFixed(i)),
  );
  return (rows) =>
    own.map((array, i) => {
      const axis = axes.batch[i];
      return array === undefined || !axis ? array : repeated(array, metas[i]!.shape, axis.dim, rows);
    });
}

/**
 * Which of the two numbers that vary is the signal's length. For a recurrent layer that takes (L, N, C), the trace takes the first one for the batch. The
 * batch is the number whose items the network computes one by one.
 */
function oriented({ plan, axes }: Built): Axes {
  if (plan === null) return axes;
  const { graph } = plan;
  const swapped: Axes = {
    batch: axes.length,
    length: axes.batch,
    batchSize: axes.lengthSize,
    lengthSize: axes.batchSize,
    lengthStep: 1,
    isSwapped: true,
  };
  const isNone = axes.batch.every((axis) => axis === null);
  return isNone || itemsOf(graph, axes) !== undefined || itemsOf(graph, swapped) === undefined ? axes : swapped;
}

function itemsOf(graph: Graph, axes: Axes): Items | undefined {
  return findItems(graph, numbersOf(graph.inputs, axes));
}

/** The dimensions of the batch items, if the network computes them one by one and each lies in one piece. */
export function separable({ plan, axes }: Built, metas: readonly Meta[]): Items | undefined {
  if (plan === null || axes.isSwapped) return undefined;
  const items = itemsOf(plan.graph, axes);
  if (items === undefined || items.inputs.every((dim) => dim === null)) return undefined;
  const isApart = (shape: readonly number[], dim: number | null | undefined) =>
    dim === null || dim === undefined || numelOf(shape.slice(0, dim)) === 1;
  const areApart =
    metas.every(({ shape }, i) => isApart(shape, items.inputs[i])) &&
    plan.graph.outputs.every(({ metas: [meta] }, i) =>
      isApart(
        meta!.shape.map((size, dim) => (dim === items.outputs[i] ? 1 : size)),
        items.outputs[i],
      ),
    );
  return areApart ? items : undefined;
}

/** Inputs like those at compile(), with this batch. */
export function metasOf({ built: { axes, metas } }: StreamedNetwork, batch: number): readonly Meta[] {
  if (axes.batch.every((axis) => axis === null)) {
    if (batch === 1) return metas;
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `network.stream(): the batch is fixed by the forward, so that batch must be 1, but got ${batch}`,
    );
  }
  return resized(metas, axes.batch, batch - axes.batchSize);
}

/** The same for each of several rows. */
function repeated(array: FloatArray, shape: readonly number[], dim: number, rows: number): FloatArray {
  const inner = numelOf(shape.slice(dim));
  const all = allocate(array.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64', array.length * rows);
  for (let from = 0, to = 0; from < array.length; from += inner) {
    for (let row = 0; row < rows; row++, to += inner) all.set(array.subarray(from, from + inner), to);
  }
  return all;
}

function ofChunks(network: StreamedNetwork, settings: StreamSettings, chunk: number, batch: number) {
  const { built, inputNames, outputNames } = network;
  const { context, carry, fixed } = settings;
  const metas = [...metasOf(network, batch)];
  const place = inputNames.findIndex((name) => !carry.has(name) && !fixed.has(name));
  if (place < 0)
    throw rangeError('ERR_CONV1D_VALUE', 'stream(): all inputs are carried or fixed, and none takes a chunk');
  const signal = metas[place]!;
  const dtype = requireOneDtype(built, metas);
  const batchDimOf = built.axes.batch[place]?.dim;
  if (signal.shape.length === 0 || batchDimOf === signal.shape.length - 1) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `network.stream(): input '${inputNames[place]}' of the shape ${formatShape(signal.shape)} has no last dimension along which chunks lie`,
    );
  }
  metas[place] = { ...signal, shape: Object.freeze(signal.shape.with(-1, context + chunk)) };
  network.require(metas);
  const ready = network.ready(metas);
  const carried = [...carry].map(([input, output]) => {
    const [at, from] = [inputNames.indexOf(input), outputNames.indexOf(output)];
    if (at < 0) throw unknownName('carry has no input', input, inputNames);
    if (from < 0) throw unknownName('carry has no output', output, outputNames);
    const { shape } = metas[at]!;
    if (!sameShape(shape, ready.outputs[from]!.shape)) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `stream(): output '${output}' has the shape ${formatShape(ready.outputs[from]!.shape)} and cannot be carried on as '${input}', which has ${formatShape(shape)}`,
      );
    }
    return { input: at, output: from, shape, batchDim: built.axes.batch[at]?.dim ?? 0 };
  });
  carried.sort((a, b) => a.input - b.input); // a state has them in this order, in whichever order the caller names them
  const isFixed = (i: number) => i !== place && !carry.has(inputNames[i]!);
  const fixedFor = fixedInputs(network, metas, fixed, isFixed);
  const outputs = ready.outputs.flatMap(({ shape }, i) =>
    carried.some(({ output }) => output === i) ? [] : [{ place: i, shape }],
  );
  if (outputs.length === 0)
    throw rangeError('ERR_CONV1D_VALUE', 'stream(): all outputs are carried on, and none is left');
  const names = outputs.map((each) => outputNames[each.place]!);
  const outputForm: Form = outputs.length === 1 ? 'leaf' : Object.fromEntries(names.map((name) => [name, 'leaf']));
  const known = new Map<number, readonly Meta[]>([[1, metas]]);
  const metasFor = (rows: number) => {
    const own = known.get(rows) ?? resized(metas, built.axes.batch, rows - 1);
    known.set(rows, own);
    return own;
  };
  const items = batch === 1 ? separable(built, metas) : undefined;
  for (const { place: output, shape } of outputs) {
    if (shape.length > 0 && items?.outputs[output] !== shape.length - 1) continue;
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `network.stream(): output '${outputNames[output]}' of the shape ${formatShape(shape)} has no last dimension along which calls follow each other; keep one, as mean([1, 2], { keepdim: true }) does`,
    );
  }
  const body = new ChunkRows({
    dtype,
    chunk,
    context,
    name: inputNames[place]!,
    shape: metas[place]!.shape,
    place,
    batchDim: built.axes.batch[place]?.dim ?? 0,
    carried,
    outputs,
    isBatched: items !== undefined,
    ready: (rows) => network.ready(metasFor(rows)),
    fixedFor,
  });
  const traits: StreamTraits = {
    outputForm,
    outputNames: names,
    canJoin: items !== undefined,
    batchDims: outputs.map((each) => items?.outputs[each.place] ?? 0),
    kind: `${graphsOf(built).map(kindOf).join('-')} ${chunk} ${context} ${carried.map(({ input, output }) => `${input}:${output}`)}`,
  };
  return { body, traits };
}

/** Checks that chunked inputs, carried values and outputs are floats of one dtype. */
function requireOneDtype(built: Built, metas: readonly Meta[]): FloatDtype {
  const outputs = built.mixed?.outputs ?? built.plan!.graph.outputs;
  const dtypes = new Set([...metas, ...outputs.map((value) => value.metas[0]!)].map((meta) => meta.dtype));
  const [dtype] = dtypes;
  if (dtypes.size === 1 && isFloatDtype(dtype!)) return dtype;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `network.stream(): all inputs and outputs must be float32 or all float64, but they are ${[...dtypes].join(' and ')}; convert them within the forward`,
  );
}

function fixedInput(value: unknown, { dtype, shape }: Meta, name: string): FloatArray {
  const view = viewOf(value);
  if (view === undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `stream(): input '${name}' does not go on with the signal; give it as fixed: { ${name}: tensor }${value === undefined ? '' : `, a Tensor, not ${describe(value)}`}`,
    );
  }
  if (view.dtype !== dtype || !sameShape(view.shape, shape)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `stream(): input '${name}' must be ${dtype} of the shape ${formatShape(shape)}, but is ${view.dtype} of ${formatShape(view.shape)}`,
    );
  }
  return floatsOfView(view).slice(); // a copy, since the caller may change the tensor
}

function refuseOthers(fixed: ReadonlyMap<string, unknown>, names: readonly string[]): void {
  for (const name of fixed.keys()) if (!names.includes(name)) throw unknownName('fixed has no input', name, names);
}

function unknownName(what: string, name: string, names: readonly string[]): TypeError {
  return typeError(
    'ERR_CONV1D_OPTION',
    `stream(): ${what} '${name}'; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
  );
}
