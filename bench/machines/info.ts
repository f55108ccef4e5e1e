import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import type { MachineInfo } from '../results.ts';
import { microarchitectureOf } from './microarchitecture.ts';

export function machineInfo(): MachineInfo {
  const processors = cpus();
  const cpu = processors[0]?.model.trim() ?? arch();
  return {
    name: machineName(cpu, cpuidText()),
    cpu,
    processors: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** `AMD EPYC (Zen 4)`: the processor's name without what tells nothing, and its microarchitecture where we know it. */
export function machineName(cpu: string, cpuid: string): string {
  const short = cpu
    .replaceAll(/\((R|TM)\)|\bCPU\b|\bProcessor\b|\b\d+-Core\b|@.*$/gi, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const microarchitecture = microarchitectureOf(cpuid);
  return microarchitecture === null ? short : `${short} (${microarchitecture})`;
}

/** `amd-epyc-zen4`: the file of bench/report that holds a machine's results, without its ending. */
export function machineFile(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/ (?=\d+\)$)/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Linux says there which generation a processor is of; elsewhere its name must do. */
function cpuidText(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
