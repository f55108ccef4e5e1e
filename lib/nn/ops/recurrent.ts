import { KEPT_ROWS, type Recurrent } from '../../native/recurrent.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta, MultiOperation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { slabOver } from '../../tensor/slab.ts';
import type { Slab } from '../../tensor/steps.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';

/** One layer: a cell for each direction, the forward one first. */
export interface RecurrentAttributes {
  readonly cells: readonly Recurrent[];
  readonly hiddenSize: number;
  /** Whether there is a last result with what the gradient reads. */
  readonly keeps: boolean;
}

/**
 * A layer of a recurrent network over a sequence. Inputs: x (L, N, features), and of a layer that begins with a state its hidden state
 * (directions, N, hiddenSize) and an LSTM's cell state of the same shape. Results: the hidden states (L, N, directions * hiddenSize), the
 * states behind the last step, and for gradients what the cells keep (directions, L, N, KEPT_ROWS * hiddenSize).
 */
function recurrentLayer(name: 'lstm' | 'gru'): MultiOperation<RecurrentAttributes> {
  const isLstm = name === 'lstm';
  return {
    name,
    infer: ([x], { cells, hiddenSize, keeps }) => {
      const [steps, batch] = x!.shape as [number, number];
      const { dtype } = x!;
      const state: Meta = { dtype, shape: Object.freeze([cells.length, batch, hiddenSize]) };
      const out: Meta = { dtype, shape: Object.freeze([steps, batch, cells.length * hiddenSize]) };
      const kept: Meta = { dtype, shape: Object.freeze([cells.length, steps, batch, KEPT_ROWS[name] * hiddenSize]) };
      return [out, state, ...(isLstm ? [state] : []), ...(keeps ? [kept] : [])];
    },
    run: ([x, hidden, cell], { cells, hiddenSize, keeps }, results) => {
      const [steps, batch] = x!.shape as [number, number];
      const memories = results.map(({ dtype, shape }) => allocateResult(dtype as FloatDtype, numelOf(shape)));
      const [out, lastHidden] = memories as [FloatArray, FloatArray];
      const lastCell = isLstm ? memories[2]! : null;
      const kept = keeps ? memories.at(-1)! : null;
      if (batch > 0) {
        const input = floatsOfView(x!);
        const rowStride = cells.length * hiddenSize;
        const size = batch * hiddenSize;
        cells.forEach((native, direction) => {
          const part = (array: FloatArray) => partOf(array, direction * size, size);
          const keptSize = steps * size * KEPT_ROWS[name];
          const initial =
            hidden === undefined ? null : { hidden: part(floatsOfView(hidden)), cell: stateOf(cell, part) };
          native.run(
            { x: input, steps, batch, reverse: direction === 1 },
            initial,
            { storage: out, offset: direction * hiddenSize, rowStride },
            { hidden: part(lastHidden), cell: lastCell === null ? null : part(lastCell) },
            kept === null ? null : partOf(kept, direction * keptSize, keptSize),
          );
        });
      }
      return memories.map((memory, i) => viewOfAll(memory, results[i]!.dtype, results[i]!.shape));
    },
    lower: (steps, inputs, { cells, hiddenSize }, results) => {
      const [count, batch] = inputs[0]!.shape as [number, number];
      const [x, hidden, cell] = inputs.map((input) => steps.contiguous(input)) as [Slab, Slab?, Slab?];
      const [out, lastHidden, lastCell] = results.map((_, i) => steps.result(i)) as [Slab, Slab, Slab?];
      const rowStride = cells.length * hiddenSize;
      cells.forEach((native, direction) => {
        const part = (slab: Slab | undefined) =>
          slab === undefined ? undefined : slabOver(slab, [batch, hiddenSize], null, direction * batch * hiddenSize);
        const [h0, c0, hn, cn] = [hidden, cell, lastHidden, lastCell].map(part);
        const reads = [x, h0, c0].filter((slab) => slab !== undefined);
        const writes = [out, hn, cn].filter((slab) => slab !== undefined);
        const isReverse = direction === 1;
        steps.add(reads, writes, (program, place) => {
          const at = (slab: Slab | undefined) => (slab === undefined ? -1 : place(slab));
          const offset = direction * hiddenSize;
          native.addTo(
            program,
            at(x),
            count,
            batch,
            at(h0),
            at(c0),
            isReverse,
            at(out),
            offset,
            rowStride,
            at(hn),
            at(cn),
          );
        });
      });
      return [out, lastHidden, ...(lastCell === undefined ? [] : [lastCell])];
    },
  };
}

function stateOf(view: View | undefined, part: (array: FloatArray) => FloatArray): FloatArray | null {
  return view === undefined ? null : part(floatsOfView(view));
}

/** The part of one direction. */
export function partOf(array: FloatArray, begin: number, count: number): FloatArray {
  return begin === 0 && array.length === count ? array : array.subarray(begin, begin + count);
}

export const lstm = recurrentLayer('lstm');
export const gru = recurrentLayer('gru');
