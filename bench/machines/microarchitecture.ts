// A cloud's virtual machine often says no more than 'AMD EPYC' of its processor; family and model say which generation it is. The
// numbers are those of the Linux kernel, arch/x86/include/asm/intel-family.h and arch/x86/kernel/cpu/amd.c.

type Row = readonly [vendor: 'AMD' | 'Intel', family: number, firstModel: number, lastModel: number, name: string];

const GENERATIONS: readonly Row[] = [
  ['AMD', 0x17, 0x30, 0x4f, 'Zen 2'],
  ['AMD', 0x17, 0x60, 0x7f, 'Zen 2'],
  ['AMD', 0x19, 0x00, 0x0f, 'Zen 3'],
  ['AMD', 0x19, 0x10, 0x1f, 'Zen 4'],
  ['AMD', 0x19, 0x20, 0x5f, 'Zen 3'],
  ['AMD', 0x19, 0x60, 0xaf, 'Zen 4'],
  ['AMD', 0x1a, 0x00, 0x4f, 'Zen 5'],
  ['Intel', 0x06, 0x3f, 0x3f, 'Haswell'],
  ['Intel', 0x06, 0x4f, 0x4f, 'Broadwell'],
  ['Intel', 0x06, 0x55, 0x55, 'Skylake or Cascade Lake'],
  ['Intel', 0x06, 0x6a, 0x6c, 'Ice Lake'],
  ['Intel', 0x06, 0x8f, 0x8f, 'Sapphire Rapids'],
  ['Intel', 0x06, 0xad, 0xae, 'Granite Rapids'],
  ['Intel', 0x06, 0xcf, 0xcf, 'Emerald Rapids'],
];

const VENDORS: Readonly<Record<string, Row[0]>> = { AuthenticAMD: 'AMD', GenuineIntel: 'Intel' };

/** The name of a server processor's generation from what Linux' /proc/cpuinfo says, or null. */
export function microarchitectureOf(cpuinfo: string): string | null {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(cpuinfo)?.[1] ?? '';
  const [vendor, family, model] = [VENDORS[field('vendor_id')], Number(field('cpu family')), Number(field('model'))];
  const row = GENERATIONS.find(
    ([maker, number, first, last]) => maker === vendor && number === family && model >= first && model <= last,
  );
  return row?.[4] ?? null;
}
