import { forgetOperators } from '../../lib/convolution/recentOperators.ts';
import { addon } from '../../lib/native/addon.ts';
import { cpuInfo, getNumThreads, type Isa, setNumThreads } from '../../lib/native/runtime.ts';
import { Conv1d } from '../../lib/nn/conv1d.ts';
import { forgetFilters } from '../../lib/nn/functional/signals/resamplingFilter.ts';
import { tensor } from '../../lib/tensor/factories.ts';
import type { Tensor } from '../../lib/tensor/tensor.ts';
import { type Operands, type Problem, shapesOf } from '../reference/problem.ts';

/** A layer with a problem's parameters, weight and bias. */
export function layerOf(p: Problem, { w, b }: Operands): Conv1d {
  const { stride, padding, dilation, groups, bias, paddingMode, dtype } = p;
  const options = { stride, padding, dilation, groups, bias, paddingMode, dtype };
  const conv = new Conv1d(p.inChannels, p.outChannels, p.kernelSize, options);
  conv.weight.data.set(w);
  if (b) conv.bias!.data.set(b);
  return conv;
}

/** A problem's input. */
export function inputOf(p: Problem, { x }: Operands): Tensor {
  return tensor(x, shapesOf(p).x);
}

/** The implementations this machine has, best first. */
export const isas: readonly Isa[] = cpuInfo().supported;

/** Runs with one implementation; what was in use before is in use again afterwards. */
export function withIsa<T>(isa: Isa, run: () => T): T {
  const before = cpuInfo().isa;
  addon.setIsa(isa);
  forgetOperators();
  forgetFilters();
  try {
    return run();
  } finally {
    addon.setIsa(before);
    forgetOperators();
    forgetFilters();
  }
}

/** Runs with a number of threads; what was set before is set again afterwards. */
export function withThreads<T>(threads: number, run: () => T): T {
  const before = getNumThreads();
  setNumThreads(threads);
  try {
    return run();
  } finally {
    setNumThreads(before);
  }
}
