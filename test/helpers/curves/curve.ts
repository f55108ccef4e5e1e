import { type Dtype, type FloatDtype, manualSeed, type nn, optim, type Tensor } from '../../../lib/index.ts';
import { type Batch, STEPS, type Task } from './tasks.ts';

/** The losses of a task, one for each step, from the network that a seed makes. */
export function curveOf(task: Task, seed: number, dtype: FloatDtype): number[] {
  manualSeed(seed);
  const model = task.make('float32');
  const batches = Array.from({ length: STEPS }, () => task.draw());
  return train(task, dtype === 'float32' ? model : widened(task, model), batches, dtype);
}

function train(task: Task, model: nn.Module, batches: readonly Batch[], dtype: FloatDtype): number[] {
  const optimizer = task.optimizerOf(model.parameters());
  const scheduler = task.schedulerOf?.(optimizer);
  const to = (x: Tensor<Dtype>) => (x.dtype === 'float32' ? x.to(dtype) : x);
  return batches.map(({ x, target }) => {
    optimizer.zeroGrad();
    const loss = task.lossOf(model.forward(to(x)) as Tensor, to(target));
    loss.backward();
    if (task.maxNorm !== undefined) optim.clipGradNorm(model.parameters(), task.maxNorm);
    optimizer.step();
    scheduler?.step();
    return loss.item();
  });
}

/** The same network in float64, the magnitudes of weight norm worked out anew. */
function widened(task: Task, model: nn.Module): nn.Module {
  const wide = task.make('float64');
  wide.loadStateDict(model.stateDict());
  const state = wide.stateDict();
  for (const [key, direction] of Object.entries(state)) {
    if (!key.endsWith('weight_v')) continue;
    const magnitude = state[key.replace(/_v$/, '_g')]!;
    (magnitude.data as Float64Array).set((direction as Tensor).flatten(1).norm(1).data as Float64Array);
  }
  return wide;
}
