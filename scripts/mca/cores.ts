import type { Unit } from './compile.ts';

/** A core that llvm-mca has a model of, and the code that runs on it. */
export interface Core {
  readonly name: string;
  /** llvm-mca's name of the model. */
  readonly model: string;
  /** The names of the model's units that do FMAs. */
  readonly pipes: readonly string[];
  /** ... and of those that load. */
  readonly loads: readonly string[];
  readonly unit: Unit;
}

const ARM64 = 'native/test/toolchains/arm64.cmake';
const NEON: Unit = { source: 'kernels_neon.cc', triple: 'aarch64-linux-gnu', toolchain: ARM64 };

/** As Apple's Clang might compile it; freestanding, since the headers of its system are not here. */
const neonOfMacos = (clang: string): Unit => {
  const triple = 'arm64-apple-macos11';
  return { ...NEON, triple, compiler: [clang, `--target=${triple}`, '-ffreestanding'] };
};
const AVX512: Unit = { source: 'kernels_avx512.cc', triple: 'x86_64-linux-gnu' };
const AVX2: Unit = { source: 'kernels_avx2.cc', triple: 'x86_64-linux-gnu' };

const N1 = { model: 'neoverse-n1', pipes: ['N1UnitV0', 'N1UnitV1'], loads: ['N1UnitL'] };
const V1 = {
  model: 'neoverse-v1',
  pipes: ['V1UnitV0', 'V1UnitV1', 'V1UnitV2', 'V1UnitV3'],
  loads: ['V1UnitL01', 'V1UnitL2'],
};
const CYCLONE = { model: 'apple-m1', pipes: ['CyUnitV'], loads: ['CyUnitLS'] };
const SKYLAKE = { model: 'skylake-avx512', loads: ['SKXPort2', 'SKXPort3'] };
const ZEN3 = { model: 'znver3', pipes: ['Zn3FP0', 'Zn3FP1'], loads: ['Zn3Load'] };
const ZEN4 = { model: 'znver4', pipes: ['Zn4FP0', 'Zn4FP1'], loads: ['Zn4Load'] };

/**
 * LLVM's model of every Apple core is that of the A7 of 2013, Cyclone: three FMA pipes where an M1 has four, and FMAs of doubles by
 * lane on two of them. The model of Neoverse V1 is nearer to an M1: four pipes with a latency of four, three loads.
 */
export function armCores(clang: string): Core[] {
  const macos = neonOfMacos(clang);
  return [
    { name: 'Neoverse N1', ...N1, unit: NEON },
    { name: 'Neoverse V1', ...V1, unit: NEON },
    { name: 'Apple, modelled as Neoverse V1', ...V1, unit: macos },
    { name: 'Apple, modelled as Cyclone', ...CYCLONE, unit: macos },
  ];
}

// Of a Skylake-X's three vector ports two join for 512 bits.
export const AVX512_CORES: readonly Core[] = [
  { name: 'Skylake-X', ...SKYLAKE, pipes: ['SKXPort0', 'SKXPort5'], unit: AVX512 },
  { name: 'Zen 4', ...ZEN4, unit: AVX512 },
];

export const AVX2_CORES: readonly Core[] = [
  { name: 'Skylake-X', ...SKYLAKE, pipes: ['SKXPort0', 'SKXPort1'], unit: AVX2 },
  { name: 'Zen 3', ...ZEN3, unit: AVX2 },
];
