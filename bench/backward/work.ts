import type { Turn } from '../networks/rounds.ts';
import { type Call, timesOf } from '../timing.ts';
import type { WayId } from './results.ts';

/** Gradients by the names that PyTorch's twin has for them. */
export type Gradients = Readonly<Record<string, ArrayLike<number>>>;

/** One way of doing some work, made ready. */
export interface Way {
  readonly id: WayId;
  readonly turn: Turn;
}

/** A layer or a network made ready: its first gradients, and what to time. */
export interface Work {
  readonly gradients: Gradients;
  readonly ways: readonly Way[];
}

export function wayOf(id: WayId, sync: () => void): Way {
  const call: Call = { sync };
  return { id, turn: (ms) => timesOf(call, ms, 'tight') };
}
