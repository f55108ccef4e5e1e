import type { Conv1d } from '../../nn/conv1d.ts';

/** Recordings of one length come again and again; few lengths are worth remembering. */
const MOST_CALLS = 64;

const known = new WeakMap<Conv1d, Map<string, string>>();

/** The name of the algorithm that a call takes; 'direct' for all that keep the order of the sum. */
export function algorithmName(conv: Conv1d, length: number, batch: number): string {
  const names = known.get(conv) ?? new Map<string, string>();
  known.set(conv, names);
  const call = `${batch} x ${length}`;
  let name = names.get(call);
  if (name === undefined) {
    const { exact, algorithm } = conv.explain(length, { batch });
    name = exact ? 'direct' : algorithm;
    if (names.size === MOST_CALLS) names.clear();
    names.set(call, name);
  }
  return name;
}
