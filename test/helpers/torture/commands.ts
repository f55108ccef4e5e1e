import type { MessagePort } from 'node:worker_threads';
import type { FloatArray, FloatDtype } from '../../../lib/index.ts';

/** A result that a player shall make: every element is `id`. */
export interface Wanted {
  readonly id: number;
  readonly elements: number;
}

/** `slow` is forwardAsync with enough arithmetic to be in flight for a while. */
export const CALLS = ['forward', 'forwardAsync', 'forwardMany', 'slow'] as const;
export type CallName = (typeof CALLS)[number];

export const TRANSFERS = ['transfer', 'transferToFixedLength', 'structuredClone'] as const;
export const STREAMS = ['default reader', 'byob reader', 'tee'] as const;
export const POSTS = ['transfer', 'nested', 'copy'] as const;
export const ENDS = ['terminate', 'exit', 'end', 'throw'] as const;
export type End = (typeof ENDS)[number];

/** What the arena tells a player. A `newId` is written into the array once its contents have been checked. */
export type Command =
  | { readonly do: 'make'; readonly call: CallName; readonly dtype: FloatDtype; readonly wanted: readonly Wanted[] }
  | { readonly do: 'settle' | 'minor gc' | 'full gc' }
  | { readonly do: 'check'; readonly everyElement: boolean }
  | { readonly do: 'write' | 'copy'; readonly id: number; readonly newId: number }
  | { readonly do: 'drop' | 'vm context' | 'give'; readonly id: number }
  | { readonly do: 'move'; readonly id: number; readonly by: (typeof TRANSFERS)[number]; readonly bytes: number }
  | { readonly do: 'stream'; readonly id: number; readonly by: (typeof STREAMS)[number]; readonly newId: number }
  | {
      readonly do: 'send';
      readonly id: number;
      readonly by: (typeof POSTS)[number];
      readonly newId: number;
      readonly port: MessagePort;
    }
  | { readonly do: 'receive'; readonly id: number; readonly port: MessagePort }
  | { readonly do: 'take'; readonly id: number; readonly array: FloatArray }
  | { readonly do: 'finish'; readonly by: Exclude<End, 'terminate'> };

/** What a player answers: the ids that it holds, what it gives away, or what went wrong. */
export interface Reply {
  readonly held: readonly number[];
  readonly given?: FloatArray;
  readonly failure?: string;
}

/** The exit code of a player that is told to exit. */
export const EXIT_CODE = 7;

/** What a player that is told to throw throws. */
export const THROWN = 'told to throw';
