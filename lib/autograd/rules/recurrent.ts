import type { RecurrentKind } from '../../native/recurrent.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { gru, lstm, partOf, type RecurrentAttributes } from '../../nn/ops/recurrent.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { runOperation } from '../../tensor/operation.ts';
import { add } from '../../tensor/ops/elementwise.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { type Call, defineMultiRule, type Gradients, type MultiRule } from '../rule.ts';

// Layers of recurrent networks: the whole way back through the steps of a direction is one native call.

/** weight_ih, weight_hh, bias_ih, bias_hh of a direction. */
const PARAMETERS = 4;

function recurrentRule(kind: RecurrentKind): MultiRule<RecurrentAttributes> {
  return {
    // torch's steps are a graph of their own; these are the names of what puts them together.
    name: ({ cells }, _inputs, index) => (index === 0 && cells.length > 1 ? 'CatBackward0' : 'StackBackward0'),
    saves: ({ attributes: { cells }, inputs, results }) => {
      const given = inputs.length - PARAMETERS * cells.length;
      const weights = cells.flatMap((_, direction) => {
        const first = given + PARAMETERS * direction;
        return [inputs[first], inputs[first + 1]];
      });
      return [results[0], results.at(-1), ...weights, ...inputs.slice(0, given)];
    },
    backward: (call, gradients) => backward(kind, call, gradients),
  };
}

function backward(
  kind: RecurrentKind,
  { attributes: { cells, hiddenSize }, inputs, needs, saved }: Call<RecurrentAttributes>,
  gradients: readonly (View | null)[],
): Gradients {
  const [steps, batch] = inputs[0]!.shape as [number, number];
  const dtype = inputs[0]!.dtype as FloatDtype;
  const arrays = saved.map((view) => (view ? floatsOfView(view) : null));
  const [out, kept] = arrays as [FloatArray, FloatArray];
  const [x, hidden = null, cell = null] = arrays.slice(2 + 2 * cells.length) as [FloatArray, FloatArray?, FloatArray?];
  const [ofOut = null, ofHidden = null, ofCell = null] = gradients
    .slice(0, kind === 'lstm' ? 3 : 2)
    .map((view) => (view === null ? null : floatsOfView(view)));
  const made = inputs.map((meta, i) => (needs[i] ? allocateResult(dtype, numelOf(meta!.shape)) : null));
  const given = inputs.length - PARAMETERS * cells.length;
  const [states, keptSize] = [batch * hiddenSize, kept.length / cells.length];
  const ofFirst = made[0] ?? null;
  let ofInput: View | null = null;
  cells.forEach((native, direction) => {
    const part = (array: FloatArray | null | undefined) =>
      array === null || array === undefined ? null : partOf(array, direction * states, states);
    const parameters = made.slice(given + PARAMETERS * direction);
    const [weightIh, weightHh] = arrays.slice(2 + 2 * direction) as [FloatArray, FloatArray];
    const ofX = direction === 0 || ofFirst === null ? ofFirst : allocateResult(dtype, ofFirst.length);
    native.backward(
      {
        input: { x, steps, batch, reverse: direction === 1 },
        initial: hidden === null ? null : { hidden: part(hidden)!, cell: part(cell) },
        out: { storage: out, offset: direction * hiddenSize, rowStride: cells.length * hiddenSize },
        kept: partOf(kept, direction * keptSize, keptSize),
        weightIh,
        weightHh,
      },
      { out: ofOut, hidden: part(ofHidden), cell: part(ofCell) },
      {
        x: ofX,
        hidden: given > 1 ? part(made[1]) : null,
        cell: given > 2 ? part(made[2]) : null,
        weightIh: parameters[0] ?? null,
        weightHh: parameters[1] ?? null,
        biasIh: parameters[2] ?? null,
        biasHh: parameters[3] ?? null,
      },
    );
    if (ofX === null) return;
    const own = viewOfAll(ofX, dtype, inputs[0]!.shape);
    ofInput = ofInput === null ? own : runOperation(add, [ofInput, own], {});
  });
  const others = made
    .slice(1)
    .map((memory, i) => (memory === null ? null : viewOfAll(memory, dtype, inputs[i + 1]!.shape)));
  return [ofInput, ...others];
}

defineMultiRule(lstm, recurrentRule('lstm'));
defineMultiRule(gru, recurrentRule('gru'));
