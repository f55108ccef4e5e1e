import type { Loop } from './loops.ts';
import { isFma } from './model.ts';

/** The inner loop of a kernel of native/kernels/microkernel.h: one turn for each tap. */
export interface KernelLoop {
  /** `f32 8x3`, `f64 8x3 swapped`, `f32 depthwise 1x8`. */
  readonly kernel: string;
  readonly rows: number;
  readonly vectors: number;
  readonly loop: Loop;
}

const FULL_MICROKERNEL = /12?microkernelINS_\d+\w+?(F32|F64)ELi(\d+)ELi(\d+)ELb0ELb([01])E/;

// Compilers make one function of the strips of all widths, or of them and their caller.
const DEPTHWISE = /depthwise(?:INS_|StripINS_|Strip(?:s|Of)INS_\w+?ELb0E)/;
const DTYPE = /F(?:32|64)(?=E)/;

/** The loops over the taps of kernels whose columns fill their vectors, widest strips first. */
export function kernelLoops(loops: readonly Loop[]): KernelLoop[] {
  const found = new Map<string, KernelLoop>();
  for (const loop of loops) {
    const fmas = loop.instructions.filter(isFma).length;
    if (fmas === 0) continue;
    const named = dense(loop) ?? depthwise(loop, fmas);
    if (named === undefined || fmas < named.rows * named.vectors) continue;
    // Of a strip's two loops the one for partly filled vectors is longer.
    const known = found.get(named.kernel);
    if (known === undefined || known.loop.instructions.length > loop.instructions.length)
      found.set(named.kernel, named);
  }
  return [...found.values()].sort(
    (a, b) => group(a).localeCompare(group(b)) || b.rows - a.rows || b.vectors - a.vectors,
  );
}

/** Those of the widest strip of their rows. */
export function widest(kernels: readonly KernelLoop[]): KernelLoop[] {
  return kernels.filter(
    (kernel, i) => i === 0 || group(kernels[i - 1]!) !== group(kernel) || kernels[i - 1]!.rows !== kernel.rows,
  );
}

function dense(loop: Loop): KernelLoop | undefined {
  const [, dtype, rows, vectors, swapped] = FULL_MICROKERNEL.exec(loop.name) ?? [];
  if (dtype === undefined) return undefined;
  const role = swapped === '1' ? ' swapped' : '';
  const kernel = `${dtype.toLowerCase()}${role} ${rows}x${vectors}`;
  return { kernel, rows: Number(rows), vectors: Number(vectors), loop };
}

function depthwise(loop: Loop, fmas: number): KernelLoop | undefined {
  const dtype = DTYPE.exec(loop.name)?.[0];
  if (dtype === undefined || !DEPTHWISE.test(loop.name)) return undefined;
  return { kernel: `${dtype.toLowerCase()} depthwise 1x${fmas}`, rows: 1, vectors: fmas, loop };
}

/** The kernel's name without its size. */
function group({ kernel }: KernelLoop): string {
  return kernel.replace(/ \d+x\d+$/, '');
}
