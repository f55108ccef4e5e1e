import { availableParallelism } from 'node:os';
import { rangeError } from '../check/errors.ts';
import { describe, integer } from '../check/validate.ts';
import { addon } from './addon.ts';
import { cgroupProcessors } from './cgroup.ts';
import { MAX_THREADS } from './maxThreads.ts';

/**
 * The name of an implementation of the kernels.
 *
 * @category Threads
 */
export type Isa = 'avx512' | 'avx2' | 'neon' | 'scalar';

/**
 * What the machine runs.
 *
 * @category Threads
 */
export interface CpuInfo {
  /** The implementation in use: the best one, or the one that the environment variable `CONV1D_ISA` names. */
  isa: Isa;
  /** Those this machine can run, best first. */
  supported: Isa[];
  /** The number of threads a convolution may use. */
  threads: number;
}

/**
 * Sets how many threads a convolution may use, the calling one included. Results do not depend on it, to the bit.
 *
 * The default is the environment variable `CONV1D_NUM_THREADS`, read once when the package is loaded, or the number of
 * processors that the system and its control groups give to this process.
 *
 * @param threads  from 1 to 256
 * @throws TypeError  ERR_CONV1D_TYPE   when it is not a number
 * @throws RangeError ERR_CONV1D_VALUE  when it is not an integer from 1 to 256
 * @example
 * setNumThreads(1);
 * @category Threads
 */
export function setNumThreads(threads: number): void {
  if (typeof threads === 'number' && !(threads >= 1)) {
    throw rangeError('ERR_CONV1D_VALUE', `set_num_threads expects a positive integer, but got ${threads}`);
  }
  const count = integer(threads, 'set_num_threads expects a positive integer: threads');
  if (count > MAX_THREADS) {
    throw rangeError('ERR_CONV1D_VALUE', `set_num_threads expects at most ${MAX_THREADS} threads, but got ${count}`);
  }
  addon.setNumThreads(count);
}

/**
 * The number of threads a convolution may use, the calling one included.
 *
 * @example
 * setNumThreads(2);
 * getNumThreads();   // 2
 * @category Threads
 */
export function getNumThreads(): number {
  return addon.getNumThreads();
}

/**
 * The implementation in use, those the machine can run, and the number of threads.
 *
 * The environment variable `CONV1D_ISA` (avx512, avx2, neon or scalar), read once when the package is loaded, forces an
 * implementation; loading fails with ERR_CONV1D_ISA when the machine cannot run it.
 *
 * @example
 * cpuInfo();   // on one machine: { isa: 'avx512', supported: ['avx512', 'avx2', 'scalar'], threads: 8 }
 * @category Threads
 */
export function cpuInfo(): CpuInfo {
  return { ...addon.cpuInfo(), threads: addon.getNumThreads() };
}

/**
 * The number of threads to start with.
 *
 * @param variable  the value of `CONV1D_NUM_THREADS`
 * @param available the processors of the system
 * @param quota     the processors that control groups allow
 * @throws RangeError ERR_CONV1D_VALUE  when the variable is set to anything but an integer from 1 to 256
 */
export function initialThreads(variable: string | undefined, available: number, quota: number | undefined): number {
  if (variable === undefined || variable === '') return Math.min(available, quota ?? available, MAX_THREADS);
  const threads = /^\s*\d{1,3}\s*$/.test(variable) ? Number(variable) : 0;
  if (threads < 1 || threads > MAX_THREADS) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `the environment variable CONV1D_NUM_THREADS must be an integer from 1 to ${MAX_THREADS}, but it is ${describe(variable)}; correct it or unset it`,
    );
  }
  return threads;
}

addon.setDefaultNumThreads(initialThreads(process.env.CONV1D_NUM_THREADS, availableParallelism(), cgroupProcessors()));
