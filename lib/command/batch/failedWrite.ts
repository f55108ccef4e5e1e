import { constants } from 'node:os';
import { rangeError } from '../../check/errors.ts';
import { explain } from '../explain.ts';

/** A full disk, a read-only file system, a folder that this user may not write to. */
const LASTING: readonly unknown[] = ['ENOSPC', 'EROFS', ...(process.platform === 'win32' ? [] : ['EACCES'])];
/** A spent quota, for which Node has a number only. */
const QUOTA = -constants.errno.EDQUOT;

/** The error of an output that the system did not let us write. */
export function failedWrite(path: string, error: unknown): RangeError {
  const reason = errnoOf(error) === QUOTA ? 'disk quota exceeded' : explain(error);
  return Object.assign(rangeError('ERR_CONV1D_VALUE', `cannot write ${path}: ${reason}`), { cause: error });
}

/**
 * Whether an error says that no further output can be written either. On Windows, EACCES is no such error: another program has
 * that one file open.
 */
export function isLasting(error: unknown): boolean {
  const { cause } = Object(error) as { cause?: unknown };
  const { code } = Object(cause) as { code?: unknown };
  return LASTING.includes(code) || errnoOf(cause) === QUOTA;
}

function errnoOf(error: unknown): unknown {
  return (Object(error) as { errno?: unknown }).errno;
}
