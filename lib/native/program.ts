import type * as Binding from '../../binding.d.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** A network at fixed sizes: steps over places in memory. */
export type Program = Binding.Program;

/** How programs run over batch items or stretches. */
export type Schedule = Binding.Schedule;

/** Fused multiply-adds and nothing else on this thread: how many float32 operations they were. */
export function probeFma(iterations: number): number {
  return loadAddon().fmaProbe(iterations);
}

export function makeProgram(dtype: FloatDtype): Program {
  return new (loadAddon().Program)(dtype);
}

/** @param inputs  the numbers of elements that each input of a call has; `outputs`: likewise */
export function makeSchedule(dtype: FloatDtype, inputs: readonly number[], outputs: readonly number[]): Schedule {
  return new (loadAddon().Schedule)(dtype, inputs, outputs);
}
