import { rangeError } from '../../check/errors.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Ready } from './ready.ts';

/** Refuses what takes up more than a network may: results, and what is between, before any of it is allocated. */
export function requireCallBytes(bytes: number, most: number): void {
  if (bytes <= most) return;
  throw rangeError(
    'ERR_CONV1D_MEMORY',
    `with inputs of these sizes a call takes up ${bytes} bytes for its outputs and what lies between, and this network may take up ${most}; ` +
      'the option limits.callBytes of loadOnnx() allows more',
  );
}

/** What is ready to run, if a call of it takes up no more than `most` bytes. */
export function withinCallBytes(ready: Ready, most: number): Ready {
  if (most < Number.POSITIVE_INFINITY) requireCallBytes(bytesOf(ready), most);
  return ready;
}

function bytesOf(ready: Ready): number {
  const ofOutputs = ready.outputs.map(({ dtype, shape }) => numelOf(shape) * bytesPerElement(dtype));
  return ofOutputs.reduce((sum, bytes) => sum + bytes, ready.workingBytes());
}
