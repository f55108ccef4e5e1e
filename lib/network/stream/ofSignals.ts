import type { Plan } from '../plan/planner.ts';
import { resized } from '../trace/axes.ts';
import type { RowKind } from './batches.ts';
import { StreamEngine } from './engine.ts';
import { FixedInputs } from './fixedInputs.ts';
import type { StreamedNetwork } from './make.ts';
import type { RowsBody, StreamedInput, StreamTraits } from './rowsBody.ts';
import { SignalRows } from './signalRows.ts';
import { kindOf } from './standing.ts';

/** Rows of a network whose signals go on. */
export function ofSignals(
  network: StreamedNetwork,
  plan: Plan,
  { metas, items, canJoin, axes: batchAxes }: RowKind,
  call: string,
): { body: RowsBody; traits: StreamTraits } {
  const { built, inputNames, outputNames } = network;
  const { axes } = built;
  network.require(metas);
  const engine = new StreamEngine(plan, axes, { metas, items, call, maxCallBytes: network.maxCallBytes });
  const places = metas.flatMap((_, i) => (axes.length[i] ? [i] : []));
  const inputs = places.map((place): StreamedInput => {
    const { dim, times } = axes.length[place]!;
    const { shape } = metas[place]!;
    const batchDim = batchAxes[place]?.dim ?? 0;
    return { name: inputNames[place]!, shapeOf: (count) => shape.with(dim, count * times), dim, batchDim, times };
  });
  const fixed = metas.flatMap((meta, place) =>
    places.includes(place) ? [] : [{ place, name: inputNames[place]!, meta, axis: batchAxes[place]! }],
  );
  const sizesOf = (positions: number) => {
    network.require(resized(metas, axes.length, positions - axes.lengthSize));
    return engine.streamable.at(positions);
  };
  const body = new SignalRows({
    engine,
    inputs,
    places,
    fixed: new FixedInputs(fixed, metas.length),
    sizesOf,
    isBatched: items !== undefined,
  });
  const { graph } = plan;
  const traits = {
    outputForm: built.outputForm,
    outputNames,
    areNamed: network.areOutputsNamed,
    outputs: graph.outputs.length,
    canJoin:
      canJoin && graph.outputs.every((value) => items !== undefined || engine.streamable.signals.get(value)!.dim > 0),
    batchDims: graph.outputs.map((_, i) => items?.outputs[i] ?? 0),
    kind: kindOf(graph),
  };
  return { body, traits };
}
