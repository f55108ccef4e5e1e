import type { Budget } from './budget.ts';
import { PickleBytes } from './bytes.ts';
import { OPCODES } from './opcodes.ts';
import { Stack } from './stack.ts';
import type { Value, Vocabulary } from './values.ts';

/** A pickle that was read, and where it ended. */
export type Unpickled = { readonly value: Value; readonly end: number };

/**
 * Reads one pickle of Python's, of the protocols 0 to 5, into plain values. It executes nothing: what a global, a call or a persistent
 * id means is for the vocabulary to say, which knows a few and refuses all others.
 *
 * @param start  where it begins
 * @param isAll  whether the bytes are all there are; else MORE is thrown where the pickle goes on beyond them
 * @throws RangeError ERR_CONV1D_FORMAT  when it is damaged, makes too much, or asks for what the vocabulary does not know
 */
export function unpickle(
  source: string,
  bytes: Uint8Array,
  start: number,
  isAll: boolean,
  vocabulary: Vocabulary,
  budget: Budget,
): Unpickled {
  const input = new PickleBytes(source, bytes, start, isAll);
  const stack = new Stack(input, vocabulary, budget);
  for (;;) {
    const code = input.uint8();
    if (code === STOP) return { value: stack.last(), end: input.position };
    const opcode = OPCODES[code];
    if (opcode === undefined)
      throw input.wrong(`has the opcode 0x${code.toString(16)}, which is unknown or not read here`);
    opcode(stack, input);
  }
}

const STOP = 0x2e;
