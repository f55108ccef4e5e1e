import { readFileSync, writeFileSync } from 'node:fs';

// What Linux says of this process's memory.

/** Sets the peak to what is resident now, and returns that, in bytes. */
export function resetPeak(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return bytes('VmRSS');
}

/** The most that was resident since, in bytes. */
export function peak(): number {
  return bytes('VmHWM');
}

function bytes(name: string): number {
  const match = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return 1024 * Number(match?.[1]);
}
