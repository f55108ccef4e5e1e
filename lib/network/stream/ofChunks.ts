import { rangeError } from '../../check/errors.ts';
import { type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { type Built, graphsOf } from '../build.ts';
import type { Ready } from '../run/ready.ts';
import { resized } from '../trace/axes.ts';
import type { Form } from '../trace/tree.ts';
import type { RowKind } from './batches.ts';
import { type CarriedInput, ChunkRows } from './chunkRows.ts';
import { FixedInputs } from './fixedInputs.ts';
import type { StreamedNetwork } from './make.ts';
import { unknownName } from './names.ts';
import type { ChunkSettings, StreamSettings } from './options.ts';
import type { RowsBody, StreamTraits } from './rowsBody.ts';
import { kindOf } from './standing.ts';

/** Rows of a network that works chunk by chunk. */
export function ofChunks(
  network: StreamedNetwork,
  settings: StreamSettings & ChunkSettings,
  kind: RowKind,
): { body: RowsBody; traits: StreamTraits } {
  const { built, inputNames, outputNames } = network;
  const { chunk, context, carry, call } = settings;
  const { items, canJoin, axes } = kind;
  const place = placeOfChunk(network, settings, kind.metas);
  const dtype = requireOneDtype(built, kind.metas, call);
  const { shape } = kind.metas[place]!;
  const batchDim = axes[place]?.dim;
  if (shape.length === 0 || batchDim === shape.length - 1) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${call}: input '${inputNames[place]}' of the shape ${formatShape(shape)} has no last dimension along which chunks lie`,
    );
  }
  const metas = kind.metas.with(place, { dtype, shape: Object.freeze(shape.with(-1, context + chunk)) });
  network.require(metas);
  const ready = network.ready(metas);
  const carried = carriedInputs(network, settings, { ...kind, metas }, ready);
  const outputs = ready.outputs.flatMap((meta, i) =>
    carried.some(({ output }) => output === i) ? [] : [{ place: i, shape: meta.shape }],
  );
  if (outputs.length === 0) {
    throw rangeError('ERR_CONV1D_VALUE', `${call}: all outputs are carried on, and none is left`);
  }
  for (const output of outputs) {
    if (output.shape.length > 0 && items?.outputs[output.place] !== output.shape.length - 1) continue;
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${call}: output '${outputNames[output.place]}' of the shape ${formatShape(output.shape)} has no last dimension along which calls follow each other; keep one, as mean([1, 2], { keepdim: true }) does`,
    );
  }
  const known = new Map<number, readonly Meta[]>([[1, metas]]);
  const metasFor = (rows: number) => {
    const own = known.get(rows) ?? resized(metas, built.axes.batch, rows - 1);
    known.set(rows, own);
    return own;
  };
  const isFixed = (i: number) => i !== place && !carry.has(inputNames[i]!);
  const fixed = metas.flatMap((meta, i) =>
    isFixed(i) ? [{ place: i, name: inputNames[i]!, meta, axis: axes[i]! }] : [],
  );
  const body = new ChunkRows({
    dtype,
    chunk,
    context,
    name: inputNames[place]!,
    shape: metas[place]!.shape,
    place,
    inputs: metas.length,
    batchDim: batchDim ?? 0,
    carried,
    outputs,
    isBatched: items !== undefined,
    mayRefuse: built.plan === null,
    ready: (rows) => network.ready(metasFor(rows)),
    fixed: new FixedInputs(fixed, metas.length),
  });
  const names = outputs.map((each) => outputNames[each.place]!);
  const outputForm: Form = outputs.length === 1 ? 'leaf' : Object.fromEntries(names.map((name) => [name, 'leaf']));
  const traits: StreamTraits = {
    outputForm,
    outputNames: names,
    areNamed: network.areOutputsNamed,
    outputs: outputs.length,
    canJoin,
    batchDims: outputs.map((each) => items?.outputs[each.place] ?? 0),
    kind: `${graphsOf(built).map(kindOf).join('-')} ${chunk} ${context} ${carried.map(({ input, output }) => `${input}:${output}`)}`,
  };
  return { body, traits };
}

/** The input that comes in chunks: the first one that is neither carried nor fixed. */
function placeOfChunk(
  { inputNames }: StreamedNetwork,
  { carry, fixed, call }: StreamSettings,
  metas: readonly Meta[],
): number {
  const place = metas.findIndex((_, i) => !carry.has(inputNames[i]!) && !fixed.has(inputNames[i]!));
  if (place >= 0) return place;
  throw rangeError('ERR_CONV1D_VALUE', `${call}: all inputs are carried or fixed, and none takes a chunk`);
}

/** Which outputs are the inputs of the next call: in the order of these, so that a state has them in it, whoever names them in which. */
function carriedInputs(
  { inputNames, outputNames }: StreamedNetwork,
  { carry, call }: StreamSettings,
  { metas, axes }: RowKind,
  ready: Ready,
): CarriedInput[] {
  const carried = [...carry].map(([input, output]) => {
    const [at, from] = [inputNames.indexOf(input), outputNames.indexOf(output)];
    if (at < 0) throw unknownName(`${call}: carry has no input`, input, inputNames);
    if (from < 0) throw unknownName(`${call}: carry has no output`, output, outputNames);
    const { shape } = metas[at]!;
    const given = ready.outputs[from]!.shape;
    if (!sameShape(shape, given)) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `${call}: output '${output}' has the shape ${formatShape(given)} and cannot be carried on as '${input}', which has ${formatShape(shape)}`,
      );
    }
    return { input: at, output: from, shape, batchDim: axes[at]?.dim ?? 0 };
  });
  return carried.sort((a, b) => a.input - b.input);
}

/** What goes in chunks, what is carried on and what comes out are floats of one dtype. */
function requireOneDtype(built: Built, metas: readonly Meta[], call: string): FloatDtype {
  const outputs = built.mixed?.outputs ?? built.plan!.graph.outputs;
  const dtypes = new Set([...metas, ...outputs.map((value) => value.metas[0]!)].map((meta) => meta.dtype));
  const [dtype] = dtypes;
  if (dtypes.size === 1 && isFloatDtype(dtype!)) return dtype;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${call}: all inputs and outputs must be float32 or all float64, but they are ${[...dtypes].join(' and ')}; convert them within the forward`,
  );
}
