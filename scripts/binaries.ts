/** The addresses [begin, end) of a part of a library. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/**
 * The code of the units compiled for AVX, from the linker's map: every `.text` section that came out of their objects.
 *
 * The map names the object and the size of each section it placed, a long name on a line of its own:
 * ` .text.startup  0x0000000000012340  0x45  libconv1d_core.a(kernels_avx2.cc.o)`.
 */
export function kernelRanges(map: string): Range[] {
  const placed = /^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S*kernels_avx(?:2|512)\.cc\.o\b/gm;
  const ranges: Range[] = [];
  for (const [, address, size] of map.matchAll(placed)) {
    const begin = Number.parseInt(address!, 16);
    const bytes = Number.parseInt(size!, 16);
    if (bytes > 0) ranges.push({ begin, end: begin + bytes });
  }
  return ranges;
}

/**
 * Instructions that x86-64 did not begin with and a compiler emits unasked: AVX to AVX-512 (theirs begin with v, those on
 * masks with k), BMI, LZCNT and POPCNT. TZCNT is not among them: older machines read it as BSF.
 */
const BEYOND_BASELINE =
  /^(v(?!err|erw)\w+|k(mov|and|or|not|x|add|shift|test|unpck)\w+|andn|bextr|bls\w+|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|popcnt)$/;

/** Counts such instructions inside the ranges and lists those outside, from `objdump -d --no-show-raw-insn`. */
export function findAvx(disassembly: string, ranges: readonly Range[]): { inside: number; outside: string[] } {
  const outside: string[] = [];
  let inside = 0;
  for (const line of disassembly.split('\n')) {
    const [, address, mnemonic] =
      /^ *([0-9a-f]+):\s+(?:(?:lock|repz?|repnz|bnd|notrack|data16) )*(\w+)/.exec(line) ?? [];
    if (mnemonic === undefined || !BEYOND_BASELINE.test(mnemonic)) continue;
    const at = Number.parseInt(address!, 16);
    if (ranges.some(({ begin, end }) => at >= begin && at < end)) inside++;
    else outside.push(line.trim());
  }
  return { inside, outside };
}

/** The newest version of glibc that a library's symbols name, from `readelf --dyn-syms -W`. */
export function newestGlibc(symbols: string): readonly [number, number] | null {
  let newest: readonly [number, number] | null = null;
  for (const [, major, minor] of symbols.matchAll(/@GLIBC_(\d+)\.(\d+)/g)) {
    const version = [Number(major), Number(minor)] as const;
    if (newest === null || version[0] > newest[0] || (version[0] === newest[0] && version[1] > newest[1]))
      newest = version;
  }
  return newest;
}
