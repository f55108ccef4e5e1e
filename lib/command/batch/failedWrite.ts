import { rangeError } from '../../check/errors.ts';
import { explain } from '../explain.ts';

/** A full disk, a spent quota, a read-only file system, a folder that this user may not write to. */
const LASTING: readonly string[] = ['ENOSPC', 'EDQUOT', 'EROFS', ...(process.platform === 'win32' ? [] : ['EACCES'])];

/** The error of an output that the system did not let us write. */
export function failedWrite(path: string, error: unknown): RangeError {
  return Object.assign(rangeError('ERR_CONV1D_VALUE', `cannot write ${path}: ${explain(error)}`), { cause: error });
}

/**
 * Whether an error says that no further output can be written either. On Windows, EACCES is no such error: another program has
 * that one file open.
 */
export function isLasting(error: unknown): boolean {
  const { cause } = Object(error) as { cause?: unknown };
  const { code } = Object(cause) as { code?: unknown };
  return typeof code === 'string' && LASTING.includes(code);
}
