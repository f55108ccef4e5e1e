import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Built } from '../build.ts';
import type { Graph } from '../graph.ts';
import { findItems, type Items } from '../plan/items.ts';
import { numbersOf } from '../plan/numbers.ts';
import { type Axes, type Axis, resized } from '../trace/axes.ts';
import type { StreamedNetwork } from './make.ts';
import { hasChunks, type StreamSettings } from './options.ts';

// How the signals of a stream lie side by side, and what of them is a row: what is computed by itself.

/** A row of a stream. */
export interface RowKind {
  /** The inputs of one. */
  readonly metas: readonly Meta[];
  /** How many signals it has. */
  readonly batch: number;
  /** Where the items of a batch lie, of which each is a row; undefined where rows are never computed together. */
  readonly items: Items | undefined;
  /** Whether several rows may lie in one tensor, each in one piece. */
  readonly canJoin: boolean;
  /** Of each input, where the signals of a batch lie. */
  readonly axes: readonly (Axis | null)[];
}

/** The rows of a stream with a batch: as many as the batch where the network computes its items by themselves, and one otherwise. */
export function rowsOfBatch(network: StreamedNetwork, settings: StreamSettings): { kind: RowKind; rows: number } {
  const { built } = network;
  const { batch } = settings;
  if (isFixed(built)) {
    const kind = fixedRow(network, settings);
    return { kind, rows: (batch ?? kind.batch) / kind.batch };
  }
  const own = batch ?? usualBatch(built.axes);
  const one = rowOf(built, 1);
  return own > 1 && one.canJoin ? { kind: one, rows: own } : { kind: rowOf(built, own), rows: 1 };
}

/** The rows of many streams: each has one signal, or as many as the forward fixes. */
export function rowKindOf(network: StreamedNetwork, settings: StreamSettings): RowKind {
  return isFixed(network.built) ? fixedRow(network, settings) : rowOf(network.built, 1);
}

function isFixed({ axes }: Built): boolean {
  return axes.batch.every((axis) => axis === null);
}

function rowOf(built: Built, batch: number): RowKind {
  const { axes } = built;
  const metas = resized(built.metas, axes.batch, batch - axes.batchSize);
  const items = batch === 1 ? separable(built, metas) : undefined;
  return { metas, batch, items, canJoin: items !== undefined, axes: axes.batch };
}

/**
 * A row of a network whose forward takes one batch only. Several of them may lie in one tensor, along the first dimension, where the inputs that go
 * on and the outputs have one in front of the signal; it is the batch where there is another dimension, of channels.
 */
function fixedRow({ built, inputNames, outputNames }: StreamedNetwork, settings: StreamSettings): RowKind {
  const { carry, fixed } = settings;
  const { axes, metas } = built;
  const outputs = built.mixed?.outputs ?? built.plan!.graph.outputs;
  const carried = new Set(carry.values());
  const goesOn = (i: number) =>
    hasChunks(settings) ? !carry.has(inputNames[i]!) && !fixed.has(inputNames[i]!) : axes.length[i] !== null;
  const shapes = [
    ...metas.filter((_, i) => goesOn(i)).map(({ shape }) => shape),
    ...outputs.filter((_, i) => !carried.has(outputNames[i]!)).map((value) => value.metas[0]!.shape),
  ];
  const [first = 1] = shapes[0] ?? [];
  const isInFront = hasChunks(settings) || axes.length.every((axis) => axis === null || axis.dim > 0);
  const batch = isInFront && first > 0 && shapes.every((shape) => shape.length > 2 && shape[0] === first) ? first : 1;
  const canJoin = isInFront && shapes.every((shape) => shape.length > 1 && shape[0] === batch);
  const inFront = metas.map(({ shape }): Axis | null =>
    canJoin && shape[0] === batch ? { dim: 0, times: batch } : null,
  );
  return { metas, batch, items: undefined, canJoin, axes: inFront };
}

/** One signal. If the batch dimension is neither first nor after the signal, it may mean something else, and keeps its size of compile(). */
function usualBatch(axes: Axes): number {
  const batch = axes.batch.find((axis) => axis !== null)!;
  const length = axes.length.find((axis) => axis !== null);
  return batch.dim <= (length?.dim === 0 ? 1 : 0) ? 1 : axes.batchSize;
}

/**
 * Which of the two numbers that vary is the signal's length. For a recurrent layer that takes (L, N, C), the trace takes the first one for the batch. The
 * batch is the number whose items the network computes one by one.
 */
export function oriented({ plan, axes }: Built): Axes {
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
function separable({ plan, axes }: Built, metas: readonly Meta[]): Items | undefined {
  if (plan === null || axes.isSwapped) return undefined;
  const items = itemsOf(plan.graph, axes);
  if (items === undefined || items.inputs.every((dim) => dim === null)) return undefined;
  const isBehind = axes.length.some((axis, i) => axis !== null && axis.dim <= (axes.batch[i]?.dim ?? -1));
  if (isBehind) return undefined;
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
