import { expect } from 'vitest';
import { Tensor } from '../../../lib/index.ts';

/** Compares a value with what its comment says: a printed tensor, or a literal. */
export function check(value: unknown, written: string): void {
  if (value instanceof Tensor || written.startsWith('tensor(')) {
    expect(String(value).replaceAll(/\s+/g, ' ')).toBe(written.replaceAll(/\s+/g, ' '));
  } else {
    expect(value).toEqual(literal(written));
  }
}

/** Runs what its comment says to throw, with the error's code. */
export async function refuse(run: () => unknown, code: string): Promise<void> {
  let error: unknown;
  try {
    await run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code });
}

/** Whether a comment is a value and not a remark. */
export function isValue(written: string): boolean {
  if (written.startsWith('tensor(')) return true;
  if (!/^(\[|\{|'|-?\d|true$|false$|null$)/.test(written)) return false;
  try {
    literal(written);
    return true;
  } catch {
    return false;
  }
}

function literal(written: string): unknown {
  return new Function(`return (${written});`)();
}
