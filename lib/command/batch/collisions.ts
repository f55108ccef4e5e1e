import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Input, outputName } from './inputs.ts';
import { nameKey } from './nameKey.ts';

/** Inputs that become files of their own. */
export interface Separated {
  /** Each file once. */
  readonly inputs: Input[];
  /** Two inputs that would become the same file. */
  readonly collision: readonly [Input, Input] | undefined;
}

/**
 * Leaves out inputs that are named twice, and finds two different ones that would become the same file.
 *
 * @param ignoresCase  whether the outputs' file system takes a.npy and A.npy for the same file; asked when that matters
 */
export async function separate(inputs: readonly Input[], ignoresCase: () => Promise<boolean>): Promise<Separated> {
  const kept: Input[] = [];
  // Numbers in place of names: a million of them take 40 MB.
  const seen = new Map<number, number | number[]>();
  for (const input of inputs) {
    const name = nameOf(input);
    const key = nameKey(folded(name));
    const earlier = [seen.get(key) ?? []].flat().map((index) => kept[index]!);
    let twin = earlier.find((other) => nameOf(other) === name);
    const almost = earlier.find((other) => folded(nameOf(other)) === folded(name));
    if (twin === undefined && almost !== undefined && (await ignoresCase())) twin = almost;
    if (twin !== undefined) {
      if (await isSameFile(twin, input)) continue;
      return { inputs: kept, collision: [twin, input] };
    }
    seen.set(key, earlier.length === 0 ? kept.length : [seen.get(key)!, kept.length].flat());
    kept.push(input);
  }
  return { inputs: kept, collision: undefined };
}

async function isSameFile({ path: a }: Input, { path: b }: Input): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  const [one, other] = await Promise.all([a, b].map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

function nameOf(input: Input): string {
  return outputName(input) ?? input.path;
}

/** The same for all names that a file system which ignores case may take for one. */
function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
